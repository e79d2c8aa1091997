"""Getting one file from the first of several mirrors that serves it whole."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import pooch
import requests

from tinydigits.data.idx import inspect
from tinydigits.data.sources import IdxFile
from tinydigits.errors import DataError

__all__ = ["MirrorsFailedError", "any_answers", "download"]

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
SLOWEST_BYTES_A_SECOND = 20_000
ROUNDS = 2
PAUSE_SECONDS = 1.0
_PASSING_STATUSES = {408, 425, 429, 500, 502, 503, 504}


class MirrorsFailedError(DataError):
    """No mirror gave a file; the message says of each why."""


class _FailedError(Exception):
    """Why one mirror did not give a file, and whether it may if asked again."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.passing = passing


def any_answers(mirrors: Sequence[str], seconds: float) -> bool:
    """Whether at least one mirror answers at all within so many seconds, all being asked at once.

    Time-outs of sockets bound neither the resolution of names nor the number of addresses tried, hence the
    threads.
    """
    answers: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def ask(mirror: str) -> None:
        try:
            requests.head(mirror, timeout=seconds).close()
        except (OSError, ValueError):
            answers.put(False)
        else:
            answers.put(True)

    for mirror in mirrors:
        threading.Thread(target=ask, args=(mirror,), daemon=True).start()
    end = time.monotonic() + seconds
    with contextlib.suppress(queue.Empty):
        for _ in mirrors:
            if answers.get(timeout=max(0.0, end - time.monotonic())):
                return True
    return False


def download(file: IdxFile, mirrors: Sequence[str], folder: Path, show: Callable[[int], None]) -> str:
    """Get `NAME.gz` into a folder and check it.

    Every mirror is tried in turn. When all have failed, those whose failure may pass (no connection, a
    transfer that broke off, an overloaded server) are tried once more after a short pause.

    Args:
        file: what to get.
        mirrors: addresses to which `NAME.gz` is appended.
        folder: where to write; after a failure it may hold part of a file.
        show: called with the number of bytes that have come.

    Returns:
        The mirror that served it.

    Raises:
        MirrorsFailedError: none served it; the message says of each why.
        OSError: the folder cannot be written to.
    """
    failures: dict[str, _FailedError] = {}
    for turn in range(ROUNDS):
        candidates = [mirror for mirror in mirrors if mirror not in failures or failures[mirror].passing]
        if turn > 0 and candidates:
            time.sleep(PAUSE_SECONDS)
        for mirror in candidates:
            try:
                _get(mirror + f"{file.name}.gz", folder / f"{file.name}.gz", file, show)
                report = inspect(folder, file)
                if not report.ok:
                    raise _FailedError(f"what it serves {report.problem}", passing=False)
            except _FailedError as failure:
                failures[mirror] = failure
            else:
                return mirror
    reasons = "; ".join(f"{urlsplit(mirror).netloc}: {failure}" for mirror, failure in failures.items())
    raise MirrorsFailedError(f"no mirror gave {file.name}.gz ({reasons})")


def _get(url: str, path: Path, file: IdxFile, show: Callable[[int], None]) -> None:
    """Write what an address serves to a file, within bounds of size and time."""
    responses: list[requests.Response] = []
    too_slow = threading.Event()

    def keep(response: requests.Response, **_: Any) -> None:
        responses.append(response)

    def stop() -> None:
        too_slow.set()
        for response in responses:
            with contextlib.suppress(OSError, ValueError):
                response.raw.shutdown()

    # The time-out of a read starts anew with each byte, so a mirror that drips needs a limit on the whole.
    seconds = CONNECT_SECONDS + READ_SECONDS + file.gzip_bytes / SLOWEST_BYTES_A_SECOND
    watch = threading.Timer(seconds, stop)
    watch.daemon = True
    get = pooch.HTTPDownloader(
        chunk_size=1 << 16,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        headers={"Accept-Encoding": "identity"},
        hooks={"response": keep},
    )
    watch.start()
    try:
        with path.open("wb") as stream:
            get(url, _BoundedFile(stream, 2 * file.gzip_bytes, show), None)
    except requests.RequestException as error:
        if not too_slow.is_set():
            raise _failure(error) from error
    finally:
        watch.cancel()
        for response in responses:
            response.close()
    if too_slow.is_set():
        raise _FailedError(f"too slow, not done after {seconds:.0f} s", passing=False)


class _BoundedFile:
    """A file to be written to up to a number of bytes."""

    def __init__(self, stream: BinaryIO, limit: int, show: Callable[[int], None]) -> None:
        self._stream, self._limit, self._show = stream, limit, show
        self._written = 0

    def write(self, chunk: bytes) -> int:
        self._written += len(chunk)
        if self._written > self._limit:
            raise _FailedError(f"sends more than {self._limit:,} bytes", passing=False)
        self._show(self._written)
        return self._stream.write(chunk)

    def flush(self) -> None:
        self._stream.flush()


def _failure(error: requests.RequestException) -> _FailedError:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        status = error.response.status_code
        return _FailedError(f"answers {status} {error.response.reason}", passing=status in _PASSING_STATUSES)
    # While a body is read, requests reports a time-out as a lost connection.
    if isinstance(error, requests.ReadTimeout) or "Read timed out" in str(error):
        return _FailedError(f"no answer within {READ_SECONDS:g} s", passing=False)
    if isinstance(error, requests.ConnectionError):
        return _FailedError("cannot be reached", passing=True)
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return _FailedError("breaks off early", passing=True)
    return _FailedError(type(error).__name__, passing=False)
