"""The page to draw on as one file, with a network in it as WebAssembly."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib.resources import files

from tinydigits.export.integer_graph import IntegerNode
from tinydigits.export.wasm import wasm_module

__all__ = ["html_page"]

_FOR_SERVERS = re.compile("<!--server-->.*?<!--/server-->\n?", re.DOTALL)
_STYLE = re.compile('<link rel="stylesheet" href="page/(.*)">')
_SCRIPTS = re.compile('(?:<script src="page/.*"></script>\n)+')


def html_page(output: IntegerNode, metadata: dict[str, str]) -> bytes:
    """A page that reads what is drawn on it: works from `file://`, without a connection, and asks for nothing.

    It is the page of `tinydigits serve` without what takes a server.

    Raises:
        UsageError: clang or wasm-ld is not installed.
    """
    page = _FOR_SERVERS.sub("", _text("index.html"))
    style = "\n".join(_text(name) for name in _STYLE.findall(page))
    script = "".join(_text(name) for name in re.findall('src="page/(.*)"', page))
    facts = "; ".join(f"{name} {value}" for name, value in metadata.items())
    network = base64.b64encode(wasm_module(output, metadata)).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}' 'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'"
    )
    page = page.replace("<title>", f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<title>')
    page = _STYLE.sub(lambda _: f"<style>{style}</style>", page)
    data = f'<script id="wasm" type="application/wasm;base64">{network}</script>\n'
    page = _SCRIPTS.sub(lambda _: f"{data}<script>{script}</script>\n", page)
    return page.replace("<!--facts-->", f"Written by tinydigits export. {html.escape(facts)}").encode()


def _text(name: str) -> str:
    """A part of the page, without indentation."""
    return re.sub("\n +", "\n", (files("tinydigits") / "page" / name).read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
