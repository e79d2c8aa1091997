"""PyTorch's optimisers and schedules, as a recipe names them."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tinydigits.recipes import Optimizer, Recipe

__all__ = ["Scheduler", "image_losses", "images_seen", "make_optimizer"]


def make_optimizer(network: nn.Module, choice: Optimizer, *, recorded: bool = False) -> torch.optim.Optimizer:
    """The recipe's optimiser over the network's trainable parameters.

    Args:
        network: has the parameters.
        choice: which optimiser, and its numbers.
        recorded: whether steps will be recorded in a CUDA graph: the learning rate is then a tensor on the
            device, which the graph reads anew at every replay.
    """
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    rate = torch.tensor(choice.lr, device=parameters[0].device) if recorded else choice.lr
    # Fused: calls for each parameter, PyTorch's default on a CPU, cost these networks more than the sums do.
    if choice.name == "sgd":
        return torch.optim.SGD(
            parameters,
            lr=rate,
            momentum=choice.momentum,
            nesterov=choice.nesterov,
            weight_decay=choice.weight_decay,
            fused=True,
        )
    kind = torch.optim.Adam if choice.name == "adam" else torch.optim.AdamW
    return kind(parameters, lr=rate, weight_decay=choice.weight_decay, capturable=recorded, fused=True)


def image_losses(recipe: Recipe, scores: Tensor, labels: Tensor) -> Tensor:
    """The recipe's loss of each image, [B], from scores [B, 10] and labels [B]."""
    if recipe.loss == "nll":
        return F.nll_loss(scores, labels, reduction="none")
    return F.cross_entropy(scores, labels, reduction="none")


def images_seen(recipe: Recipe, count: int) -> list[int]:
    """How many of `count` training images each epoch of the recipe trains on: two at least, for batch norm."""
    return [count, *[min(count, max(2, round(recipe.hard_example_fraction * count)))] * (recipe.epochs - 1)]


class Scheduler:
    """The recipe's schedule: `after_batch` and `after_epoch` move the learning rate.

    Args:
        optimizer: whose learning rate is moved.
        recipe: names the schedule and the number of epochs.
        batches: batches of the whole training.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, recipe: Recipe, batches: int) -> None:
        self._schedule = _SCHEDULES[recipe.schedule.name](optimizer, recipe, batches)
        self._name = recipe.schedule.name

    def after_batch(self) -> None:
        """Move on by a batch."""
        if self._name == "one_cycle":
            self._schedule.step()

    def after_epoch(self, accuracy: float) -> None:
        """Move on by an epoch whose held-out accuracy (in training, where nothing is held out) was this."""
        if isinstance(self._schedule, torch.optim.lr_scheduler.ReduceLROnPlateau):
            self._schedule.step(accuracy)
        elif self._name == "step":
            self._schedule.step()

    def state_dict(self) -> dict[str, object]:
        """Numbers and strings alone."""
        return {k: v for k, v in self._schedule.state_dict().items() if not callable(v)}

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Go on from a `state_dict`."""
        self._schedule.load_state_dict(state)


_SCHEDULES: dict[str, Callable[[torch.optim.Optimizer, Recipe, int], torch.optim.lr_scheduler.LRScheduler]] = {
    "constant": lambda optimizer, _recipe, _batches: torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0),
    "step": lambda optimizer, recipe, _batches: torch.optim.lr_scheduler.StepLR(
        optimizer, recipe.schedule.step_size, recipe.schedule.gamma
    ),
    "plateau": lambda optimizer, recipe, _batches: torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode="max", factor=recipe.schedule.gamma, patience=recipe.schedule.patience
    ),
    "one_cycle": lambda optimizer, recipe, batches: torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=recipe.optimizer.lr,
        total_steps=batches + 1,  # it also steps after the last batch
        pct_start=recipe.schedule.warmup,
        cycle_momentum=False,
    ),
}
