"""`chip`: 99.4 % on a microcontroller, code and weights in 6 kB."""

from __future__ import annotations

from tinydigits.budget import Budget
from tinydigits.recipes.recipe import Augmentation, Optimizer, Recipe, Schedule

__all__ = ["CHIP"]

CHIP = Recipe(
    name="chip",
    network="chip",
    epochs=16,
    batch_size=128,
    optimizer=Optimizer("sgd", lr=0.2, momentum=0.9, nesterov=True, weight_decay=3e-3),
    schedule=Schedule("one_cycle", warmup=0.3),
    augmentation=Augmentation(rotation=10, translation=1.3, scale=0.1, shear=5),
    loss="cross_entropy",
    dropout=0.0,
    hard_example_fraction=0.5,
    budget=Budget(parameters=20_000, epochs=16, accuracy=99.40, require=frozenset({"batch_norm", "fc"})),
    origin="tinydigits",
    notes=(
        "swift's way of training with more epochs, for a network whose weights are -1, 0 and 1 while it is trained: it "
        "loses nothing when it is exported with --bits 2. What the exported networks of many seeds reach and take of a "
        "chip is in docs/export.md. On the last 10,000 training images twelve epochs and weight decays of 0.001 to "
        "0.004 were compared, with no clear difference; sixteen epochs are for a margin."
    ),
)
