"""What `tinydigits serve` bears: drawings and photos to read, images to classify, and two hundred clients at once.

    apt-get install hey
    python benchmarks/serving.py [SECONDS]

Server and clients share this machine, so that the figures are lower bounds. hey sends the same call over and over, from
as many connections as there are clients; beside it stands how often the same is done in a second in this process, on
one core, without HTTP. Then 200 clients send an image of the test set each, compare the answer with that of
`tinydigits.classify`, and send the next one.
"""

from __future__ import annotations

import io
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import requests
from PIL import Image

import tinydigits as td

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.running_server import running_server

CLIENTS = 200
_KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".npy": "application/x-npy"}
# What uvicorn and FastAPI take by themselves, and the least that classifies: nothing is bounded, logged or counted.
MINIMAL = """
import io

import numpy as np
from fastapi import FastAPI, Request
from PIL import Image

import tinydigits as td

app = FastAPI()


@app.post("/nothing")
async def nothing(request: Request) -> dict[str, object]:
    await request.body()
    return {"network": "swift", "digits": [7], "probabilities": [[0.1] * 10]}


@app.post("/png")
async def png(request: Request) -> dict[str, object]:
    return answer(np.asarray(Image.open(io.BytesIO(await request.body())))[None])


@app.post("/npy")
async def npy(request: Request) -> dict[str, object]:
    return answer(np.load(io.BytesIO(await request.body())))


def answer(images: np.ndarray) -> dict[str, object]:
    probabilities = td.classify("swift", images)
    return {"network": "swift", "digits": probabilities.argmax(1).tolist(), "probabilities": probabilities.tolist()}
"""


def main(seconds: float) -> None:
    """Start servers, measure, stop them."""
    images = td.load("mnist").test.image_array[:500]
    with tempfile.TemporaryDirectory() as name, running_server() as ours, _minimal_server(name) as minimal:
        drawing, photo, digit, hundred = (Path(name, file) for file in ("a.png", "b.jpg", "c.png", "d.npy"))
        Image.fromarray(255 - images[0].repeat(10, 0).repeat(10, 1)).save(drawing)
        numbers = 255 - np.concatenate(list(images[:10]), 1).repeat(12, 0).repeat(12, 1)
        Image.fromarray(np.pad(numbers, ((1332, 1332), (320, 320)), mode="edge")).save(photo)
        Image.fromarray(images[0]).save(digit)
        np.save(hundred, images[:100])
        print(f"in this process, a second: {_alone(lambda: td.read(drawing), seconds):.0f} drawings read, "
              f"{_alone(lambda: td.read(photo), seconds):.1f} photos of 12 megapixels; classified "
              f"{_alone(lambda: td.classify('swift', images[:1]), seconds):,.0f} times one image, "
              f"{_alone(lambda: td.classify('swift', images[:100]), seconds):.0f} times a hundred\n")  # fmt: skip
        print("| call | clients | a second | median, ms | 99 %, ms | not answered |\n|---|--:|--:|--:|--:|--:|")

        def row(what: str, url: str, file: Path, clients: int = 8, pace: float = 0) -> float:
            figures = _load(url, file, clients, seconds, pace)
            print(f"| {what} | {clients} | {figures} |", flush=True)
            return figures.rate

        row("read a drawing of 280×280", f"{ours}/v1/read", drawing, 1)
        most = row("read a drawing of 280×280", f"{ours}/v1/read", drawing)
        row("the same at half that rate", f"{ours}/v1/read", drawing, 2, most / 2)
        row("read a photo of 12 megapixels", f"{ours}/v1/read", photo, 1)
        with ThreadPoolExecutor() as others:
            others.submit(_load, f"{ours}/v1/read", photo, 2, seconds + 2)
            time.sleep(1)
            row("read a drawing while two send photos", f"{ours}/v1/read", drawing, 1)
        row("a handler that does nothing", f"{minimal}/nothing", digit)
        row("the least that classifies a PNG", f"{minimal}/png", digit)
        row("classify a PNG", f"{ours}/v1/classify", digit)
        row("the least that classifies 100 images", f"{minimal}/npy", hundred)
        row("classify 100 images", f"{ours}/v1/classify", hundred)
        print(f"\n{CLIENTS} clients: {_compared(ours, images, 3 * seconds)}")


@contextmanager
def _minimal_server(folder: str) -> Iterator[str]:
    Path(folder, "minimal.py").write_text(MINIMAL)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "uvicorn", "minimal:app", "--port", address.rpartition(":")[2]]
    with subprocess.Popen([*command, "--log-level", "error"], cwd=folder) as server, requests.Session() as session:
        retry = requests.adapters.Retry(20, backoff_factor=0.1)
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
        try:
            session.get(f"{address}/docs", timeout=60)
            yield address
        finally:
            server.terminate()


@dataclass
class _Figures:
    rate: float
    """Calls a second."""
    median: float
    """Seconds from call to answer."""
    late: float
    """Seconds; 99 of 100 calls took at most as many."""
    lost: int
    """Calls that were not answered with 200."""

    def __str__(self) -> str:
        return f"{self.rate:,.0f} | {1000 * self.median:.1f} | {1000 * self.late:.1f} | {self.lost}"


def _load(url: str, file: Path, clients: int, seconds: float, pace: float = 0) -> _Figures:
    """Call for as many seconds, `pace` times a second, or, where that is 0, as often as there is an answer."""
    options = ["-z", f"{seconds:g}s", "-c", str(clients), "-q", f"{pace / clients:g}", "-cpus", "1", "-t", "60"]
    words = ["hey", *options, "-m", "POST", "-T", _KINDS[file.suffix], "-D", str(file), url]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0])
    times = {"99": re.findall(r"Slowest:\s+([\d.]+)", said)[0], **dict(re.findall(r"(\d+)% in ([\d.]+)", said))}
    errors = said.partition("Error distribution:")[2]
    statuses = re.findall(r"\[(\d+)\]\s+(\d+) responses", said)
    lost = sum(int(count) for status, count in statuses if status != "200")
    return _Figures(
        rate, float(times["50"]), float(times["99"]), lost + sum(map(int, re.findall(r"\[(\d+)\]", errors)))
    )


def _alone(call: Callable[[], object], seconds: float) -> float:
    call()
    begun, count = time.monotonic(), 0
    while time.monotonic() < begun + seconds:
        call()
        count += 1
    return count / (time.monotonic() - begun)


def _compared(address: str, images: np.ndarray, seconds: float) -> str:
    digits = td.classify("swift", images).argmax(1).tolist()
    drawings = [_png(image) for image in images]
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


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10)
