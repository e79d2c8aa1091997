"""Fit the reader's temperature and thresholds on MNIST's last 10,000 training images: `make calibrate-reading`.

The shipped weights of `sturdy` have learned those images, so a twin of it, trained on the other 50,000, is measured
(ten minutes on one core). Writes src/tinydigits/weights/reading.json.
"""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import torch
import torch.nn.functional as F

import tinydigits as td
from tinydigits.files import write_atomically
from tinydigits.networks import log_probabilities
from tinydigits.reading.classifier import RECIPE, calibration_file, raw_scores

HELD_OUT = 10_000
# More than the 98 % that are promised: the standard error on 10,000 digits is 0.14 points, and other writers differ.
ACCEPTED, KEPT = 0.985, 0.9995
STEPS = 200


def main() -> None:
    torch.set_num_threads(1)
    train = td.load("mnist").train
    digits = train[-HELD_OUT:]
    halves = dataclasses.replace(td.load("mnist"), train=train[:-HELD_OUT], test=digits)
    twin = td.train(RECIPE, halves, full=True, device="cpu").network
    logits = log_probabilities(twin, digits.images)
    temperatures = torch.linspace(0.3, 3, 541)
    losses = [float(F.cross_entropy(logits / temperature, digits.labels)) for temperature in temperatures]
    temperature = round(float(temperatures[int(np.argmin(losses))]), 3)
    probabilities, scores = raw_scores(digits.images.numpy()[:, 0], temperature)
    # A score is the rejector's log-odds plus the log of the most probable digit's probability: here the twin's.
    scores += (logits / temperature).softmax(1).amax(1).log().numpy() - np.log(probabilities.max(1))
    document = {
        "made_by": "tools/calibrate_reading.py",
        "temperature": temperature,
        "accept": round(float(np.quantile(scores, 1 - ACCEPTED)), 4),
        "keep": round(float(np.quantile(scores, 1 - KEPT)), 4),
        "quantiles": [round(float(value), 4) for value in np.quantile(scores, np.linspace(0, 1, STEPS + 1))],
    }
    write_atomically(calibration_file(), json.dumps(document) + "\n")
    print({name: value for name, value in document.items() if name != "quantiles"})


if __name__ == "__main__":
    main()
