"""The recipes keep what DESIGN promises, and words change them safely."""

from __future__ import annotations

import dataclasses

import pytest
import torch

import tinydigits as td
from tinydigits.recipes import RECIPES, Augmentation, get_recipe, override, recipe_from_dict

FIVE = ("recognizer", "simple", "gap", "skip", "dense")
EXACT = {"gap": 18_596, "skip": 13_272, "dense": 18_970}
BELOW = {"recognizer": 20_000, "simple": 8_000}
EPOCHS = {"recognizer": 20, "simple": 15, "gap": 20, "skip": 10, "dense": 20}
LAYERS = {
    "recognizer": ({"batch_norm", "dropout", "fc"}, set()),
    "simple": ({"batch_norm", "dropout", "skip"}, {"fc"}),
    "gap": ({"batch_norm", "dropout", "gap"}, {"fc"}),
    "skip": ({"batch_norm", "dropout", "skip"}, set()),
    "dense": ({"batch_norm", "dropout", "fc"}, set()),
}


@pytest.mark.parametrize("name", FIVE)
def test_each_system_has_the_parameters_layers_and_epochs_of_the_design(name: str) -> None:
    for recipe in (get_recipe(name), get_recipe(f"{name}-original")):
        require, forbid = LAYERS[name]
        budget = td.Budget(
            parameters=BELOW.get(name, 20_000) - 1,
            exact_parameters=EXACT.get(name),
            epochs=EPOCHS[name],
            require=require,
            forbid=forbid,
        )
        report = td.check(recipe.build(), budget, epochs=recipe.epochs)
        assert report.passed, report


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_recipe_keeps_its_own_budget(recipe: td.Recipe) -> None:
    budget = dataclasses.replace(recipe.budget, accuracy=None)
    assert td.check(recipe.build(), budget, epochs=recipe.epochs).passed
    assert recipe.budget.accuracy == 99.40


@pytest.mark.parametrize("name", FIVE)
def test_a_recipe_and_its_original_train_the_same_network(name: str) -> None:
    ours, original = get_recipe(name), get_recipe(f"{name}-original")
    assert ours.network == original.network
    assert ours.budget == original.budget
    assert ours.digest() != original.digest()


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_survives_json(recipe: td.Recipe) -> None:
    assert recipe_from_dict(recipe.as_dict()) == recipe
    assert recipe_from_dict(recipe.as_dict()).digest() == recipe.digest()


def test_words_change_fields_of_their_own_type() -> None:
    changed = override(
        get_recipe("dense"),
        [
            "epochs=3",
            "optimizer.lr=1e-2",
            "optimizer.nesterov=false",
            "schedule.name=step",
            "budget.require=fc,dropout",
        ],
    )
    assert (changed.epochs, changed.optimizer.lr, changed.optimizer.nesterov) == (3, 0.01, False)
    assert changed.schedule.name == "step"
    assert changed.budget.require == {"fc", "dropout"}
    assert changed.batch_size == get_recipe("dense").batch_size


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("epoch=3", "did you mean epochs"),
        ("lr=0.1", "did you mean optimizer.lr"),
        ("optimizer.rl=0.1", "did you mean optimizer.lr"),
        ("zzzzzz=1", "there are name, network, epochs"),
        ("epochs=three", "epochs must be a whole number from 1 to 10,000, not 'three'"),
        ("epochs=2.5", "epochs must be a whole number"),
        ("epochs=0", "epochs must be a whole number from 1 to 10,000, not 0"),
        ("optimizer.lr=nan", "optimizer.lr must be a number > 0 and ≤ 1,000, not nan"),
        ("dropout=1", "dropout must be a number ≥ 0 and < 1, not 1"),
        ("optimizer.nesterov=maybe", "true or false"),
        ("schedule.name=cosine", "must be constant, step, plateau or one_cycle, not 'cosine'"),
        ("network=dens", "did you mean dense"),
        ("budget.require=gapp", "gap"),
        ("epochs", "field=value"),
    ],
)
def test_a_word_that_cannot_be_meant_is_refused_with_the_nearest(word: str, reason: str) -> None:
    with pytest.raises(td.UsageError, match=reason):
        override(get_recipe("dense"), [word])


def test_the_digest_follows_what_is_trained_and_nothing_else() -> None:
    recipe = get_recipe("gap")
    assert override(recipe, ["epochs=19"]).digest() != recipe.digest()
    assert override(recipe, ["optimizer.lr=0.05"]).digest() != recipe.digest()
    assert override(recipe, ["name=other", "notes=words", "budget.epochs=99"]).digest() == recipe.digest()
    assert override(recipe, ["augmentation.rotation=10.0"]).digest() == recipe.digest()


def test_a_field_at_its_default_does_not_enter_the_digest() -> None:
    """Otherwise a version with one more field would not recognise today's evidence and weights."""
    bare = dataclasses.replace(get_recipe("gap"), augmentation=Augmentation(), ema_decay=0.0)
    assert bare.digest() == "a5b0ddc13dd0"


def test_an_unknown_recipe_is_named_with_the_nearest() -> None:
    with pytest.raises(td.UsageError, match="did you mean dense"):
        get_recipe("densse")


def test_the_same_seed_builds_the_same_network() -> None:
    first, second = (torch.manual_seed(5) and get_recipe("skip").build().state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
