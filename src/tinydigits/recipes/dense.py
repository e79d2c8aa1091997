"""`dense`: down to a single pixel, then a fully connected layer and log-softmax; exactly 18,970 parameters."""

from __future__ import annotations

from tinydigits.budget import Budget
from tinydigits.recipes.recipe import Augmentation, Optimizer, Recipe, Schedule

__all__ = ["DENSE", "DENSE_ORIGINAL"]

_BUDGET = Budget(
    exact_parameters=18_970,
    epochs=20,
    accuracy=99.40,
    require=frozenset({"batch_norm", "dropout", "fc"}),
    forbid=frozenset({"gap"}),
)

DENSE_ORIGINAL = Recipe(
    name="dense-original",
    network="dense",
    epochs=20,
    batch_size=128,
    optimizer=Optimizer("sgd", lr=0.025, momentum=0.9),
    schedule=Schedule("step", step_size=9, gamma=0.15),
    augmentation=Augmentation(rotation=7),
    loss="nll",
    dropout=0.1,
    budget=_BUDGET,
    origin="a public student project that asks for ≥ 99.4 %, < 20,000 parameters, < 20 epochs",
    notes=(
        "Claimed by its origin: 99.47 at epoch 12, the best epoch on the test set. It states everything but the "
        'places of dropout, "after each major operation": after each of the seven convolutions is our reading.'
    ),
)

DENSE = Recipe(
    name="dense",
    network="dense",
    epochs=20,
    batch_size=128,
    optimizer=Optimizer("sgd", lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4),
    schedule=Schedule("one_cycle", warmup=0.3),
    augmentation=Augmentation(rotation=10, translation=1.5, scale=0.1, shear=5),
    loss="nll",
    dropout=0.02,
    budget=_BUDGET,
    origin="the network of dense-original, trained in our way",
    notes=(
        "Changed from the original: a one-cycle schedule that peaks at 0.1, with Nesterov momentum and weight decay, "
        "instead of steps; a fuller affine map; and dropout 0.02 instead of 0.1, since with such augmentation so "
        "small a network underfits (held-out accuracy 99.48 against 99.39, one seed, 15 epochs)."
    ),
)
