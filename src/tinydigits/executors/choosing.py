"""The executors by name."""

from __future__ import annotations

from typing import Literal

from tinydigits.errors import UsageError
from tinydigits.executors.base import Executor
from tinydigits.executors.group import GroupExecutor
from tinydigits.executors.local import LocalExecutor
from tinydigits.executors.ray import RayExecutor
from tinydigits.schema import checked_arguments

__all__ = ["ExecutorName", "choose_executor"]

ExecutorName = Literal["local", "ray", "group"]


@checked_arguments
def choose_executor(executor: ExecutorName = "local", ray_address: str | None = None) -> Executor:
    """The executor of that name.

    Args:
        executor: `local`, processes on this machine; `ray`, an existing Ray cluster; or `group` (experimental), many
            seeds in one network on this machine's accelerator.
        ray_address: of the cluster, for `ray`; None is the one that Ray finds by itself.

    Raises:
        UsageError: the name is unknown, Ray is not installed, or an address is given for another executor.
    """
    if executor == "ray":
        return RayExecutor(ray_address)
    if ray_address is not None:
        raise UsageError(f"--ray-address needs --executor ray, not {executor}")
    return GroupExecutor() if executor == "group" else LocalExecutor()
