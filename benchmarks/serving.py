"""What `tinydigits serve` bears: 200 clients for half a minute, and drawings while photos are read.

    python benchmarks/serving.py [SECONDS]

Clients and server share this machine, so that the figures are lower bounds. A client sends an image of the test set to
/v1/classify, compares the answer with that of `tinydigits.classify`, and sends the next one. Prints a table.
"""

from __future__ import annotations

import io
import json
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable

import numpy as np
import requests
from PIL import Image

import tinydigits as td

CLIENTS = 200


def main(seconds: float) -> None:
    """Start a server, measure, stop it."""
    images = td.load("mnist").test.images[:500, 0].numpy()
    digits = td.classify(td.pretrained("swift"), images).argmax(1).tolist()
    drawings = [_png(image) for image in images]
    server = subprocess.Popen(
        [sys.executable, "-m", "tinydigits", "serve", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    address = json.loads(server.stderr.readline())["message"]
    threading.Thread(target=server.stderr.read, daemon=True).start()
    requests.get(f"{address}/healthz", timeout=120)

    def classify(session: requests.Session, number: int) -> str:
        place = number % len(drawings)
        header = {"Content-Type": "image/png"}
        answer = session.post(f"{address}/v1/classify", drawings[place], headers=header, timeout=60)
        if answer.status_code != 200:
            return str(answer.status_code)
        return "right" if answer.json()["digits"] == [digits[place]] else "wrong"

    rows = (255 - images[:400]).reshape(20, 20, 28, 28)
    page = _png(np.block([list(row) for row in rows]).repeat(2, 0).repeat(2, 1))

    def read(session: requests.Session, _number: int) -> str:
        return str(session.post(f"{address}/v1/read", page, timeout=60).status_code)

    try:
        print("| clients | calls a second | median, ms | 99 %, ms | answers |")
        print("|---|--:|--:|--:|---|")
        _measure("1 drawing", classify, 1, seconds / 3)
        _measure(f"{CLIENTS} drawing", classify, CLIENTS, seconds)
        photos = threading.Thread(target=_run, args=(read, 4, seconds / 3))
        photos.start()
        _measure("1 drawing, while 4 send pages of 400 digits", classify, 1, seconds / 3)
        photos.join()
    finally:
        server.terminate()
        server.wait()


def _measure(what: str, call: Callable[[requests.Session, int], str], clients: int, seconds: float) -> None:
    times, answers = _run(call, clients, seconds)
    times.sort()
    found = ", ".join(f"{count:,} {answer}" for answer, count in sorted(answers.items()))
    print(
        f"| {what} | {len(times) / seconds:.0f} | {1000 * statistics.median(times):.1f} "
        f"| {1000 * times[int(0.99 * len(times))]:.1f} | {found} |",
        flush=True,
    )


def _run(
    call: Callable[[requests.Session, int], str], clients: int, seconds: float
) -> tuple[list[float], Counter[str]]:
    times: list[float] = []
    answers: Counter[str] = Counter()
    end = time.monotonic() + seconds

    def client(number: int) -> None:
        with requests.Session() as session:
            while (begun := time.monotonic()) < end:
                try:
                    answer = call(session, number)
                except requests.RequestException:
                    answer = "lost"
                times.append(time.monotonic() - begun)
                answers[answer] += 1
                number += clients

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, answers


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30)
