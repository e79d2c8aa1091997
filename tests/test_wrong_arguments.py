"""A wrong argument of a public function or class is a UsageError of one sentence that says what was expected."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

import tinydigits as td
from tinydigits.recipes import Optimizer, get_recipe

SWIFT = get_recipe("swift")
NETWORK = SWIFT.build()


def changed(**fields: object) -> td.Recipe:
    return dataclasses.replace(SWIFT, **fields)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda _: Optimizer("sdg", lr=0.1), "name must be sgd, adam or adamw, not 'sdg'; did you mean sgd?"),
        (lambda _: td.Recipe(loss="cros_entropy"), "Recipe lacks name"),
        (lambda _: changed(loss="cros_entropy"), "not 'cros_entropy'; did you mean cross_entropy?"),
        (lambda _: changed(focus=0.0), "Recipe has no field 'focus'"),
        (lambda _: changed(hard_example_fraction=0.0), "must be a number from 0.001 to 1, not 0.0"),
        (lambda _: changed(epochs=0), "epochs must be a whole number from 1 to 10,000, not 0"),
        (lambda _: changed(batch_size=0), "batch_size must be a whole number from 3 to 60,000, not 0"),
        (lambda _: changed(network="foo"), "there is no network 'foo'; there are recognizer"),
        (lambda _: td.train("swift", "mnist"), "dataset must be a loaded one, not 'mnist'; load it first with td.load"),
        (lambda uci: td.train(NETWORK, uci), "give the class Swift and not one that is made already"),
        (lambda uci: td.train(lambda: NETWORK, uci), "cannot be found again by its name: give a class or"),
        (lambda uci: td.train("swfit", uci), "there is no recipe 'swfit'; did you mean swift?"),
        (lambda uci: td.train(3, uci), "recipe must be a word, a Recipe or a Callable, not 3"),
        (
            lambda uci: td.train("swift", uci, select="tset"),
            "validation or test, not 'tset'; did you mean test?",
        ),
        (lambda uci: td.train("swift", uci, select="test", full=True), "leave one of them out"),
        (lambda uci: td.train("swift", uci, seed=1.5), "whole number from 0 to 9,223,372,036,854,775,807, not 1.5"),
        (lambda uci: td.train("swift", uci, seed="0"), "seed must be a whole number from 0 to"),
        (lambda uci: td.train("swift", uci, seed=True), "not True"),
        (lambda uci: td.train("swift", uci, seed=-1), "not -1"),
        (lambda uci: td.train("swift", uci, full=1), "full must be true or false, not 1"),
        (lambda uci: td.train("swift", uci, device="gpu"), "device must be auto, cpu, cuda or mps, not 'gpu'"),
        (lambda uci: td.train("swift", uci, device="mps"), "there is no mps device"),
        (lambda uci: td.train("swift", uci, out=3), "out must be a word or a Path or none, not 3"),
        (lambda uci: td.train("swift", uci, progress=print), "must be a TrainingCallback or auto or none"),
        (lambda uci: td.train("swift", uci, epochs=3), "train has no argument 'epochs'; there are recipe, dataset"),
        (lambda _: td.resume(None), "out must be a word or a Path, not None"),
        (lambda uci: td.classify("swfit", uci.test.images), "ships no weights of 'swfit'; did you mean swift?"),
        (
            lambda uci: td.classify(3, uci.test.images),
            "must be the name of one that ships or a torch.nn.Module",
        ),
        (lambda _: td.classify(NETWORK, [1, 2]), "images must be a tensor or an array, not a list"),
        (lambda uci: td.evaluate(NETWORK, uci), "split must be a Split, not a Dataset; give one of its two parts"),
        (lambda uci: td.evaluate("swfit", uci.test), "ships no weights of 'swfit'; did you mean swift?"),
        (lambda uci: td.evaluate(type(NETWORK), uci.test), "network must be a torch.nn.Module or a name, not a type"),
        (lambda _: td.check(type(NETWORK)), "network must be a Module, not the class Swift; make an instance of it"),
        (lambda _: td.check(NETWORK, 8_000), "budget must be a Budget, not 8000"),
        (lambda _: td.Budget(require={"gapp"}), "not 'gapp'; did you mean gap?"),
        (lambda _: td.load(None), "name must be a word or a Path, not None"),
        (lambda _: td.pretrained(None), "name must be a word, not None"),
        (lambda _: td.certify("swift", seeds="2"), "seeds must be a whole number ≥ 1, not '2'"),
        (lambda _: td.read(None), "an image must be a path, bytes, a file opened in binary mode"),
    ],
)
def test_a_wrong_argument_is_a_usage_error_of_one_sentence(
    call: Callable[[td.Dataset], object], sentence: str, uci: td.Dataset
) -> None:
    with pytest.raises(td.UsageError) as error:
        call(uci)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
