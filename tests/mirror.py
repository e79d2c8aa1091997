"""A mirror on this machine that misbehaves in a chosen way, and a data set small enough to fetch at once.

A pytest plugin: a test module says `pytest_plugins = ["mirror"]` and has the fixtures `mirror` and `cache`.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from tinydigits.data.sources import SOURCES, IdxFile, Source

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
SHAPES = ((20, 28, 28), (20,), (10, 28, 28), (10,))


def small_content(name: str, shape: tuple[int, ...]) -> bytes:
    """A small IDX file with random pixels or with the labels 0…9 in turn."""
    pixels = np.random.default_rng(len(name) + shape[0]).integers(0, 256, shape, np.uint8)
    labels = np.arange(shape[0], dtype=np.uint8) % 10
    return IdxFile(name, shape, 0).header + (pixels if len(shape) == 3 else labels).tobytes()


class Mirror:
    """Serves `files` under `/BEHAVIOUR/NAME.gz`; every behaviour is a method `serve_BEHAVIOUR`."""

    def __init__(self) -> None:
        self.contents = {name: small_content(name, shape) for name, shape in zip(NAMES, SHAPES, strict=True)}
        self.files = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in self.contents.items()}
        self.asked: Counter[str] = Counter()
        self.closing = threading.Event()
        self.pair = threading.Barrier(2)
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_response(200)
                self.end_headers()

            def do_GET(self) -> None:
                _, behaviour, name = self.path.split("/")
                mirror.asked[behaviour] += 1
                with contextlib.suppress(ConnectionError):
                    getattr(mirror, f"serve_{behaviour}")(self, mirror.files[name])

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}).start()

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def url(self, behaviour: str) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/{behaviour}/"

    def source(self, *behaviours: str) -> Source:
        """The small data set, called mnist, served by a mirror for each behaviour."""
        files = [
            IdxFile(name, shape, len(self.files[f"{name}.gz"]), hashlib.sha256(self.contents[name]).hexdigest())
            for name, shape in zip(NAMES, SHAPES, strict=True)
        ]
        return Source("mnist", tuple("0123456789"), tuple(map(self.url, behaviours)), *files)

    def put(self, folder: Path) -> Path:
        """Write the four files into a folder, as a user would."""
        folder.mkdir(parents=True)
        for name, body in self.files.items():
            (folder / name).write_bytes(body)
        return folder

    @staticmethod
    def answer(handler: http.server.BaseHTTPRequestHandler, body: bytes, *, length: int, status: int = 200) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(body)

    def serve_good(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        self.answer(handler, body, length=len(body))

    def serve_wrong(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        content = bytearray(gzip.decompress(body))
        content[-1] ^= 1
        altered = gzip.compress(content)
        self.answer(handler, altered, length=len(altered))

    def serve_half(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        self.answer(handler, body[: len(body) // 2], length=len(body))

    def serve_cut(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        self.answer(handler, body[: len(body) // 2], length=len(body) // 2)

    def serve_gone(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        handler.send_error(404)

    def serve_closed(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        handler.send_error(410)

    def serve_forbidden(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        handler.send_error(403)

    def serve_page(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        page = b"<!DOCTYPE html><html><body>Please log in to this network.</body></html>"
        self.answer(handler, page, length=len(page))

    def serve_busy(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        if self.asked["busy"] == 1:
            handler.send_error(503)
        else:
            self.serve_good(handler, body)

    def serve_silent(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        self.closing.wait(60)

    def serve_stall(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        self.answer(handler, body[:9], length=len(body))
        self.closing.wait(60)

    def serve_pairs(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        self.pair.wait(30)
        self.serve_good(handler, body)

    def serve_drip(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        self.answer(handler, b"", length=1 << 20)
        while not self.closing.wait(0.02):
            handler.wfile.write(bytes(1 << 12))

    def serve_endless(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not self.closing.is_set():
            handler.wfile.write(b"\x1f\x8b" + bytes(1 << 16))

    def serve_bomb(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        bomb = gzip.compress(bytes(len(gzip.decompress(body)) * 3))
        self.answer(handler, bomb, length=len(bomb))


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    """A mirror on this machine."""
    server = Mirror()
    yield server
    server.close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of this test's own, and no TINYDIGITS_DATA."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: folder)
    monkeypatch.delenv("TINYDIGITS_DATA", raising=False)
    return folder


@pytest.fixture
def small_mnist(mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    """MNIST stands for the small data set, served by one good mirror into an empty cache."""
    monkeypatch.setitem(SOURCES, "mnist", mirror.source("good"))
    return mirror
