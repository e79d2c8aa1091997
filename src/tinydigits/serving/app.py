"""The application: what the operations share, and how it begins and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from tinydigits import __version__
from tinydigits.serving.lanes import Lane
from tinydigits.serving.limits import Limits
from tinydigits.serving.networks import PAGE, served_networks
from tinydigits.serving.observing import Metrics, ObservingMiddleware
from tinydigits.serving.problems import Problem, handle_problems
from tinydigits.serving.routes import router
from tinydigits.serving.security import SecurityHeadersMiddleware

__all__ = ["create_app"]


def create_app(limits: Limits | None = None) -> FastAPI:
    """The application, for any ASGI server; its workers live from its start to its end.

    Args:
        limits: of a call and of all together; None is the defaults.
    """
    metrics = Metrics()
    app = FastAPIOffline(
        title="tinydigits",
        version=__version__,
        summary="Handwritten digits, read by networks so small that every claim about them can be checked.",
        lifespan=_workers,
        middleware=[Middleware(ObservingMiddleware, metrics=metrics), Middleware(SecurityHeadersMiddleware)],
        responses={"default": {"model": Problem, "description": "A problem, in the form of RFC 9457."}},
    )
    app.state.limits, app.state.metrics, app.state.networks = limits or Limits(), metrics, served_networks()
    app.include_router(router)
    app.mount("/page", StaticFiles(directory=PAGE))
    handle_problems(app)
    return app


@asynccontextmanager
async def _workers(app: FastAPI) -> AsyncIterator[None]:
    limits = app.state.limits
    app.state.drawings = Lane(limits.workers, limits.calls, limits.work_seconds)
    app.state.photos = Lane(limits.workers, limits.calls, limits.work_seconds)
    await asyncio.gather(app.state.drawings.ready(), app.state.photos.ready())
    yield
