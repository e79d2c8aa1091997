"""Getting one file, with pooch, from the first of several mirrors that serves it as published."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, TimeoutError as _TimeoutError, as_completed
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests

from tinydigits.data.idx import MOST_OVERHEAD, inspect
from tinydigits.data.sources import IdxFile
from tinydigits.errors import DataError

__all__ = ["any_answers", "download"]

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
SLOWEST_BYTES_A_SECOND = 20_000
PAUSE_SECONDS = 1.0
_CHUNK = 1 << 12
_PASSING_STATUSES = {408, 425, 429, 500, 502, 503, 504}


class _FailedError(Exception):
    """Why one mirror did not give a file, and whether it may if asked again."""

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


def any_answers(mirrors: Sequence[str], seconds: float) -> bool:
    """Whether at least one mirror answers at all within so many seconds, all being asked at once.

    Time-outs of sockets bound neither the resolution of names nor the number of addresses tried, hence the
    threads.
    """

    def answers(mirror: str) -> bool:
        try:
            pooch.HTTPDownloader(timeout=seconds)(mirror, None, None, check_only=True)
        except (OSError, ValueError):
            return False
        return True

    pool = ThreadPoolExecutor(len(mirrors))
    try:
        asked = as_completed([pool.submit(answers, mirror) for mirror in mirrors], timeout=seconds)
        return any(answer.result() for answer in asked)
    except _TimeoutError:
        return False
    finally:
        pool.shutdown(wait=False)


def download(file: IdxFile, mirrors: Sequence[str], folder: Path, show: Callable[..., None]) -> str:
    """Get `NAME.gz` into a folder and check its content; pooch's own check is of the `.gz`, which may differ.

    Every mirror is tried in turn. When all have failed, those whose failure may pass (no connection, a
    transfer that broke off, an overloaded server) are tried once more after a short pause.

    Args:
        file: what to get.
        mirrors: addresses to which `NAME.gz` is appended.
        folder: where to write; after a failure it may hold part of a file.
        show: called with `completed=`, the number of bytes that have come.

    Returns:
        The mirror that served it.

    Raises:
        DataError: none served it; the message says of each why.
        OSError: the folder cannot be written to.
    """
    failures: dict[str, _FailedError] = {}
    for pause in (0.0, PAUSE_SECONDS):
        candidates = [mirror for mirror in mirrors if mirror not in failures or failures[mirror].passing]
        time.sleep(pause if candidates else 0)
        for mirror in candidates:
            try:
                _get(mirror, file, folder, show)
            except requests.RequestException as error:
                failures[mirror] = _failure(error)
            except _FailedError as failure:
                failures[mirror] = failure
            else:
                return mirror
    reasons = "; ".join(f"{urlsplit(mirror).netloc}: {failure}" for mirror, failure in failures.items())
    raise DataError(f"no mirror gave {file.name}.gz ({reasons})")


def _get(mirror: str, file: IdxFile, folder: Path, show: Callable[..., None]) -> None:
    with ExitStack() as responses:
        get = pooch.HTTPDownloader(
            progressbar=_Limit(file, show),
            chunk_size=_CHUNK,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            headers={"Accept-Encoding": "identity"},
            # pooch leaves open what it has not read to its end.
            hooks={"response": lambda response, **_: responses.enter_context(response)},
        )
        get(f"{mirror}{file.name}.gz", str(folder / f"{file.name}.gz"), None)
    report = inspect(folder, file)
    if not report.ok:
        raise _FailedError(f"what it serves {report.problem}")


class _Limit:
    """What pooch takes for a progress bar; it stops a mirror that sends too much or too slowly.

    The time-out of a read starts again with each byte, hence a limit on the whole.
    """

    total = 0

    def __init__(self, file: IdxFile, show: Callable[..., None]) -> None:
        self._show, self._done = show, 0
        self._limit = file.content_bytes + MOST_OVERHEAD
        self._seconds = CONNECT_SECONDS + READ_SECONDS + file.gzip_bytes / SLOWEST_BYTES_A_SECOND
        self._end = time.monotonic() + self._seconds

    def update(self, count: int) -> None:
        self._done += count
        if self._done > self._limit:
            raise _FailedError(f"sends more than {self._limit:,} bytes")
        if time.monotonic() > self._end:
            raise _FailedError(f"too slow, not done after {self._seconds:.0f} s")
        self._show(completed=self._done)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


def _failure(error: requests.RequestException) -> _FailedError:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        status = error.response.status_code
        return _FailedError(f"answers {status} {error.response.reason}", passing=status in _PASSING_STATUSES)
    # While a body is read, requests reports a time-out as a lost connection.
    if isinstance(error, requests.ReadTimeout) or "Read timed out" in str(error):
        return _FailedError(f"no answer within {READ_SECONDS:g} s")
    if isinstance(error, requests.ConnectionError):
        return _FailedError("cannot be reached", passing=True)
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return _FailedError("breaks off early", passing=True)
    return _FailedError(type(error).__name__)
