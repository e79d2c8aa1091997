"""The networks of the page that `tinydigits serve` shows: shipped weights, with 8 bits each, as WebAssembly.

    python tools/page_networks.py

Needs clang and wasm-ld; whoever installs tinydigits does not. A network that cannot be quantised is left out.
"""

from __future__ import annotations

from pathlib import Path

import tinydigits as td
from tinydigits.export import export
from tinydigits.files import write_atomically
from tinydigits.networks import weights_file
from tinydigits.recipes import RECIPES

NETWORKS = Path(__file__).resolve().parents[1] / "src" / "tinydigits" / "page" / "networks"


def main() -> None:
    """Write them all."""
    calibration = td.load("mnist").train.image_array[:1000]
    for name in sorted(name for name in RECIPES if weights_file(name)):
        try:
            exported = export(td.pretrained(name), "wasm", bits=8, calibration=calibration)
        except td.TinydigitsError as error:
            print(f"{name}: {error}")
            continue
        write_atomically(NETWORKS / f"{name}.wasm", exported.files[".wasm"])
        print(f"{name}: {len(exported.files['.wasm']):,} bytes")


if __name__ == "__main__":
    main()
