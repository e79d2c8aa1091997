"""The page to draw on as one file, with a network in it as WebAssembly."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import zlib
from importlib.resources import files

from tinydigits.export.integer_graph import IntegerNode
from tinydigits.export.wasm import wasm_module

__all__ = ["html_page"]

_PAGE = files("tinydigits") / "page"
_FOR_SERVERS = re.compile("<!--server-->.*?<!--/server-->\n?", re.DOTALL)
_STYLE = re.compile('<link rel="stylesheet" href="page/(.*)">')
_COMMENT = re.compile(r"/\*.*?\*/\n?", re.DOTALL)
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
    modules = {"judge": (_PAGE / "judge.wasm").read_bytes(), "wasm": wasm_module(output, metadata)}
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}' 'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'"
    )
    page = page.replace("<title>", f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<title>')
    page = _STYLE.sub(lambda _: f"<style>{style}</style>", page)
    data = "".join(
        f'<script id="{name}" type="application/wasm">{base64.b64encode(zlib.compress(module, 9)).decode()}</script>\n'
        for name, module in modules.items()
    )
    page = _SCRIPTS.sub(lambda _: f"{data}<script>{script}</script>\n", page)
    return page.replace("<!--facts-->", f"Written by tinydigits export. {html.escape(facts)}").encode()


def _text(name: str) -> str:
    """A part of the page, without indentation and comments."""
    text = re.sub("\n +", "\n", (_PAGE / name).read_text(encoding="utf-8"))
    return text if name.endswith(".html") else _COMMENT.sub("", text)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
