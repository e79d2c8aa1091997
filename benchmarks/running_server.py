"""`tinydigits serve` in a process of its own, as others call it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import requests

__all__ = ["running_server"]


@contextmanager
def running_server(*options: str) -> Iterator[str]:
    """The address of a server that takes calls; it ends with the block."""
    command = [sys.executable, "-m", "tinydigits", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        address = str(json.loads(server.stderr.readline())["message"])
        threading.Thread(target=server.stderr.read, daemon=True).start()
        try:
            requests.get(f"{address}/healthz", timeout=120)
            yield address
        finally:
            server.terminate()
