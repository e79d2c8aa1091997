"""`skip`: seven convolutions with skip connections; 10 epochs, exactly 13,272 parameters."""

from __future__ import annotations

from tinydigits.budget import Budget
from tinydigits.recipes.recipe import Augmentation, Optimizer, Recipe, Schedule

__all__ = ["SKIP", "SKIP_ORIGINAL"]

_BUDGET = Budget(
    exact_parameters=13_272,
    epochs=10,
    accuracy=99.40,
    require=frozenset({"batch_norm", "dropout", "skip"}),
)

SKIP_ORIGINAL = Recipe(
    name="skip-original",
    network="skip",
    epochs=10,
    batch_size=28,
    optimizer=Optimizer("adam", lr=0.0025),  # the peak; one_cycle starts from a 25th of it, the origin's 0.0001
    schedule=Schedule("one_cycle", warmup=0.3),
    augmentation=Augmentation(rotation=15),
    loss="cross_entropy",
    dropout=0.1,
    budget=_BUDGET,
    origin="a public student project that asks for ≥ 99.4 %, < 20,000 parameters, < 20 epochs",
    notes=(
        "Claimed by its origin: 99.43 at epoch 10, the best epoch on the test set. It states the parameters, seven "
        "convolutions, dropout 0.1, batches of 28, Adam at 0.0001 under OneCycleLR, rotation by 15°, affine maps "
        "without numbers and a training accuracy over 99.4. That 0.0001 is the start, whose peak is 0.0025, is our "
        "choice on held-out images; rotation is all of the map, since only then training comes near to 99.4. The "
        "network is our second reading: an earlier layout (global average pooling, no ReLU after the sums) had given "
        "99.30 on the test set with seed 0 of skip, and was replaced after another round on held-out images."
    ),
)

SKIP = Recipe(
    name="skip",
    network="skip",
    epochs=10,
    batch_size=64,
    optimizer=Optimizer("sgd", lr=0.1, momentum=0.9, nesterov=True, weight_decay=2e-4),
    schedule=Schedule("one_cycle", warmup=0.3),
    augmentation=Augmentation(rotation=10, translation=1.5, scale=0.1, shear=5),
    loss="cross_entropy",
    dropout=0.05,
    budget=_BUDGET,
    origin="the network of skip-original, trained in our way",
    notes=(
        "Changed from the original: SGD with Nesterov momentum and weight decay instead of Adam, under the same "
        "one-cycle schedule; batches of 64; a gentler affine map; dropout 0.05 instead of 0.1. The test set was "
        "looked at twice: an earlier layout of this network (global average pooling, no ReLU after the sums) gave "
        "99.30 with seed 0 and was replaced after another round on held-out images."
    ),
)
