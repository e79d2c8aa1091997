"""Executors: a function and many tasks become results, on one machine, an accelerator or a cluster."""

from __future__ import annotations

from tinydigits.executors.base import Executor
from tinydigits.executors.choosing import ExecutorName, choose_executor
from tinydigits.executors.group import GroupExecutor, with_group_version
from tinydigits.executors.local import LocalExecutor, available_cores

__all__ = [
    "Executor",
    "ExecutorName",
    "GroupExecutor",
    "LocalExecutor",
    "available_cores",
    "choose_executor",
    "with_group_version",
]
