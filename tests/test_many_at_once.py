"""Many callers at once, in one process and over HTTP: each gets its own answer, and all of them the right one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import requests
from numpy.typing import NDArray

import tinydigits as td
from pages import png
from servers import Server

THREADS = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
import numpy as np
import tinydigits as td

pictures = np.load(sys.argv[1])
start = Barrier(8)

def answers(first):
    start.wait()  # all are the first to need the networks
    order = [(first + step) % len(pictures) for step in range(len(pictures))]
    return {place: [digit.as_dict() for digit in td.read(pictures[place]).digits] for place in order}

with ThreadPoolExecutor(8) as threads:
    found = list(threads.map(answers, range(8)))
print(json.dumps([[one[place] for place in range(len(pictures))] for one in found]))
"""


def drawings(mnist: td.Dataset) -> NDArray[np.uint8]:
    """Eight pictures of three test digits each."""
    rows = mnist.test.image_array[:24].reshape(8, 3, 28, 28)
    return np.stack([255 - np.pad(np.concatenate(list(row), 1), 10) for row in rows])


def test_threads_that_read_at_the_same_time_get_the_answers_of_one(mnist: td.Dataset, tmp_path: Path) -> None:
    pictures = drawings(mnist)
    np.save(tmp_path / "pictures.npy", pictures)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", THREADS, str(tmp_path / "pictures.npy")]
    answer = subprocess.run(words, capture_output=True, text=True, env=environment, check=True, timeout=120)
    expected = [[digit.as_dict() for digit in td.read(picture).digits] for picture in pictures]
    assert json.loads(answer.stdout) == [expected] * 8


def test_two_hundred_clients_lose_no_answer_and_get_none_that_is_wrong(server: Server, mnist: td.Dataset) -> None:
    images = mnist.test.image_array[:200]
    expected = td.classify("swift", images).argmax(1).tolist()
    header = {"Content-Type": "image/png"}

    def answers(place: int) -> list[int]:
        found = []
        with requests.Session() as session:
            for step in range(3):
                body = png(images[(place + step) % 200])
                answer = session.post(server.url("/v1/classify"), body, headers=header, timeout=120)
                assert answer.status_code == 200, answer.text
                found += answer.json()["digits"]
        return found

    with ThreadPoolExecutor(200) as clients:
        found = list(clients.map(answers, range(200)))
    assert found == [[expected[(place + step) % 200] for step in range(3)] for place in range(200)]
