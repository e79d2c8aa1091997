"""One page to draw on, with the network in it as WebAssembly."""

from __future__ import annotations

import base64
import html
from importlib.resources import files

from tinydigits.export.integer_graph import IntegerNode
from tinydigits.export.wasm import wasm_module

__all__ = ["html_page"]


def html_page(output: IntegerNode, metadata: dict[str, str]) -> bytes:
    """A page that reads what is drawn on it: works from `file://`, without a connection, and asks for nothing.

    Raises:
        UsageError: clang or wasm-ld is not installed.
    """
    page = (files("tinydigits.export") / "kernels" / "page.html").read_text(encoding="utf-8")
    facts = "; ".join(f"{name} {value}" for name, value in metadata.items())
    parts = {
        "/*FACTS*/": f"Written by tinydigits export. {html.escape(facts)}",
        "/*SCALE*/": f"{output.scale:.9g}",
        "/*WASM*/": base64.b64encode(wasm_module(output, metadata)).decode(),
    }
    for mark, text in parts.items():
        page = page.replace(mark, text)
    return page.encode()
