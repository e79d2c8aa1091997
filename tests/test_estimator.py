"""The estimator for scikit-learn: its conventions, its results, what a pickle of it holds."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator

import tinydigits as td
from tinydigits import estimator
from tinydigits.recipes import get_recipe

SMALL_BATCHES = ("batch_size=12",)  # for speed alone

Rows = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def rows(split: td.Split) -> Rows:
    return split.images.flatten(1).numpy(), split.labels.numpy()


@pytest.fixture(scope="module")
def fitted(mnist: td.Dataset) -> td.DigitClassifier:
    return td.DigitClassifier(random_state=0).fit(*rows(mnist.train[:3000]))


@pytest.fixture
def few_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests to which it does not matter how well the network has learnt."""
    monkeypatch.setattr(estimator, "_LEAST_BATCHES", 10)


def of_conventions() -> Iterator[Any]:
    """scikit-learn's checks, but for two that need pandas or SCIPY_ARRAY_API=1; with these they were seen to pass."""
    for classifier, check in estimator_checks_generator(td.DigitClassifier(overrides=SMALL_BATCHES)):
        name = check.func.__name__
        if name not in {"check_array_api_input", "check_classifier_data_not_an_array"}:
            yield pytest.param(classifier, check, id=f"{name}{len(check.keywords)}")


@pytest.mark.parametrize(("classifier", "check"), list(of_conventions()))
def test_it_keeps_the_conventions_of_scikit_learn(
    classifier: td.DigitClassifier, check: partial[None], request: pytest.FixtureRequest
) -> None:
    if check.func.__name__ not in {"check_classifiers_train", "check_classifiers_classes"}:  # which ask for accuracy
        request.getfixturevalue("few_batches")
    check(classifier)


def test_three_thousand_digits_are_enough_for_97_percent(mnist: td.Dataset, fitted: td.DigitClassifier) -> None:
    assert fitted.score(*rows(mnist.test[:2000])) > 0.97


def test_a_pickle_holds_no_object_of_pytorch_and_answers_alike(mnist: td.Dataset, fitted: td.DigitClassifier) -> None:
    content = pickle.dumps(fitted)
    assert b"torch" not in content
    images = rows(mnist.test[:50])[0]
    np.testing.assert_array_equal(pickle.loads(content).predict_proba(images), fitted.predict_proba(images))


def test_rows_of_784_values_are_taken_as_the_images_they_are(mnist: td.Dataset, fitted: td.DigitClassifier) -> None:
    images = rows(mnist.test[:20])[0]
    assert torch.equal(fitted._images(images), mnist.test.images[:20])


@pytest.mark.parametrize("features", [1, 64, 90, 1600])
@pytest.mark.usefixtures("few_batches")
def test_rows_of_any_length_become_images(uci: td.Dataset, features: int) -> None:
    images, labels = rows(uci.train[:40])
    few = np.resize(images, (40, features)) / 255.0
    classifier = td.DigitClassifier(overrides=SMALL_BATCHES, random_state=0).fit(few, labels)
    assert classifier._images(few).shape == (40, 1, 28, 28)
    assert classifier.predict(few).shape == (40,)


@pytest.mark.usefixtures("few_batches")
def test_labels_may_be_words_and_a_single_seed_gives_a_single_result(mnist: td.Dataset) -> None:
    images, labels = rows(mnist.train[:60])
    words = np.where(labels % 2, "odd", "even")
    one, other = (td.DigitClassifier(overrides=SMALL_BATCHES, random_state=7).fit(images, words) for _ in range(2))
    assert set(one.predict(images)) <= {"odd", "even"}
    np.testing.assert_array_equal(one.predict_proba(images), other.predict_proba(images))


@pytest.mark.usefixtures("few_batches")
def test_it_works_in_a_pipeline_and_a_search_over_recipes(mnist: td.Dataset) -> None:
    images, labels = rows(mnist.train[:90])
    pipeline = make_pipeline(FunctionTransformer(), td.DigitClassifier(random_state=0))
    search = GridSearchCV(
        pipeline,
        {"digitclassifier__recipe": ["swift", get_recipe("simple")], "digitclassifier__overrides": [SMALL_BATCHES]},
        cv=2,
    ).fit(images, labels)
    assert len(search.cv_results_["params"]) == 2
    assert search.predict(images[:5]).shape == (5,)


OWN_NETWORK = """
from torch import nn

class Own(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.convolution = nn.Conv2d(1, width, 5, stride=3)
        self.head = nn.Linear(64 * width, 10)

    def forward(self, x):
        return self.head(self.convolution(x).relu().flatten(1))
"""


@pytest.mark.usefixtures("few_batches")
def test_a_network_of_ones_own_travels_with_the_estimator(
    mnist: td.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(OWN_NETWORK)
    images, labels = rows(mnist.train[:60])
    classifier = td.DigitClassifier("own.py:Own", overrides=["network.width=6"], random_state=0).fit(images, labels)
    assert classifier.weights_["convolution.weight"].shape == (6, 1, 5, 5)
    content, answers = pickle.dumps(classifier), classifier.predict_proba(images)
    Path("own.py").unlink()
    np.testing.assert_array_equal(pickle.loads(content).predict_proba(images), answers)


def test_what_it_cannot_do_is_said(mnist: td.Dataset) -> None:
    images, labels = rows(mnist.train[:30])
    with pytest.raises(ValueError, match="y must have 2 to 10 classes, not 30"):
        td.DigitClassifier().fit(np.repeat(images, 3, axis=0), np.repeat(np.arange(30), 3))
    with pytest.raises(td.UsageError, match="did you mean swift"):
        td.DigitClassifier("swft").fit(images, labels)
    with pytest.raises(td.UsageError, match="has no field 'epoch'"):
        td.DigitClassifier(overrides=["epoch=3"]).fit(images, labels)
