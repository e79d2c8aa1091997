"""`sturdy`: made for photos; under 20,000 parameters, 30 epochs."""

from __future__ import annotations

from tinydigits.budget import Budget
from tinydigits.recipes.recipe import Augmentation, Optimizer, Recipe, Schedule

__all__ = ["STURDY"]

STURDY = Recipe(
    name="sturdy",
    network="sturdy",
    epochs=30,
    batch_size=128,
    optimizer=Optimizer("sgd", lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4),
    schedule=Schedule("one_cycle", warmup=0.2),
    augmentation=Augmentation(rotation=20, translation=4, scale=0.25, shear=15, photo=0.6),
    loss="cross_entropy",
    dropout=0.05,
    budget=Budget(parameters=19_999, epochs=30, accuracy=99.40, require=frozenset({"batch_norm", "dropout", "fc"})),
    origin="this project, for reading photos",
    notes="",
)
