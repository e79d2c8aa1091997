"""`tinydigits export`."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinydigits.cli.console import console, data_options, json_option, loaded, print_json, warn
from tinydigits.cli.target import trust_option

if TYPE_CHECKING:
    from tinydigits.training.targets import Target

__all__ = ["command"]

_CALIBRATION = 1000


@click.command("export")
@click.argument("target")
@click.option("--to", required=True, type=click.Choice(["onnx", "c", "wasm", "html"]), help="The format.")
@click.option("--bits", type=click.Choice(["8", "4", "2"]), help="Of a weight. [default: floats for onnx, else 8]")
@click.option(
    "--out",
    "path",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; digits.h is beside digits.c.",
)
@functools.partial(data_options, default=None, shown_default="the run's own data, or auto")
@trust_option
@json_option
def command(  # noqa: PLR0917 - click gives them by name
    target: str,
    to: Any,
    bits: str | None,
    path: Path,
    dataset: str | None,
    data_dir: Path | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Write TARGET as a file that needs no PyTorch, and say what it gets right.

    TARGET is a recipe's name (its shipped weights), a run folder, a weights file, or a network of yours,
    my_net.py:MyNet (the latest run in runs that trained it as it is now). With --bits the network is quantised by
    the first 1,000 training images of the data. A layer that cannot be exported is named.

    \b
    Example:
      $ tinydigits export swift --to onnx --out swift.onnx
      $ tinydigits export recognizer --to c --bits 2 --out digits.c
      $ tinydigits export swift --to html --out draw.html
      $ tinydigits export my_net.py:MyNet --to onnx --bits 8 --out my_net.onnx --json
    """
    from tinydigits.export import export
    from tinydigits.training import evaluate, resolve

    found = resolve(target, trust=trust)
    if found.notice:
        warn(found.notice)
    data = loaded(dataset or (found.settings.dataset if found.settings else "auto"), data_dir)
    split = found.unseen(data)
    before = evaluate(found.network, split).predictions
    whole_bits: Any = None if bits is None else int(bits)
    calibration = data.train.image_array[:_CALIBRATION]
    exported = export(found.network, to, bits=whole_bits, calibration=calibration, metadata=_metadata(found))
    written = exported.write(path)
    answers = exported.answers(split.image_array)
    report = {
        "target": target,
        "to": to,
        "bits": whole_bits or (32 if to == "onnx" else 8),
        "path": str(path),
        "bytes": sum(map(len, exported.files.values())),
        "accuracy": 100 * float((answers == split.label_array).mean()),
        "differs": int((answers != before).sum()),
    }
    if as_json:
        print_json(report)
    else:
        console().print(
            f"{', '.join(map(str, written))}: {report['bytes']:,} bytes, {report['accuracy']:.2f} % of "
            f"{len(split):,} images of {data.name}; {report['differs']} answers are not those of PyTorch",
            markup=False,
            soft_wrap=True,
        )


def _metadata(found: Target) -> dict[str, str]:
    """What a file says of the network in it."""
    known = {
        "network": type(found.network).__name__,
        "recipe": found.recipe.name if found.recipe else "",
        "digest": found.recipe.digest() if found.recipe else "",
        "test_accuracy": "" if found.accuracy is None else f"{found.accuracy:.2f}",
        "classes": ",".join(found.classes or ()),
        "license": "MIT" if found.settings is None and found.recipe is not None else "",
    }
    return {name: value for name, value in known.items() if value}
