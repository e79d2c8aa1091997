"""`tinydigits serve`."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 is all of them.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free one.")
@click.option("--workers", type=int, help="Processes for drawings, and as many for photos. [default: one a core]")
@click.option("--max-bytes", type=int, default=10_000_000, show_default=True, help="Of a request.")
@click.option(
    "--max-calls", type=int, default=256, show_default=True, help="At work or waiting, of drawings and photos each."
)
@click.option("--max-seconds", type=float, default=10.0, show_default=True, help="Of work on a call.")
def command(host: str, port: int, workers: int | None, max_bytes: int, max_calls: int, max_seconds: float) -> None:
    """Read digits over HTTP: POST /v1/read, POST /v1/classify; /docs describes the rest.

    Nothing that is sent is stored. The log on standard error is a JSON object a line. Ctrl-C and SIGTERM end the server
    after what is in flight has been answered.

    \b
    Example:
      $ tinydigits serve &
      $ curl --data-binary @meter.jpg http://127.0.0.1:8000/v1/read
    """
    from tinydigits.executors import available_cores
    from tinydigits.serving import Limits, serve

    limits = Limits(
        body_bytes=max_bytes, calls=max_calls, work_seconds=max_seconds, workers=workers or len(available_cores())
    )
    serve(host, port, limits)
