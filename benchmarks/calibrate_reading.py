"""Fit the reader's temperature and thresholds on MNIST's last 10,000 training images: `make calibrate-reading`.

Writes src/tinydigits/weights/reading.json. The shipped weights of `sturdy` were trained on those images too, but
never saw them as they are: its loss on them and on the test set are alike, which `make benchmark-trust` shows.
"""

from __future__ import annotations

import json

import numpy as np
import torch
import torch.nn.functional as F

import tinydigits as td
from tinydigits.files import write_atomically
from tinydigits.networks import log_probabilities
from tinydigits.reading.judge import RECIPE, calibration_file, raw_scores

HELD_OUT = 10_000
# A little more than the 98 % that are promised, since these digits are not quite strangers to the networks.
ACCEPTED, KEPT = 0.983, 0.9995
STEPS = 200


def main() -> None:
    digits = td.load("mnist").train[-HELD_OUT:]
    logits = log_probabilities(td.pretrained(RECIPE), digits.images)
    temperatures = torch.linspace(0.3, 3, 541)
    losses = [float(F.cross_entropy(logits / temperature, digits.labels)) for temperature in temperatures]
    temperature = round(float(temperatures[int(np.argmin(losses))]), 3)
    _, scores = raw_scores(digits.images.numpy()[:, 0], temperature)
    document = {
        "made_by": "benchmarks/calibrate_reading.py",
        "temperature": temperature,
        "accept": round(float(np.quantile(scores, 1 - ACCEPTED)), 4),
        "keep": round(float(np.quantile(scores, 1 - KEPT)), 4),
        "quantiles": [round(float(value), 4) for value in np.quantile(scores, np.linspace(0, 1, STEPS + 1))],
    }
    write_atomically(calibration_file(), json.dumps(document) + "\n")
    print({name: value for name, value in document.items() if name != "quantiles"})


if __name__ == "__main__":
    main()
