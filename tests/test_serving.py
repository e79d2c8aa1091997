"""The server, over real connections."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

import tinydigits as td
from servers import Server, serving
from tinydigits.serving import Limits

LIMITS = Limits(body_bytes=200_000, images=100, upload_seconds=2.0, work_seconds=8.0, calls=4)
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(LIMITS) as running:
        yield running


def png(pixels: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def problem(answer: requests.Response, status: int) -> str:
    """What a problem says; there is one form for all."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert sorted(document) == ["detail", "status", "title", "type"]
    assert (answer.status_code, document["status"]) == (status, status)
    return str(document["detail"])


def test_a_picture_is_read_as_in_python(server: Server, mnist: td.Dataset) -> None:
    drawing = 255 - np.concatenate(list(mnist.test.images[:6, 0].numpy()), 1)
    expected = td.read(drawing)
    form = requests.post(server.url("/v1/read"), files={"image": ("six.png", png(drawing))}, timeout=60)
    for answer in (server.post("/v1/read", png(drawing)), form):
        assert answer.status_code == 200
        assert answer.json() == {"lines": expected.lines, "digits": [digit.as_dict() for digit in expected.digits]}


def test_a_reading_has_the_glyphs_too_when_asked_for_them(server: Server, mnist: td.Dataset) -> None:
    drawing = 255 - np.concatenate(list(mnist.test.images[:6, 0].numpy()), 1)
    found = server.post("/v1/read?glyphs=true", png(drawing)).json()["digits"]
    glyphs = [np.frombuffer(base64.b64decode(digit.pop("glyph")), np.uint8).reshape(28, 28) for digit in found]
    expected = td.read(drawing).digits
    np.testing.assert_array_equal(glyphs, [digit.glyph for digit in expected])
    assert found == [digit.as_dict() for digit in expected]


def test_images_are_classified_to_the_bit_as_in_python(server: Server, mnist: td.Dataset) -> None:
    images = mnist.test.images[:50, 0].numpy()
    expected = td.classify("simple", images)
    npy = io.BytesIO()
    np.save(npy, images)
    bodies = {"application/json": json.dumps({"images": images.tolist()}), "application/x-npy": npy.getvalue()}
    for kind, body in bodies.items():
        found = server.post("/v1/classify?network=simple", body, kind).json()
        np.testing.assert_array_equal(np.asarray(found["probabilities"], np.float32), expected)
        assert found["digits"] == expected.argmax(1).tolist()
    one = server.post("/v1/classify?network=simple", png(images[0]), "image/png").json()
    alone = td.classify("simple", images[:1])
    np.testing.assert_array_equal(np.asarray(one["probabilities"], np.float32), alone)


def test_networks_come_with_what_is_claimed_of_them(server: Server) -> None:
    networks = {network["name"]: network for network in requests.get(server.url("/v1/networks"), timeout=60).json()}
    assert networks["simple"]["parameters"] == td.check(td.pretrained("simple")).parameters
    assert 99.4 < networks["simple"]["lower95"] < networks["simple"]["accuracy"] < 100


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb() -> bytes:
    """A PNG that says it has 10¹⁰ pixels."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def huge_npy() -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (1 << 40, 28, 28)})  # type: ignore[no-untyped-call]
    return file.getvalue()


def pickled() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return file.getvalue()


@pytest.mark.parametrize(
    ("path", "content", "kind", "status", "words"),
    [
        ("/v1/read", b"", "image/png", 400, "no body"),
        ("/v1/read", b"no picture", "image/png", 422, "cannot be read as an image"),
        ("/v1/read", png(np.zeros((40, 40), np.uint8))[:-30], "image/png", 422, "cannot be read as an image"),
        ("/v1/read", bomb(), "image/png", 422, "decompression bomb"),
        ("/v1/read", bytes(200_001), "image/png", 413, "more than 200,000 bytes"),
        ("/v1/read", b"--", "multipart/form-data", 400, "no form"),
        ("/v1/read", b"--x--\r\n", "multipart/form-data; boundary=x", 400, "no file"),
        ("/v1/classify", b"{", "application/json", 422, "the document"),
        ("/v1/classify", b"[" * 50_000, "application/json", 422, "the document"),
        ("/v1/classify", b'{"images": [[["0"]]]}', "application/json", 422, "images.0.0.0"),
        ("/v1/classify", b'{"images": [[[0], [0, 1]]]}', "application/json", 422, "differ in size"),
        ("/v1/classify", b'{"images": [[[300]]]}', "application/json", 422, "0 to 255"),
        ("/v1/classify", b'{"images": [[[0]]]}', "application/json", 422, "[1, 1, 1]"),
        ("/v1/classify", huge_npy(), "application/x-npy", 422, "or it is cut"),
        ("/v1/classify", pickled(), "application/x-npy", 422, "of object"),
        ("/v1/classify", b"\x93NUMPY", "application/x-npy", 422, "no .npy file"),
        ("/v1/classify", png(np.zeros((40, 40), np.uint8)), "image/png", 422, "28×28"),
        ("/v1/classify", b"x", "text/plain", 415, "application/x-npy"),
        ("/v1/classify?network=simpel", b"x", "image/png", 404, "did you mean simple?"),
        ("/v1/nothing", b"x", "image/png", 404, "Not Found"),
        ("/healthz", b"x", "image/png", 405, "Method Not Allowed"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_a_problem_that_says_why(
    server: Server, path: str, content: bytes, kind: str, status: int, words: str
) -> None:
    assert words in problem(server.post(path, content, kind), status)


def test_more_images_than_are_allowed_are_refused(server: Server) -> None:
    npy = io.BytesIO()
    np.save(npy, np.zeros((101, 28, 28), np.uint8))
    assert "100 images" in problem(server.post("/v1/classify", npy.getvalue(), "application/x-npy"), 422)


def test_an_endless_body_is_cut_off(server: Server) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(100_000)

    with contextlib.suppress(requests.ConnectionError):  # the server has answered and closed before this side looked
        problem(server.post("/v1/read", endless()), 413)
    assert requests.get(server.url("/healthz"), timeout=60).json()["status"] == "ok"


def test_a_body_that_trickles_is_given_up(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(b"POST /v1/read HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        assert b"408 Request Timeout" in connection.recv(4096)


@POSIX
def test_calls_beyond_those_that_may_wait_are_told_to_come_again(server: Server, mnist: td.Dataset) -> None:
    digit = png(mnist.test.images[0, 0].numpy())
    worker = server.worker()
    os.kill(worker, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(LIMITS.calls) as callers:
            waiting = [callers.submit(server.post, "/v1/read", digit) for _ in range(LIMITS.calls)]
            while server.app.state.drawings.active < LIMITS.calls:
                time.sleep(0.01)
            answer = server.post("/v1/read", digit)
            assert "try again soon" in problem(answer, 503)
            assert answer.headers["Retry-After"] == "1"
            os.kill(worker, signal.SIGCONT)
            assert [call.result().json()["lines"] for call in waiting] == [["7"]] * LIMITS.calls
    finally:
        os.kill(worker, signal.SIGCONT)


@POSIX
def test_a_few_images_are_classified_without_a_worker(server: Server, mnist: td.Dataset) -> None:
    images = mnist.test.image_array[:20]
    npy = io.BytesIO()
    np.save(npy, images)
    worker = server.worker()
    os.kill(worker, signal.SIGSTOP)
    try:
        found = server.post("/v1/classify", npy.getvalue(), "application/x-npy").json()["probabilities"]
    finally:
        os.kill(worker, signal.SIGCONT)
    np.testing.assert_array_equal(np.asarray(found, np.float32), td.classify("swift", images))


@POSIX
def test_a_worker_that_dies_costs_its_own_call_and_is_replaced(server: Server, mnist: td.Dataset) -> None:
    digit = png(mnist.test.images[0, 0].numpy())
    worker = server.worker()
    os.kill(worker, signal.SIGSTOP)
    with ThreadPoolExecutor() as callers:
        call = callers.submit(server.post, "/v1/read", digit)
        while not server.app.state.drawings.active:
            time.sleep(0.01)
        time.sleep(0.3)  # the call has reached the worker
        os.kill(worker, signal.SIGKILL)
        assert "another takes its place" in problem(call.result(), 500)
    assert server.post("/v1/read", digit).json()["lines"] == ["7"]
    assert server.worker() != worker


@POSIX
def test_work_that_takes_too_long_is_stopped_while_others_go_on(server: Server, mnist: td.Dataset) -> None:
    digit = png(mnist.test.images[0, 0].numpy())
    photo = png(np.full((1000, 1000), 255, np.uint8))
    worker = server.worker()
    os.kill(worker, signal.SIGSTOP)
    with ThreadPoolExecutor() as callers:
        call = callers.submit(server.post, "/v1/read", digit)
        while not server.app.state.drawings.active:
            time.sleep(0.01)
        assert server.post("/v1/read", photo).json() == {"lines": [], "digits": []}  # on the other lane
        assert "took too long" in problem(call.result(), 504)
    assert server.post("/v1/read", digit).json()["lines"] == ["7"]


def test_figures_for_prometheus_count_the_calls_by_route(server: Server) -> None:
    server.post("/v1/read", b"no picture")
    server.post("/somewhere/else", b"")
    figures = requests.get(server.url("/metrics"), timeout=60).text
    assert 'tinydigits_calls_total{path="/v1/read",status="422"}' in figures
    assert 'path="other",status="404"' in figures
    assert "somewhere" not in figures


def test_the_description_needs_nothing_from_elsewhere(server: Server) -> None:
    page = requests.get(server.url("/docs"), timeout=60).text
    assert "http://" not in page
    assert "https://" not in page
    assert requests.get(server.url("/static-offline-docs/swagger-ui-bundle.js"), timeout=60).ok


def test_every_answer_is_as_described(server: Server) -> None:
    program = [str(Path(sys.executable).with_name("schemathesis")), "run", server.url("/openapi.json"), "--no-color"]
    # One check asks that what fits the description be accepted; not every file of random bytes is a picture.
    checks = ["--checks", "all", "--exclude-checks", "positive_data_acceptance", "--max-examples", "10"]
    answer = subprocess.run([*program, *checks], capture_output=True, text=True, check=False, cwd=tempfile.gettempdir())
    assert answer.returncode == 0, answer.stdout
