"""Fit the reader's confidence on composed scenes of MNIST's last 10,000 training images: `make calibrate-reading`.

Neither the detector nor the judge has learned those images. Writes src/tinydigits/weights/reading.json.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

import tinydigits as td
from tinydigits.files import write_atomically
from tinydigits.reading.classifier import Logits, calibration_file, features, logits_of, probabilities_of
from tinydigits.reading.detection import Candidates, detect
from tinydigits.reading.glyphs import cut_glyphs
from tinydigits.synthetic import (
    IGNORED,
    LEARNED_FONTS,
    LETTERS,
    NO_DIGIT,
    GlyphBank,
    Scene,
    compose_scenes,
    draw,
    match_boxes_once,
    render_text,
)
from tinydigits.synthetic.strokes import SHAPES, SIGNS, scrawl

SEED, HELD_OUT = 2, 10_000
SHORTEST, LONGEST = 64, 480
# Of accepted digits, so many may be wrong on composed scenes, which are much harder than paper.
ACCEPTED_WRONG = 0.08
# Of letters, signs and shapes, each alone in a picture, so many may be accepted.
ACCEPTED_ALONE = 0.03
# Pictures of one digit.
ALONE = 1_000
STEPS = 200

Found = tuple[Scene, Candidates, NDArray[np.uint8], Logits]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=1_500)
    scenes = parser.parse_args().scenes
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    held_out = td.load("mnist").train[-HELD_OUT:]
    bank = GlyphBank(held_out.image_array, held_out.label_array)
    found = [_found(bank, np.random.default_rng((SEED, seed))) for seed in range(scenes)]
    document = {"made_by": "tools/calibrate_reading.py", **fit(found)}
    document |= fit_alone(held_out, document)
    write_atomically(calibration_file(), json.dumps(document) + "\n")
    print({name: value for name, value in document.items() if name != "quantiles"})


def _found(bank: GlyphBank, random: np.random.Generator) -> Found:
    sides = tuple(int(side) for side in np.exp(random.uniform(np.log(SHORTEST), np.log(LONGEST), 2)))
    scene = compose_scenes(bank, random, sides)[0]
    return scene, *_seen(scene.picture)


def _seen(picture: NDArray[np.uint8]) -> tuple[Candidates, NDArray[np.uint8], Logits]:
    levels, candidates = detect(picture)
    glyphs = cut_glyphs(levels, candidates.boxes)
    return candidates, glyphs, logits_of(candidates, glyphs)


def fit(found: list[Found]) -> dict[str, Any]:
    """All of `Calibration` but where it was made."""
    matched = [match_boxes_once(scene, candidates.boxes) for scene, candidates, *_ in found]
    labels = np.concatenate(matched)
    digits = (labels >= 0) & (labels < NO_DIGIT)
    logits = np.concatenate([logits.digits for *_, logits in found])[digits].sum(1)
    temperature = fit_temperature(torch.from_numpy(logits), torch.from_numpy(labels)[digits])
    chances = [probabilities_of(logits, temperature) for *_, logits in found]
    values = np.concatenate([
        features(candidates, glyphs, logits, chance)
        for (_, candidates, glyphs, logits), chance in zip(found, chances, strict=True)
    ])  # fmt: skip
    answers = np.concatenate([chance.argmax(1) for chance in chances])
    known = labels != IGNORED
    is_digit, is_right = labels < NO_DIGIT, labels == answers
    weights = [_logistic(values[known], target[known]) for target in (is_digit, is_right)]
    digit, right = (values @ np.array(weight[:-1]) + weight[-1] for weight in weights)
    order = np.argsort(-right[known])
    wrong = np.cumsum(~is_right[known][order]) / np.arange(1, known.sum() + 1)
    last = int(np.flatnonzero(wrong <= ACCEPTED_WRONG)[-1])
    accept = float(right[known][order][last])
    written = sum(int((scene.labels >= 0).sum()) for scene, *_ in found)
    kept = known & (digit > 0)
    print(
        f"{written} written, found {int((is_digit & known).sum())}, kept {int(kept.sum())}, "
        f"of these no digit {int((kept & ~is_digit).sum())}, misread {int((kept & is_digit & ~is_right).sum())}, "
        f"accepted {int((known & (right >= accept)).sum())}"
    )
    return {
        "temperature": temperature,
        "digit": [round(float(value), 4) for value in weights[0]],
        "right": [round(float(value), 4) for value in weights[1]],
        "accept": round(accept, 4),
        "quantiles": [round(float(v), 4) for v in np.quantile(digit[is_digit & known], np.linspace(0, 1, STEPS + 1))],
    }


def fit_alone(digits: td.Split, constants: dict[str, Any]) -> dict[str, Any]:
    """`alone` and `accept_alone` of `Calibration`, from pictures of one digit, letter, sign or shape each."""
    random = np.random.default_rng(SEED)
    others = [
        *(255 - draw(shape, random, 120) for shape in (*SIGNS.values(), *SHAPES.values()) for _ in range(8)),
        *(255 - scrawl(random, 120) for _ in range(200)),
        *(render_text(letter, font) for font in LEARNED_FONTS[:4] for letter in LETTERS),
    ]
    pictures = [*(_enlarged(image, random) for image in digits.image_array[:ALONE]), *others]
    labels = [*digits.label_array[:ALONE].tolist(), *[NO_DIGIT] * len(others)]
    likeliest = [
        (label, *best)
        for picture, label in zip(pictures, labels, strict=True)
        if (best := _likeliest(picture, constants))
    ]
    truth, answers, values = (np.array(column) for column in zip(*likeliest, strict=True))
    weights = _logistic(values, truth == answers)
    odds = (values @ np.array(weights[:-1]) + weights[-1])[truth == NO_DIGIT]
    highest = np.sort(odds)[-round(ACCEPTED_ALONE * len(others)) :]
    return {"alone": [round(value, 4) for value in weights], "accept_alone": round(float(highest[0]), 4)}


def _enlarged(image: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """One of MNIST's images, one to five times as large, dark on light as often as not."""
    side = round(float(len(image) * np.exp(random.uniform(0, np.log(5)))))
    large = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(255 - large if random.random() < 0.5 else large, np.uint8)


def _likeliest(picture: NDArray[np.uint8], constants: dict[str, Any]) -> tuple[int, NDArray[np.float32]] | None:
    """Which digit the candidate is that is likeliest to be read right, and its features."""
    candidates, glyphs, logits = _seen(picture)
    if len(candidates) == 0:
        return None
    chances = probabilities_of(logits, constants["temperature"])
    values = features(candidates, glyphs, logits, chances)
    best = int((values @ np.array(constants["right"][:-1])).argmax())
    return int(chances[best].argmax()), values[best]


def fit_temperature(logits: torch.Tensor, truth: torch.Tensor) -> float:
    """What logits [N, 10] are divided by where the truth [N] is most likely; the same networks' sum, so at least 1."""
    temperatures = np.arange(1, 12.01, 0.05).round(2).tolist()
    return float(min(temperatures, key=lambda temperature: float(F.cross_entropy(logits / temperature, truth))))


def _logistic(values: NDArray[np.float32], target: NDArray[np.bool_]) -> list[float]:
    """Weights of the features, and a constant last."""
    model = LogisticRegression(C=10.0, max_iter=2_000).fit(values, target)
    return [*model.coef_[0].tolist(), float(model.intercept_[0])]


if __name__ == "__main__":
    main()
