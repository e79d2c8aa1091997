"""What `tinydigits serve` bears: drawings and photos to read, images to classify, and two hundred clients at once.

    apt-get install wrk
    python benchmarks/serving.py [SECONDS]

Server and clients share this machine, so that the figures are lower bounds. wrk sends the same call over and over; the
last column has how often the same is done in a second in this process, on one core, without HTTP. Then 200 clients
send an image of the test set each, compare the answer with that of `tinydigits.classify`, and send the next one.
"""

from __future__ import annotations

import io
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import requests
from PIL import Image

import tinydigits as td

CLIENTS = 200
# What uvicorn and FastAPI take by themselves: a handler that answers the same whatever it is sent.
MINIMAL = """
from fastapi import FastAPI, Request

app = FastAPI()


@app.post("/v1/classify")
async def classify(request: Request) -> dict[str, object]:
    await request.body()
    return {"network": "swift", "digits": [7], "probabilities": [[0.1] * 10]}
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def main(seconds: float) -> None:
    """Start a server, measure, stop it."""
    images = td.load("mnist").test.image_array[:500]
    drawing = _file(255 - images[0].repeat(10, 0).repeat(10, 1))
    photo = _file(np.pad(255 - np.concatenate(list(images[:10]), 1).repeat(12, 0).repeat(12, 1), 1000, mode="edge"))
    hundred = io.BytesIO()
    np.save(hundred, images[:100])
    with ExitStack() as stack:
        address = _started(stack)

        def row(what: str, path: str, body: bytes, clients: int, kind: str, alone: Callable[[], object]) -> None:
            found = _wrk(stack, f"{address}{path}", body, kind, clients, seconds)
            print(f"| {what} | {clients} | {' | '.join(found)} | {_alone(alone, seconds / 4):.0f} |", flush=True)

        def read() -> object:
            return td.read(drawing)

        print("| call | clients | a second | median, ms | 99 %, ms | not answered | in process |")
        print("|---|--:|--:|--:|--:|--:|--:|")
        for clients in (1, 8):
            row("read a drawing of 280×280", "/v1/read", drawing, clients, "image/png", read)
        for clients in (1, 8):
            row("classify 1 image", "/v1/classify", _file(images[0]), clients, "image/png",
                lambda: td.classify("swift", images[:1]))  # fmt: skip
        minimal = _started_minimal(stack)
        found = _wrk(stack, f"{minimal}/v1/classify", _file(images[0]), "image/png", 8, seconds)
        print(f"| a handler that does nothing | 8 | {' | '.join(found)} | – |", flush=True)
        row("classify 100 images", "/v1/classify", hundred.getvalue(), 8, "application/x-npy",
            lambda: td.classify("swift", images[:100]))  # fmt: skip
        row("read a photo of 8 megapixels", "/v1/read", photo, 1, "image/png", lambda: td.read(photo))
        beside = threading.Thread(target=_wrk, args=(stack, f"{address}/v1/read", photo, "image/png", 2, seconds + 2))
        beside.start()
        time.sleep(1)
        row("read a drawing while two send photos", "/v1/read", drawing, 1, "image/png", read)
        beside.join()
        print(f"\n{CLIENTS} clients: {_compared(address, images, 3 * seconds)}")


def _started(stack: ExitStack) -> str:
    command = [sys.executable, "-m", "tinydigits", "serve", "--port", "0"]
    server = stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
    stack.callback(server.terminate)
    assert server.stderr is not None
    address = str(json.loads(server.stderr.readline())["message"])
    threading.Thread(target=server.stderr.read, daemon=True).start()
    requests.get(f"{address}/healthz", timeout=120)
    return address


def _started_minimal(stack: ExitStack) -> str:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    (folder / "minimal.py").write_text(MINIMAL)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "minimal:app", "--port", str(port), "--log-level", "error"]
    stack.callback(stack.enter_context(subprocess.Popen(command, cwd=folder)).terminate)
    address = f"http://127.0.0.1:{port}"
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=requests.adapters.Retry(20, backoff_factor=0.1)))
    session.get(f"{address}/docs", timeout=60)
    return address


def _wrk(stack: ExitStack, url: str, body: bytes, kind: str, clients: int, seconds: float) -> list[str]:
    """Calls a second, median and 99th percentile in milliseconds, calls that were not answered with 200."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    (folder / "body").write_bytes(body)
    (folder / "call.lua").write_text(
        f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "{kind}"\n'
        f'wrk.body = io.open("{folder / "body"}", "rb"):read("*a")\n'
    )
    options = ["-t1", f"-c{clients}", f"-d{seconds:.0f}s", "--timeout", "60s", "--latency", "-s", folder / "call.lua"]
    text = subprocess.run(["wrk", *options, url], capture_output=True, text=True, check=True).stdout
    times = [re.findall(rf"^ +{share}% +([\d.]+)(\w+)", text, re.MULTILINE)[0] for share in (50, 99)]
    lost = sum(map(int, re.findall(r"(?:Non-2xx.*: |connect |read |write |timeout )(\d+)", text)))
    rate = float(re.findall(r"Requests/sec: +([\d.]+)", text)[0])
    return [f"{rate:.0f}", *(f"{float(value) * _UNITS[unit]:.1f}" for value, unit in times), str(lost)]


def _alone(call: Callable[[], object], seconds: float) -> float:
    call()
    begun, count = time.monotonic(), 0
    while time.monotonic() < begun + seconds:
        call()
        count += 1
    return count / (time.monotonic() - begun)


def _compared(address: str, images: np.ndarray, seconds: float) -> str:
    digits = td.classify("swift", images).argmax(1).tolist()
    drawings = [_file(image) for image in images]
    answers: Counter[str] = Counter()
    end = time.monotonic() + seconds

    def client(number: int) -> None:
        with requests.Session() as session:
            while time.monotonic() < end:
                place, number = number % len(images), number + CLIENTS
                header = {"Content-Type": "image/png"}
                try:
                    answer = session.post(f"{address}/v1/classify", drawings[place], headers=header, timeout=60)
                except requests.RequestException:
                    answers["lost"] += 1
                    continue
                right = answer.ok and answer.json()["digits"] == [digits[place]]
                answers["right" if right else "wrong" if answer.ok else str(answer.status_code)] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return f"{answers.total() / seconds:.0f} calls a second, " + ", ".join(
        f"{n:,} {what}" for what, n in answers.items()
    )


def _file(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10)
