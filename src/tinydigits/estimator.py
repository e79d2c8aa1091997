"""Recipes as an estimator of scikit-learn, for its pipelines, searches and cross-validation."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from tinydigits.data import CLASSES, SIDE, Split
from tinydigits.networks import log_probabilities
from tinydigits.recipes import DEFAULT, Recipe, recipe_for
from tinydigits.training.device import choose_device
from tinydigits.training.engine import Engine

__all__ = ["DigitClassifier"]

Array = np.ndarray[Any, Any]

# Recipes are made for MNIST's 60,000 images; with the batches of a few epochs over a hundred, no network learns.
_LEAST_BATCHES = 100


class DigitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A recipe's training behind scikit-learn's `fit`, `predict`, `predict_proba` and `score`.

    Rows of `X` need not be images of 28×28: the smallest and the largest value in the training data become 0 and
    255; rows are padded with 0 to the next square number of features, read as square images row by row, and
    resized to 28×28. Rows of 784 features are thus taken as they are. Any 2…10 classes will do, of any type.

    All of `X` is trained on, and the last weights are taken. Data that are few are gone through more often than
    the recipe says, until 100 batches have been trained. On the CPU the same `random_state` gives the same weights.

    A fitted estimator holds NumPy arrays alone, and so can be pickled and loaded without the machine it was
    trained on.

    Args:
        recipe: a recipe or its name, or a network of your own: a class, a function, or `my_net.py:MyNet`. A fitted
            estimator has its source, and needs neither the class nor the file.
        overrides: other values for its fields, such as `["epochs=3", "optimizer.lr=0.1"]`.
        random_state: decides initial weights, order, augmentation and dropout: an int, a
            `numpy.random.RandomState`, or None for other ones each time.
        device: where it is trained: `cpu`, `cuda`, `mps` or `auto`. Predictions are made on the CPU.

    Attributes:
        classes_: the labels, sorted.
        recipe_: what was trained, with the number of epochs.
        weights_: the network's state by name.
        range_: the smallest and the largest value in the training data.
        n_features_in_: how many columns `X` has.

    Examples:
        >>> from sklearn.model_selection import GridSearchCV
        >>> search = GridSearchCV(DigitClassifier(random_state=0), {"recipe": ["swift", "dense"]})
    """

    def __init__(
        self,
        recipe: str | Recipe | Callable[..., Any] = DEFAULT,
        *,
        overrides: Sequence[str] = (),
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
    ) -> None:
        self.recipe = recipe
        self.overrides = overrides
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Any) -> DigitClassifier:  # noqa: N803 - scikit-learn's name
        """Train.

        Args:
            X: numbers [N, features], without NaN.
            y: labels [N].

        Raises:
            ValueError: what scikit-learn's own classifiers refuse, or other than 2…10 classes.
            UsageError: an unknown recipe, field or device.
            TinydigitsError: the training has diverged.
        """
        X, y = validate_data(self, X, y)  # noqa: N806
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if not 2 <= len(self.classes_) <= CLASSES:
            raise ValueError(f"y must have 2 to {CLASSES} classes, not {len(self.classes_)} class(es)")
        self.range_ = np.array([X.min(), X.max()], dtype=np.float64)
        split = Split(self._images(X), torch.from_numpy(labels.astype(np.int64)))
        recipe = recipe_for(self.recipe, self.overrides)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        batches = Engine(recipe, split, device=torch.device("cpu"), seed=seed).batches
        short = _LEAST_BATCHES - sum(batches)
        if short > 0:
            recipe = dataclasses.replace(recipe, epochs=recipe.epochs + math.ceil(short / batches[-1]))
        engine = Engine(recipe, split, device=choose_device(self.device), seed=seed)  # type: ignore[arg-type]
        for _ in range(recipe.epochs):
            engine.end_epoch(*engine.epoch(lambda _batch: None))
        self.recipe_ = recipe
        self.weights_ = {name: tensor.cpu().numpy() for name, tensor in engine.network.state_dict().items()}
        return self

    def predict(self, X: Any) -> Array:  # noqa: N803
        """The most probable label of each row."""
        answers = self.predict_proba(X).argmax(1)
        return np.asarray(self.classes_[answers])

    def predict_proba(self, X: Any) -> Array:  # noqa: N803
        """Probabilities float64 [N, classes], in the order of `classes_`."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)  # noqa: N806
        network = self.recipe_.build()
        network.load_state_dict({name: torch.from_numpy(array) for name, array in self.weights_.items()})
        # In float64, a row's answer does not depend on the rows beside it.
        logs = log_probabilities(network.double(), self._images(X))[:, : len(self.classes_)].double()
        return logs.softmax(1).numpy()

    def _images(self, rows: Array) -> torch.Tensor:
        """uint8 [N, 1, 28, 28] of numbers [N, features]."""
        low, high = self.range_
        grey = np.clip((rows.astype(np.float64) - low) * (255 / ((high - low) or 1)), 0, 255)
        side = math.ceil(math.sqrt(grey.shape[1]))
        padded = np.pad(grey, ((0, 0), (0, side**2 - grey.shape[1])))
        images = np.round(padded).astype(np.uint8).reshape(-1, side, side)
        how = cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR
        resized = [cv2.resize(image, (SIDE, SIDE), interpolation=how) for image in images]
        return torch.from_numpy(np.stack(resized)).unsqueeze(1)
