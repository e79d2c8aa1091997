"""The documentation site: `make docs` builds it into build/docs, without the internet."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from typing import Any

import torch
from sphinx.util.nodes import make_refnode

import tinydigits

project = "tinydigits"
author = "The tinydigits authors"
copyright = author
version = release = tinydigits.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click", "myst_nb"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"tinydigits {version}"
html_logo = "logo.svg"
html_favicon = "logo.svg"

# A link that leads nowhere is an error, like every warning (`make docs` has -W); other projects' pages are not linked.
nitpicky = True
_ELSEWHERE = r"(collections|inspect|numpy|os|pathlib|PIL|torch|typing)\..*"
_INTERNAL = r"tinydigits\.(evidence\.record|executors|user_networks)\..*"
# As overloaded signatures have them.
_SHORT = r"NDArray|Tensor|nn\.Module"
nitpick_ignore_regex = [("py:.*", _ELSEWHERE), ("py:.*", _INTERNAL), ("py:.*", _SHORT)]

# What annotations name and modules import for type checkers alone.
_FOR_TYPES = {"nn": torch.nn, "Tensor": torch.Tensor}

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

nb_execution_mode = "cache"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 900
nb_merge_streams = True
nb_output_stderr = "remove"  # tqdm, which pooch imports, remarks that there are no widgets

default_role = "code"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
napoleon_use_rtype = False
napoleon_use_ivar = True


def _show_plain_types(_app: Any, what: str, _name: str, thing: Any, *_rest: Any) -> tuple[str, str] | None:
    """Show `Annotated[int, Field(ge=0)]` as `int`, since docstrings say the range, and a data class by its fields."""
    for one in (thing, inspect.unwrap(thing)) if callable(thing) else ():
        if getattr(one, "__annotations__", None):
            one.__annotations__ = typing.get_type_hints(one, localns=_FOR_TYPES)
    return ("", "") if what == "class" and dataclasses.is_dataclass(thing) else None


def _keep_colons(_app: Any, what: str, _name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    """Keep napoleon from taking what stands before a colon in an attribute's first line for its type."""
    if what in {"attribute", "property"}:
        lines.insert(0, r"\ ")


def _link_public_name(app: Any, env: Any, node: Any, content: Any) -> Any:
    """Link `tinydigits.data.split.Dataset`, as annotations have it, to `tinydigits.Dataset`."""
    target = node.get("reftarget", "")
    for name, entry in env.domains["py"].objects.items():
        if target.startswith("tinydigits.") and name.rpartition(".")[2] == target.rpartition(".")[2]:
            return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, content, name)
    return None


def _show_examples_as_code(_app: Any, _context: Any, lines: list[str]) -> None:
    """Show the lines that click was told not to wrap as they are, below their heading."""
    for number, line in enumerate(lines):
        is_heading = line.startswith("| ") and line.endswith(":")
        lines[number] = f"{line[2:]}:\n" if is_heading else line[1:] if line[:1] == "|" else line.replace("*", r"\*")
    lines[:] = "\n".join(lines).split("\n")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", _show_plain_types)
    app.connect("autodoc-before-process-signature", lambda app, thing, _bound: _show_plain_types(app, "", "", thing))
    app.connect("autodoc-process-docstring", _keep_colons, priority=100)
    app.connect("sphinx-click-process-description", _show_examples_as_code)
    app.connect("missing-reference", _link_public_name)
