"""Run the application until somebody stops it."""

from __future__ import annotations

import logging
import os
import socket

import uvicorn

from tinydigits.errors import TinydigitsError
from tinydigits.serving.app import create_app
from tinydigits.serving.limits import Limits
from tinydigits.serving.observing import log_as_json

__all__ = ["listening_at", "serve"]


def serve(host: str, port: int, limits: Limits) -> None:
    """Serve until SIGTERM or Ctrl-C, then answer what is in flight and return.

    Args:
        host: address to listen at; 127.0.0.1 is this machine alone.
        port: likewise; 0 is any free one.
        limits: of a call and of all together.

    Raises:
        TinydigitsError: nobody can listen there.
    """
    listening = listening_at(host, port)
    log_as_json()
    config = uvicorn.Config(
        create_app(limits), log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=int(limits.work_seconds + limits.upload_seconds) + 1,
    )  # fmt: skip
    at = f"[{host}]" if ":" in host else host
    logging.getLogger("tinydigits.serving").info(f"http://{at}:{listening.getsockname()[1]}")
    uvicorn.Server(config).run(sockets=[listening])


def listening_at(host: str, port: int) -> socket.socket:
    """A socket that takes connections.

    Raises:
        TinydigitsError: nobody can listen there.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        # Python's own sentence repeats the address; that of a name which is not known has a number of its own.
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise TinydigitsError(
            f"cannot listen at {host}, port {port}: {why}; give others with --host and --port"
        ) from error
    # Connections inherit it; without, the rest of an answer waits some 40 ms until its beginning is acknowledged.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
