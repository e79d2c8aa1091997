"""What the server says of itself: a line of JSON for each call, and figures for Prometheus. Never any content."""

from __future__ import annotations

import logging
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from pythonjsonlogger.json import JsonFormatter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Metrics", "ObservingMiddleware", "log_as_json"]

_log = logging.getLogger("tinydigits.serving")


class Metrics:
    """The figures, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter(
            "tinydigits_calls", "Calls that were answered.", ["path", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "tinydigits_call_seconds", "From the first byte of a call to the last of its answer.", ["path"],
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30), registry=self.registry,
        )  # fmt: skip
        self.open = Gauge("tinydigits_calls_open", "Calls that are not answered yet.", registry=self.registry)


class ObservingMiddleware:
    """Counts, times and logs each call."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, received = time.perf_counter(), 500, 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._metrics.open.track_inprogress():
            try:
                await self._app(scope, counted, observed)
            finally:
                seconds = time.perf_counter() - begun
                # The route, not the path: a caller must not be able to make up new names.
                path = getattr(scope.get("route"), "path", "other")
                self._metrics.calls.labels(path, str(status)).inc()
                self._metrics.seconds.labels(path).observe(seconds)
                figures = {"method": scope["method"], "path": path, "status": status, "bytes": received}
                _log.info("call", extra={**figures, "seconds": round(seconds, 4)})


def log_as_json() -> None:
    """Write the server's log to standard error, an object a line."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter("{asctime}{levelname}{name}{message}", style="{"))
    for name in ("tinydigits.serving", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.INFO)
