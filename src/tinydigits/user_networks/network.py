"""A network of the user's own as a value: its source, what is called in it, and with which arguments."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from tinydigits.errors import DataError, UsageError, did_you_mean
from tinydigits.schema import checked
from tinydigits.user_networks.error_formatting import format_error, format_place
from tinydigits.user_networks.execution import execute

if TYPE_CHECKING:
    from torch import nn

__all__ = ["UserNetwork"]

_LARGEST = 256 << 20

Argument = bool | int | float | str | None | list[Any]


@checked
class UserNetwork:
    """A class or function out of a user's code, complete: it needs no file to be built, on no machine."""

    name: str
    """Of the class or function."""
    main: str
    """The source that defines it, a key of `sources`."""
    sources: dict[str, str] = field(repr=False)
    """Python source by its path, relative to the folder that imports start from. Of `main`, only the statements that
    the network needs, on the lines where they stand in the file."""
    arguments: dict[str, Argument] = field(default_factory=dict)
    """Keyword arguments that it is called with."""
    folder: str = field(default="", compare=False)
    """Where the sources were read from; for a notebook, the working folder."""

    def __post_init__(self) -> None:
        if self.main not in self.sources:
            raise UsageError(f"a user's network lacks the source {self.main} that defines it")
        for path in map(PurePosixPath, self.sources):
            if path.is_absolute() or ".." in path.parts:
                raise UsageError(f"the source of a user's network must lie within its folder, and {path} does not")

    def __hash__(self) -> int:
        return hash(self.sha256)

    @property
    def sha256(self) -> str:
        """64 hexadecimal digits that change with its name, its arguments or a line of its sources, empty ones apart."""
        lines = {
            path: [line for line in map(str.rstrip, text.splitlines()) if line] for path, text in self.sources.items()
        }
        document = json.dumps([self.name, self.main, lines, self.arguments], sort_keys=True)
        return hashlib.sha256(document.encode()).hexdigest()

    @property
    def file(self) -> Path:
        """The file that it was found in; one that is not there for a notebook."""
        return Path(self.folder) / self.main

    @property
    def target(self) -> str:
        """What it is called in messages: `my_net.py:MyNet`."""
        return f"{self.main}:{self.name}"

    @property
    def place(self) -> str:
        """Where its definition begins: `my_net.py:12`."""
        for statement in ast.parse(self.sources[self.main]).body:
            if getattr(statement, "name", None) == self.name:
                return format_place(str(self.file), statement.lineno)
        return format_place(str(self.file), 1)

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The parameters of the class or function, by name.

        Raises:
            UsageError, DataError: as `build`.
        """
        return inspect.signature(self._factory()).parameters

    def build(self, **offered: Any) -> nn.Module:
        """The network with fresh weights, drawn from PyTorch's generator.

        Args:
            offered: keyword arguments that it is given where it has parameters of these names, and no value in
                `arguments`.

        Raises:
            UsageError: it is not there, gives no `nn.Module`, or needs other arguments.
            DataError: its code crashes.
        """
        import torch
        from torch import nn
        from torch.nn.parameter import is_lazy

        factory = self._factory()
        if isinstance(factory, nn.Module):
            raise UsageError(
                f"{self.target} is a network that is made already; name its class or a function that makes one, "
                "since every seed starts from weights of its own"
            )
        parameters = self._check_arguments(factory)
        arguments = {name: tuple(value) if isinstance(value, list) else value for name, value in self.arguments.items()}
        for name, value in offered.items():
            if name in parameters:
                arguments.setdefault(name, value)
        with self.reporting():
            network = factory(**arguments)
        if not isinstance(network, nn.Module):
            raise UsageError(
                f"{self.target} gives a {type(network).__name__}, which is no nn.Module; name a class that is"
            )
        if any(map(is_lazy, network.parameters())):
            with self.reporting(), torch.no_grad():
                network(torch.zeros(2, 1, 28, 28))  # which gives lazy layers their shapes
        return network

    def refuse_giants(self) -> None:
        """Find out how large the network is before memory is taken for it.

        Raises:
            UsageError: its weights take more than 256 MiB, which no checkpoint of this project may.
        """
        import torch

        try:
            with torch.random.fork_rng(devices=[]), torch.device("meta"):
                size = sum(tensor.numel() * tensor.element_size() for tensor in self.build().parameters())
        except (DataError, NotImplementedError):
            return  # it computes with its weights as it is made, or crashes, which `build` will say
        if size > _LARGEST:
            raise UsageError(
                f"{self.target} has {size / 2**20:,.0f} MiB of weights ({self.place}); tinydigits trains networks of "
                "up to 256 MiB"
            )

    def instance(self, **offered: Any) -> nn.Module:
        """As `build`, or the network itself where the name stands for one that is made already."""
        from torch import nn

        factory = self._factory()
        if isinstance(factory, nn.Module):
            return factory
        self.refuse_giants()
        return self.build(**offered)

    @contextlib.contextmanager
    def reporting(self, doing: str = "crashes while it is loaded") -> Iterator[None]:
        """Inside, what the user's code raises becomes one sentence."""
        try:
            yield
        except (UsageError, DataError):
            raise
        except (Exception, SystemExit) as error:
            raise DataError(f"{self.target} {doing}: {format_error(error)}") from error

    def _factory(self) -> Callable[..., Any]:
        import torch
        from torch import nn

        with self.reporting(), torch.random.fork_rng(devices=[]):  # some set a seed where they are imported
            module = execute(self.sha256, self.sources, self.main, self.folder)
        found = getattr(module, self.name, None)
        is_class = inspect.isclass(found) and issubclass(found, nn.Module)
        if not (isinstance(found, nn.Module) or is_class or (callable(found) and not inspect.isclass(found))):
            raise UsageError(f"{self.target} is no nn.Module; name a class that is, or a function that returns one")
        return cast("Callable[..., Any]", found)

    def _check_arguments(self, factory: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
        parameters = inspect.signature(factory).parameters
        named = [name for name, one in parameters.items() if one.kind in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY}]
        takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
        for name in self.arguments:
            if name not in named and not takes_any:
                nearest = did_you_mean(name, named) if named else ", nor any other"
                raise UsageError(f"{self.target} takes no argument {name!r}{nearest}")
        needed = [
            name
            for name, one in parameters.items()
            if one.default is one.empty
            and one.kind not in {one.VAR_POSITIONAL, one.VAR_KEYWORD}
            and name not in {*self.arguments, "dropout"}
        ]
        if needed:
            raise UsageError(
                f"{self.target} needs arguments ({', '.join(needed)}): give them defaults, or values as "
                f"network.{needed[0]}=…"
            )
        return parameters
