"""Networks out of a user's own code."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from tinydigits.budget.error_formatting import format_error
from tinydigits.errors import DataError, UsageError, did_you_mean

__all__ = ["is_user_code", "load_network"]


def is_user_code(spec: str) -> bool:
    """Whether a target is meant as code: `module:Class`, `file.py:Class`, or a file that lacks its class."""
    place, colon, name = spec.rpartition(":")
    return spec.endswith(".py") or bool(place and colon and name.isidentifier())


def load_network(spec: str) -> nn.Module:
    """Builds the network that a user has written.

    This runs the user's file, with all that it does when it is imported: run no file that you do not trust.

    Args:
        spec: `module:Name` or `path/to/file.py:Name`, split at the last colon. The name stands for a class
            that needs no arguments, a function without arguments that returns a network, or a network.
            Modules are also looked for in the working folder; a file can import those beside it as it loads.

    Returns:
        The network, with its own initial weights.

    Raises:
        UsageError: the spec is no such thing, there is no such module or name, or it is not a network, or it
            needs arguments.
        DataError: the file is not there, or crashes while it is imported or builds its network.
    """
    place, colon, name = spec.rpartition(":")
    if not (place and colon and name.isidentifier()):
        raise UsageError(f"{spec!r} names no network: write module:Class or path/to/file.py:Class")
    with _running(spec):
        module = _run_file(Path(place)) if place.endswith(".py") else _import_module(place)
    found = _find(module, name, place)
    _demand_no_arguments(found, spec)
    with _running(spec):
        network = found if isinstance(found, nn.Module) else found()
    if not isinstance(network, nn.Module):
        raise UsageError(f"{spec} gives a {type(network).__name__}, which is no nn.Module; name a class that is")
    return network


@contextlib.contextmanager
def _running(spec: str) -> Iterator[None]:
    """Turns whatever the user's code raises into one sentence."""
    try:
        yield
    except (UsageError, DataError):
        raise
    except (Exception, SystemExit) as error:
        raise DataError(f"{spec} crashes while it is loaded: {format_error(error)}") from error


def _run_file(file: Path) -> ModuleType:
    if not file.is_file():
        raise DataError(f"there is no file {file}; give the path of the Python file that holds the network")
    file = file.resolve()
    # A name of its own, so that two files called net.py, or one called random.py, get in nobody's way.
    name = f"tinydigits_user_{zlib.crc32(str(file).encode()):08x}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise DataError(f"{file} cannot be imported; it must be a Python file")
    module = importlib.util.module_from_spec(spec)
    before = set(sys.modules)
    sys.modules[name] = module  # dataclasses and others look their module up while it is imported
    try:
        with _importable(file.parent):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        for sibling in set(sys.modules) - before - {name}:
            origin = getattr(sys.modules[sibling], "__file__", None)
            if origin is not None and file.parent in Path(origin).parents:
                del sys.modules[sibling]
    return module


def _import_module(name: str) -> ModuleType:
    try:
        with _importable(Path.cwd()):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise UsageError(
            f"there is no module {error.name!r} here or installed; for a file write path/to/file.py:Class"
        ) from error
    except (TypeError, ValueError) as error:  # names such as ".net" and "a..b"
        raise UsageError(f"{name!r} is not the name of a module; for a file write path/to/file.py:Class") from error


@contextlib.contextmanager
def _importable(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(folder))


def _find(module: ModuleType, name: str, place: str) -> Any:
    if hasattr(module, name):
        return getattr(module, name)
    classes = [key for key, value in vars(module).items() if inspect.isclass(value) and issubclass(value, nn.Module)]
    if not classes:
        raise UsageError(f"{place} has no {name!r}, and no nn.Module class at all")
    raise UsageError(f"{place} has no {name!r}{did_you_mean(name, classes)}")


def _demand_no_arguments(found: Any, spec: str) -> None:
    if isinstance(found, nn.Module):
        return
    if not callable(found) or (inspect.isclass(found) and not issubclass(found, nn.Module)):
        raise UsageError(f"{spec} is no nn.Module; name a class that is, or a function that returns one")
    needed = [
        parameter.name
        for parameter in inspect.signature(found).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if needed:
        raise UsageError(
            f"{spec} needs arguments ({', '.join(needed)}): give them defaults, or name a function without "
            "arguments that returns the network"
        )
