"""`TARGET` of the command line: a recipe's shipped weights, a run folder, or a weights file."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tinydigits.data import Dataset, Split
from tinydigits.errors import DataError, UsageError
from tinydigits.networks import NETWORKS, load_tensors, load_weights, shipped_notes, weights_file
from tinydigits.recipes import RECIPES, Recipe, get_recipe, recipe_for
from tinydigits.training.folder import RunFolder
from tinydigits.training.run import Settings
from tinydigits.user_networks import UserNetwork, demand_trust, is_current, is_user_code

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Target", "latest_run", "resolve"]

_DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class Target:
    """A trained network and what is known of it.

    Attributes:
        name: as the user gave it.
        load: what makes the network.
        recipe: what it was trained by; None for weights that do not say.
        accuracy: test accuracy in percent as it was recorded when it was trained; None if it was not.
        fingerprint: of the data it was trained on; None if that is not known.
        choice: how the measured weights were chosen, in words, such as `chosen on the test set`; empty if unknown.
        settings: of the run that it belongs to, if it does.
        classes: what its answers stand for; None if that is not known.
        notice: what the user must be told of where the network comes from; usually empty.
    """

    name: str
    load: Callable[[], nn.Module]
    recipe: Recipe | None = None
    accuracy: float | None = None
    fingerprint: str | None = None
    choice: str = ""
    settings: Settings | None = None
    classes: tuple[str, ...] | None = None
    notice: str = ""

    @cached_property
    def network(self) -> nn.Module:
        """In evaluation mode, on the CPU."""
        return self.load().eval()

    def unseen(self, dataset: Dataset) -> Split:
        """The images that it is fair to measure this network on, labelled as it answers.

        The test set, where the data have one of their own or where the network was, or may have been, trained on
        the rest of them; otherwise all images.

        Raises:
            UsageError: the data have a class that the network has not.
        """
        split = dataset.test
        if not dataset.has_own_test and self.fingerprint not in {None, dataset.fingerprint}:
            split = dataset.everything()
        if self.classes is None or dataset.classes == self.classes[: len(dataset.classes)]:
            return split
        unknown = [name for name in dataset.classes if name not in self.classes]
        if unknown:
            raise UsageError(
                f"{self.name} was trained on the classes {', '.join(self.classes)}, and {dataset.name} has others: "
                f"{', '.join(unknown)}; give --dataset one with the same class names"
            )
        answers = np.array([self.classes.index(name) for name in dataset.classes], np.int64)
        return Split(split.image_array[:, None], answers[split.label_array])

    def named(self, dataset: Dataset) -> Dataset:
        """The data set with the classes of the network, by which its answers are named."""
        return dataset if self.classes is None else dataclasses.replace(dataset, classes=self.classes)


def resolve(target: str, *, trust: bool = False) -> Target:
    """A recipe's name, a run folder, a weights file (`.safetensors`, `.pth`, `.pt`), or a user's network, loaded.

    Of a user's network, `file.py:Name`, the latest complete run in `runs` is taken that trained it as it is now.

    Args:
        target: as above.
        trust: run the code of a user's network in a run folder even if it has not run on this machine before.

    Raises:
        UsageError: it is none of these, or a run folder with code that is not trusted.
        DataError: what it names is missing, changed or damaged, or fits no network.
    """
    path = Path(target)
    if target in RECIPES:
        return _shipped(RECIPES[target])
    if is_user_code(target) or target.endswith(".toml"):
        found = latest_run(recipe_for(target, examined=False))
        if found is None:
            raise DataError(
                f"runs has no complete run of {target} as it is now; train it with: tinydigits train {target}"
            )
        return found
    if path.is_dir():
        return _run(target, RunFolder(path), RunFolder(path).best_model, trust)
    folder = RunFolder(path.parent)
    if path in {folder.best_model, folder.final_model} and path.is_file() and folder.config.is_file():
        return _run(target, folder, path, trust)
    if path.suffix in {".safetensors", ".pth", ".pt"}:
        return _file(target, path)
    if path.exists():
        raise DataError(f"{target} is neither a run folder nor a weights file (.safetensors, .pth, .pt)")
    if path.parent != Path():
        raise DataError(f"there is no {target}; give a recipe's name, a run folder or a weights file")
    get_recipe(target)  # says which recipe is the nearest
    raise AssertionError


def _shipped(recipe: Recipe) -> Target:
    name = recipe.name
    path = weights_file(name)
    if path is None:
        raise DataError(f"tinydigits ships no weights of {name}; make them with: tinydigits train {name}")
    notes = shipped_notes(name)
    accuracy, fingerprint = float(notes["test_accuracy"]), notes["fingerprint"]

    def load() -> nn.Module:
        network = recipe.build()
        network.load_state_dict(load_weights(path)[0])
        return network

    return Target(name, load, recipe, accuracy, fingerprint, classes=_DIGITS)


def latest_run(recipe: Recipe) -> Target | None:
    """The latest complete run in `runs` of the recipe's network as it now is; None if there is none."""
    configs = sorted(Path("runs").glob("*/config.json"), key=lambda config: config.stat().st_mtime, reverse=True)
    for folder in (RunFolder(config.parent) for config in configs):
        with contextlib.suppress(DataError, UsageError):  # of runs that are broken or not trusted
            if folder.test_accuracy.is_file() and folder.settings().recipe.network == recipe.network:
                found = _run(str(folder.path), folder, folder.best_model, trust=False)
                return dataclasses.replace(found, notice=f"the weights are those of {folder.path}")
    return None


def _run(target: str, folder: RunFolder, model: Path, trust: bool) -> Target:
    settings = folder.settings()
    demand_trust(settings.recipe.network, folder.path, trust=trust)
    again = f"tinydigits train --resume {folder.path}"
    if not model.is_file():
        raise DataError(f"the run {target} has no complete epoch yet; resume it with: {again}")
    try:
        weights = load_tensors(model, signed=True)
    except DataError as error:
        raise DataError(f"{error}; write it again from the checkpoint with: {again}") from error
    network = settings.recipe.build()
    _load(network, weights, model)
    best = model == folder.best_model
    return Target(
        target,
        lambda: network,
        settings.recipe,
        accuracy=folder.accuracy() if best else None,
        fingerprint=settings.fingerprint,
        choice=settings.choice if best else settings.last_epoch,
        settings=settings,
        classes=settings.classes,
        notice=_change(settings.recipe),
    )


def _change(recipe: Recipe) -> str:
    """What has become of the file of a user's network since a run; empty if nothing has."""
    network = recipe.network
    if isinstance(network, UserNetwork) and not is_current(network):
        return f"{network.target} is not what it was when it was trained; the run's own copy of the source is used"
    return ""


def _file(target: str, path: Path) -> Target:
    import torch

    weights, notes = load_weights(path) if path.suffix == ".safetensors" else (load_tensors(path), {})
    shapes = {name: tuple(value.shape) for name, value in weights.items() if isinstance(value, torch.Tensor)}
    for kind in NETWORKS.values():
        with torch.device("meta"):
            layout = {name: tuple(tensor.shape) for name, tensor in kind().state_dict().items()}
        if layout == shapes:
            network = kind()
            _load(network, weights, path)
            recipe = RECIPES.get(notes.get("recipe", ""))
            classes = _DIGITS if recipe else None
            return Target(target, network.eval, recipe, fingerprint=notes.get("fingerprint"), classes=classes)
    raise DataError(f"the names and shapes in {target} are those of none of {', '.join(NETWORKS)}")


def _load(network: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    try:
        network.load_state_dict(weights)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise DataError(f"{path} does not hold the weights of this network") from error
