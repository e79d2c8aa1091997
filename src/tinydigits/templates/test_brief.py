"""Does the network keep to brief.toml? All of it but the accuracy, which needs a training: tinydigits check."""

import dataclasses
from pathlib import Path

import tinydigits as td

RECIPE = td.recipes.recipe_for(Path(__file__).with_name("recipe.toml"))


def test_the_network_keeps_to_the_brief():
    limits = dataclasses.replace(RECIPE.budget, accuracy=None)
    report = td.check(RECIPE.build(), limits, epochs=RECIPE.epochs)
    assert report.passed, [f"{check.name}: {check.found}" for check in report.checks if not check.passed]
