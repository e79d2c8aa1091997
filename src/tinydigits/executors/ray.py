"""The executor of many machines: an existing Ray cluster."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeVar

from tinydigits.errors import TinydigitsError, UsageError
from tinydigits.executors.base import named_error
from tinydigits.extras import reporting_missing_packages

__all__ = ["RayExecutor"]

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")

# How often Ray starts a task again whose worker or node has died.
_RETRIES = 4


class RayExecutor:
    """Tasks of one core each on a Ray cluster whose nodes have tinydigits installed.

    Ray runs a task again elsewhere when its worker or its node dies. What the tasks share lies in the object
    store, which brings it to each node once.

    Args:
        address: of the cluster's head, such as `10.0.0.1:6379` or `ray://10.0.0.1:10001`; None is the cluster
            that Ray finds by itself ($RAY_ADDRESS, or one on this machine).

    Raises:
        UsageError: Ray is not installed.
    """

    def __init__(self, address: str | None = None) -> None:
        with reporting_missing_packages():
            import ray
        self._ray = ray
        self._address = address or "auto"

    def run(
        self, function: Callable[[Shared, Task], Result], shared: Shared, tasks: Iterable[Task]
    ) -> Generator[tuple[Task, Result], None, None]:
        """As `Executor.run`; the executor is connected to the cluster from the first result to the last."""
        ray = self._ray
        self._connect()
        try:
            remote = ray.remote(num_cpus=1, max_retries=_RETRIES)(function)
            common = ray.put(shared)
            source = iter(tasks)
            running: dict[Any, Task] = {}
            exhausted = False
            while True:
                while not exhausted and len(running) < self._cores():
                    task = next(source, None)
                    if task is None:
                        exhausted = True
                    else:
                        running[remote.remote(common, task)] = task
                if not running:
                    return
                # With a time limit, so that the cores of a node that has joined are soon put to use.
                for reference in ray.wait(list(running), timeout=5)[0]:
                    task = running.pop(reference)
                    yield task, self._result(reference, task)
        finally:
            ray.shutdown()  # which also cancels what this program still has running

    def _connect(self) -> None:
        self._find()
        try:
            self._ray.init(address=self._address, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise self._no_cluster(str(error).splitlines()[0]) from error

    def _find(self) -> None:
        """See whether there is anybody: Ray itself would try for many minutes."""
        host, colon, port = self._address.removeprefix("ray://").rpartition(":")
        if not colon:
            return
        hosts = [host]
        if not self._address.startswith("ray://") and host in ("127.0.0.1", "localhost"):
            # Ray means this one, whichever of the two it is given.
            hosts.append(self._ray.util.get_node_ip_address())  # type: ignore[no-untyped-call]
        for host in hosts:
            try:
                socket.create_connection((host, int(port)), timeout=10).close()
            except (OSError, ValueError) as error:
                raise self._no_cluster(f"{host}:{port}: {error}") from error

    def _no_cluster(self, reason: str) -> UsageError:
        return UsageError(
            f"no Ray cluster answers at {self._address} ({reason}); start one by `ray start --head` and give its "
            "address by --ray-address; docs/evidence.md says what 127.0.0.1 needs"
        )

    def _cores(self) -> int:
        resources = self._ray.cluster_resources()  # type: ignore[no-untyped-call]
        return max(1, int(resources.get("CPU", 1)))

    def _result(self, reference: Any, task: Any) -> Any:
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            raise named_error(task, error.cause if isinstance(error.cause, TinydigitsError) else error) from None
        except self._ray.exceptions.RayError as error:
            raise TinydigitsError(
                f"{task}: the workers that trained it died {_RETRIES + 1} times: {str(error).splitlines()[0]}"
            ) from error
