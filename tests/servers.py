"""A server in this process, as the tests of the interface and of the page call it."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
import uvicorn
from fastapi import FastAPI

from tinydigits.serving import Limits, create_app
from tinydigits.serving.lanes import Lane


@dataclass
class Server:
    """A running server, and what is within."""

    app: FastAPI
    loop: asyncio.AbstractEventLoop
    port: int

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def post(self, path: str, content: Any, kind: str = "application/octet-stream") -> requests.Response:
        return requests.post(self.url(path), data=content, headers={"Content-Type": kind}, timeout=60)

    def worker(self) -> int:
        """The process that works on drawings."""
        lane: Lane = self.app.state.drawings
        return asyncio.run_coroutine_threadsafe(lane.run(os.getpid), self.loop).result(60)


@contextmanager
def serving(limits: Limits) -> Iterator[Server]:
    app = create_app(limits)
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        await running.serve()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.05)
    yield Server(app, loops[0], running.servers[0].sockets[0].getsockname()[1])
    running.should_exit = True
    thread.join()
