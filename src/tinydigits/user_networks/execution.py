"""Runs captured sources as modules of their own, apart from all others and from the files they were read from."""

from __future__ import annotations

import builtins
import importlib.util
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["execute", "executed_files", "is_executing", "module_name"]

_PREFIX = "tinydigits_user_"
_FILES: set[str] = set()
_executing = 0


def execute(sha256: str, sources: Mapping[str, str], main: str, folder: str) -> ModuleType:
    """The module of `main`, run once for each hash and folder; whatever the code raises is passed on.

    Modules are known to Python under names that nobody else uses, so that two files called net.py, or one called
    random.py, get in nobody's way. They import each other from the sources, whenever they do, and all else as usual.
    """
    return _Sources(sha256, sources, folder).module(module_name(main))


def executed_files() -> set[str]:
    """The files that errors in captured code are reported of."""
    return _FILES


def is_executing() -> bool:
    """Whether captured code is being imported just now."""
    return _executing > 0


def module_name(path: str) -> str:
    """`package/module.py` → `package.module`, `package/__init__.py` → `package`."""
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


class _Sources:
    def __init__(self, sha256: str, sources: Mapping[str, str], folder: str) -> None:
        self._prefix = f"{_PREFIX}{sha256[:16]}_{zlib.crc32(folder.encode()):08x}."
        self._paths = {module_name(path): path for path in sources}
        # Packages without __init__.py have a name and nothing in it.
        self._parents = {above for name in self._paths for above in _above(name)} - set(self._paths)
        self._sources, self._folder = sources, folder

    def module(self, name: str) -> ModuleType:
        known = sys.modules.get(self._prefix + name)
        if known is not None:
            return known
        path = self._paths.get(name, "")
        is_package = name in self._parents or path.endswith("__init__.py")
        module = ModuleType(self._prefix + name)
        module.__package__ = self._prefix + (name if is_package else name.rpartition(".")[0])
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
        if is_package:
            module.__path__ = []
        sys.modules[module.__name__] = module  # data classes and others look their module up while it is imported
        if path:
            module.__file__ = str(Path(self._folder) / path)
            _FILES.add(module.__file__)
            try:
                self._run(self._sources[path], module)
            except BaseException:
                del sys.modules[module.__name__]
                raise
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(self.module(parent), child, module)
        return module

    @staticmethod
    def _run(source: str, module: ModuleType) -> None:
        global _executing  # noqa: PLW0603
        code = compile(source, str(module.__file__), "exec", dont_inherit=True)
        _executing += 1
        try:
            exec(code, vars(module))
        finally:
            _executing -= 1

    def _import(
        self,
        name: str,
        namespace: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """What `import` calls in these modules."""
        if level:
            package = str((namespace or {}).get("__package__", "")).removeprefix(self._prefix).rstrip(".")
            if not package:
                raise ImportError("attempted relative import with no known parent package")
            name = importlib.util.resolve_name("." * level + name, package)
            top_level = False
        else:
            top_level = not fromlist
        if name not in self._paths and name not in self._parents:
            return builtins.__import__(name, namespace, local, fromlist or (), 0)
        for parent in _above(name):
            self.module(parent)
        for item in fromlist or ():
            if f"{name}.{item}" in self._paths or f"{name}.{item}" in self._parents:
                self.module(f"{name}.{item}")
        return self.module(name.partition(".")[0] if top_level else name)


def _above(name: str) -> list[str]:
    """`a.b.c` → `a`, `a.b`, `a.b.c`."""
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]
