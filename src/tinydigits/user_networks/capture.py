"""Finds a user's network and takes its source: by `file.py:Name`, by `package.module:Name`, or as a Python object."""

from __future__ import annotations

import ast
import functools
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tinydigits.errors import DataError, UsageError, did_you_mean
from tinydigits.user_networks.error_formatting import format_error
from tinydigits.user_networks.execution import module_name
from tinydigits.user_networks.network import UserNetwork
from tinydigits.user_networks.slicing import defined_names, needed_source

__all__ = ["capture", "is_current", "is_user_code"]

_LARGEST = 1 << 20
_NOTEBOOK = "notebook.py"


def is_user_code(target: str) -> bool:
    """Whether a target is meant as code: `module:Name`, `file.py:Name`, or a file that lacks its name."""
    place, colon, name = target.rpartition(":")
    return target.endswith(".py") or bool(place and colon and name.isidentifier())


def capture(target: str | Callable[..., Any], arguments: Mapping[str, Any] | None = None) -> UserNetwork:
    """The network with all source that it needs; of its code, nothing is run.

    Its source is the statements of its file that it needs, and as a whole the modules that these import from the
    same folder or package, and that those import, as far as `import` statements name them. What is installed is
    imported where the network is built.

    Args:
        target: `path/to/file.py:Name` or `package.module:Name` (split at the last colon; modules are also looked for
            in the working folder), or a class or function of a file or notebook, or a `functools.partial` of one.
        arguments: keyword arguments for it.

    Raises:
        UsageError: it is no such thing, or there is no such module or name.
        DataError: the file is not there, or is no Python.
    """
    if isinstance(target, str):
        place, colon, name = target.rpartition(":")
        if not (place and colon and name.isidentifier()):
            raise UsageError(
                f"{target!r} names no network: write module:Class or path/to/file.py:Class{_names(target)}"
            )
        folder, main = _file(Path(place)) if place.endswith(".py") else _module(place)
        return _cut(folder, main, _read(folder / main), name, place, {**(arguments or {})})
    if isinstance(target, functools.partial) and not target.args:
        return capture(target.func, {**target.keywords, **(arguments or {})})
    return _object(target, {**(arguments or {})})


def is_current(network: UserNetwork) -> bool:
    """Whether the file of a network still says what was captured; so does a notebook, which has no file."""
    if network.main == _NOTEBOOK:
        return True
    try:
        now = _cut(
            Path(network.folder), network.main, _read(network.file), network.name, network.main, network.arguments
        )
    except (DataError, UsageError):
        return False
    return now == network


def _names(target: str) -> str:
    """The end of a sentence: which networks a file without a name may stand for."""
    file = Path(target)
    if not (target.endswith(".py") and file.is_file()):
        return ""
    classes = [f"{target}:{node.name}" for node in _parse(_read(file), file).body if isinstance(node, ast.ClassDef)]
    return f"; there are {', '.join(classes)}" if classes else ""


def _object(thing: Any, arguments: dict[str, Any]) -> UserNetwork:
    from torch import nn

    if isinstance(thing, nn.Module):
        kind = type(thing).__name__
        raise UsageError(
            f"give the class {kind} and not one that is made already, since every seed starts from weights of its own; "
            f"with arguments, give functools.partial({kind}, …)"
        )
    name = getattr(thing, "__qualname__", "")
    if not name.isidentifier():
        raise UsageError(
            f"{name or thing!r} cannot be found again by its name: give a class or function that is defined at the top "
            "of a file or of a notebook's cell, not within a function"
        )
    if thing.__module__ == "__main__":
        cells = _notebook()
        if cells is not None:
            return _cut(Path.cwd(), _NOTEBOOK, cells, name, "this notebook", arguments)
    file = getattr(sys.modules.get(thing.__module__), "__file__", None)
    if file is None:
        raise UsageError(f"the source of {name} cannot be found; write it to a file")
    path = Path(file).resolve()
    # A module of a package starts from the folder that the package is in.
    parts = 0 if thing.__module__ == "__main__" else thing.__module__.count(".") + (path.name == "__init__.py")
    folder = path.parents[parts]
    main = path.relative_to(folder).as_posix()
    return _cut(folder, main, _read(path), name, path.name, arguments)


def _notebook() -> str | None:
    """All cells that were run, as Python; None where this is no notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return None if shell is None else "\n".join(filter(_parses, shell.history_manager.input_hist_parsed))


def _parses(cell: str) -> bool:
    try:
        ast.parse(cell)
    except SyntaxError:
        return False
    return True


def _file(file: Path) -> tuple[Path, str]:
    if not file.is_file():
        raise DataError(f"there is no file {file}; give the path of the Python file that holds the network")
    return file.resolve().parent, file.name


def _module(name: str) -> tuple[Path, str]:
    """The folder that imports start from, and the module's path in it."""
    if not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(f"{name!r} is not the name of a module; for a file write path/to/file.py:Class")
    top = name.partition(".")[0]
    spec = importlib.machinery.PathFinder.find_spec(top, [str(Path.cwd()), *sys.path])
    spec = spec or importlib.util.find_spec(top)
    if spec is None:
        raise _no_module(top)
    places = spec.submodule_search_locations
    folder = Path(next(iter(places)) if places else spec.origin or "").resolve().parent
    path = next((path for path in _paths(folder, name) if module_name(path) == name), None)
    if path is None:
        raise _no_module(name)
    return folder, path


def _no_module(name: str) -> UsageError:
    return UsageError(f"there is no module {name!r} here or installed; for a file write path/to/file.py:Class")


def _cut(folder: Path, main: str, text: str, name: str, place: str, arguments: dict[str, Any]) -> UserNetwork:
    tree = _parse(text, folder / main)
    names = defined_names(tree)
    if name not in names:
        classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
        if not classes:
            raise UsageError(f"{place} has no {name!r}, and no nn.Module class at all")
        raise UsageError(f"{place} has no {name!r}{did_you_mean(name, classes)}")
    sources = {main: needed_source(text, tree, name)}
    waiting = list(_imported(folder, main, sources[main]))
    while waiting:
        path = waiting.pop()
        if path not in sources:
            sources[path] = _read(folder / path)
            waiting += _imported(folder, path, sources[path])
            if sum(map(len, sources.values())) > _LARGEST:
                raise UsageError(
                    f"{place} comes with more than a mebibyte of source; write a file that imports it, and name that"
                )
    return UserNetwork(name, main, dict(sorted(sources.items())), arguments, str(folder))


def _imported(folder: Path, path: str, text: str) -> Iterator[str]:
    """The files of the folder that a source imports, wherever in it; packages' `__init__.py` among them.

    A file that is called as one of Python's own modules is not taken for it, nor is this package's source.
    """
    package = path.removesuffix(".py").removesuffix("/__init__").split("/")
    if not path.endswith("__init__.py"):
        package.pop()
    yield from _paths(folder, ".".join(package))
    for node in ast.walk(_parse(text, folder / path)):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            modules = [f"{module}.{alias.name}" for alias in node.names] if module else []
        for module in modules:
            if module.partition(".")[0] not in {*sys.stdlib_module_names, "tinydigits"}:
                yield from _paths(folder, module)


def _paths(folder: Path, module: str) -> Iterator[str]:
    """The files of a module and of the packages around it, its own first; none where it is not the folder's."""
    parts = module.split(".") if module else []
    for end in range(len(parts), 0, -1):
        stem = "/".join(parts[:end])
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            if (folder / path).is_file():
                yield path


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read as Python source: {error}") from error


def _parse(text: str, file: Path) -> ast.Module:
    try:
        return ast.parse(text, str(file))
    except (SyntaxError, ValueError, RecursionError) as error:
        raise DataError(f"{file.name} cannot be imported: {format_error(error)}") from error
