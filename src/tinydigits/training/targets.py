"""`TARGET` of the command line: a recipe's shipped weights, a run folder, or a weights file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from tinydigits.data import Dataset, Split
from tinydigits.errors import DataError
from tinydigits.networks import NETWORKS, load_tensors, load_weights, weights_file
from tinydigits.recipes import RECIPES, Recipe, get_recipe
from tinydigits.training.folder import RunFolder

__all__ = ["Target", "resolve"]


@dataclass(frozen=True)
class Target:
    """A trained network and what is known of it.

    Attributes:
        name: as the user gave it.
        network: in evaluation mode, on the CPU.
        recipe: what it was trained by; None for weights that do not say.
        accuracy: test accuracy in percent as it was recorded when it was trained; None if it was not.
        choice: how the measured weights were chosen, in words, such as `chosen on the test set`; empty if unknown.
        fingerprint: of the data it was trained on; None if that is not known.
    """

    name: str
    network: nn.Module
    recipe: Recipe | None = None
    accuracy: float | None = None
    fingerprint: str | None = None
    choice: str = ""

    def unseen(self, dataset: Dataset) -> Split:
        """The images that it is fair to measure this network on.

        The test set, where the data have one of their own or where the network was, or may have been, trained on
        the rest of them; otherwise all images.
        """
        if dataset.has_own_test or self.fingerprint in {None, dataset.fingerprint}:
            return dataset.test
        return dataset.everything()


def resolve(target: str) -> Target:
    """A recipe's name, a run folder, or a weights file (`.safetensors`, `.pth`, `.pt`), loaded.

    Raises:
        UsageError: it is none of these.
        DataError: what it names is missing or broken, or fits no network.
    """
    path = Path(target)
    if target in RECIPES:
        return _shipped(RECIPES[target])
    if path.is_dir():
        return _run(target, RunFolder(path))
    if path.suffix in {".safetensors", ".pth", ".pt"}:
        return _file(target, path)
    if path.exists():
        raise DataError(f"{target} is neither a run folder nor a weights file (.safetensors, .pth, .pt)")
    if path.parent != Path():
        raise DataError(f"there is no {target}; give a recipe's name, a run folder or a weights file")
    get_recipe(target)  # says which recipe is the nearest
    raise AssertionError


def _shipped(recipe: Recipe) -> Target:
    path = weights_file(recipe.name)
    if path is None:
        raise DataError(f"tinydigits ships no weights of {recipe.name}; make them with: tinydigits train {recipe.name}")
    weights, notes = load_weights(path)
    network = recipe.build()
    network.load_state_dict(weights)
    return Target(recipe.name, network.eval(), recipe, float(notes["test_accuracy"]), notes["fingerprint"])


def _run(target: str, folder: RunFolder) -> Target:
    settings = folder.settings()
    if not folder.best_model.is_file():
        raise DataError(f"the run {target} has no complete epoch yet; go on with: tinydigits train --resume {target}")
    network = settings.recipe.build()
    _load(network, load_tensors(folder.best_model), folder.best_model)
    accuracy = None
    if folder.test_accuracy.is_file():
        try:
            accuracy = float(folder.test_accuracy.read_text(encoding="utf-8").split()[0])
        except (ValueError, IndexError) as error:
            raise DataError(f"{folder.test_accuracy} does not begin with a percentage") from error
    return Target(target, network.eval(), settings.recipe, accuracy, settings.fingerprint, settings.choice)


def _file(target: str, path: Path) -> Target:
    weights, notes = load_weights(path) if path.suffix == ".safetensors" else (load_tensors(path), {})
    shapes = {name: tuple(value.shape) for name, value in weights.items() if isinstance(value, Tensor)}
    for kind in NETWORKS.values():
        with torch.device("meta"):
            layout = {name: tuple(tensor.shape) for name, tensor in kind().state_dict().items()}
        if layout == shapes:
            network = kind()
            _load(network, weights, path)
            recipe = RECIPES.get(notes.get("recipe", ""))
            return Target(target, network.eval(), recipe, fingerprint=notes.get("fingerprint"))
    raise DataError(f"the names and shapes in {target} are those of none of {', '.join(NETWORKS)}")


def _load(network: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    try:
        network.load_state_dict(weights)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise DataError(f"{path} does not hold the weights of this network") from error
