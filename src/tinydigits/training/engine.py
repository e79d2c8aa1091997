"""The numbers of a training: batches in, weights out; no files, no printing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tinydigits.augment import augment
from tinydigits.data import Split
from tinydigits.data.standardization import standardize
from tinydigits.errors import TinydigitsError, UsageError
from tinydigits.networks import Network, log_probabilities
from tinydigits.recipes import Recipe
from tinydigits.training.cpu_kernels import fused_cpu_layers
from tinydigits.training.optimisation import Scheduler, image_losses, images_seen, make_optimizer

__all__ = ["Engine"]


class Engine:
    """A training between two epochs.

    Everything that the next epoch depends on is in `state_dict`, random numbers included, so that an engine that
    loads another's state continues bit for bit as that one would have (on the CPU, with as many threads).
    PyTorch's global generators are left as they were found.

    Args:
        recipe: what to do.
        split: the training images, kept on the device for the whole training.
        device: where to train.
        seed: decides initial weights, order, augmentation and dropout.
    """

    def __init__(self, recipe: Recipe, split: Split, *, device: torch.device, seed: int) -> None:
        self.recipe = recipe
        self.device = device
        self._images, self._labels = split.images.to(device), split.labels.to(device)
        self._losses: Tensor | None = None
        self._seen = images_seen(recipe, len(split))
        self._random: dict[str, Tensor] | None = None
        with self._own_random_numbers():
            torch.manual_seed(seed)
            self._network = _channels_last(recipe.build().to(device))
        self._optimizer = make_optimizer(self._network, recipe.optimizer)
        self._scheduler = Scheduler(self._optimizer, recipe, sum(self.batches))
        self._ema: AveragedModel | None = None
        if recipe.ema_decay:
            update = get_ema_multi_avg_fn(recipe.ema_decay)  # type: ignore[no-untyped-call]
            self._ema = AveragedModel(self._network, multi_avg_fn=update, use_buffers=True)

    @property
    def batches(self) -> list[int]:
        """How many batches each epoch of the training has."""
        return [math.ceil(count / self.recipe.batch_size) for count in self._seen]

    @property
    def network(self) -> nn.Module:
        """What is evaluated and saved: the network, or its exponential moving average where the recipe keeps one."""
        return self._ema.module if self._ema is not None else self._network

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next batch."""
        return float(self._optimizer.param_groups[0]["lr"])

    def epoch(self, after_batch: Callable[[int], None]) -> tuple[float, float]:
        """Train on every image once or, after the first epoch, on the recipe's share of those with the highest loss.

        Args:
            after_batch: called with the number of batches done; what it raises ends the epoch.

        Returns:
            Loss and accuracy in percent over the epoch's batches, as the network saw them: augmented, with dropout.

        Raises:
            TinydigitsError: the loss is no longer finite.
        """
        with self._own_random_numbers():
            loss, accuracy = self._epoch(after_batch)
        self._check_convergence(loss)
        return loss, accuracy

    def end_epoch(self, loss: float, accuracy: float) -> None:
        """Give the schedule the accuracy on what is held out (in training, where nothing is held out).

        Args:
            loss: on the same images.
            accuracy: in percent.

        Raises:
            TinydigitsError: the loss is no longer finite.
        """
        self._check_convergence(loss)
        self._scheduler.after_epoch(accuracy)

    def _check_convergence(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise TinydigitsError(
                f"the training of {self.recipe.name} has diverged, its loss is {loss}; "
                f"lower optimizer.lr, which is {self.recipe.optimizer.lr:g}"
            )

    def _epoch(self, after_batch: Callable[[int], None]) -> tuple[float, float]:
        total_correct = torch.zeros((), device=self.device, dtype=torch.int64)
        changes = dataclasses.asdict(self.recipe.augmentation)
        self._network.train()
        order = self._order()
        losses = torch.zeros(len(self._labels), device=self.device) if self._losses is None else self._losses
        # Batches of nearly one size: a last batch of a single image would leave batch norm nothing to average.
        batches = math.ceil(len(order) / self.recipe.batch_size)
        for number, index in enumerate(order.tensor_split(batches), 1):
            pixels, labels = self._images[index].float() / 255, self._labels[index]
            pixels = standardize(augment(pixels, **changes)).contiguous(memory_format=torch.channels_last)
            with fused_cpu_layers():
                scores = self._network(pixels)
            loss = self._image_losses(scores, labels)
            self._optimizer.zero_grad()
            loss.mean().backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
            self._scheduler.after_batch()
            if self._ema is not None:
                self._ema.update_parameters(self._network)
            losses[index] = loss.detach()
            total_correct += (scores.detach().argmax(1) == labels).sum()
            after_batch(number)
        if self.recipe.hard_example_fraction < 1:
            self._losses = losses
        return float(losses[order].mean()), 100 * (int(total_correct) / len(order))

    def _order(self) -> Tensor:
        """The images of the next epoch, by index, in random order."""
        if self._losses is None:
            return torch.randperm(len(self._labels), device=self.device)
        chosen = self._losses.topk(self._seen[-1], sorted=False).indices
        return chosen[torch.randperm(len(chosen), device=self.device)]

    def _image_losses(self, scores: Tensor, labels: Tensor) -> Tensor:
        if self.recipe.loss == "nll" and abs(float(scores[0].detach().exp().sum()) - 1) > 1e-3:
            raise UsageError(
                f"loss=nll needs a network that ends in log-softmax, and that of {self.recipe.name} does not; "
                "use loss=cross_entropy"
            )
        return image_losses(self.recipe, scores, labels)

    def state_dict(self) -> dict[str, Any]:
        """Tensors and plain containers alone: what the next epoch depends on."""
        return {
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
            "ema": None if self._ema is None else self._ema.state_dict(),
            "losses": self._losses,
            "random": dict(self._random or {}),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from another engine's `state_dict`, with the same recipe and images."""
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._scheduler.load_state_dict(state["scheduler"])
        if self._ema is not None:
            self._ema.load_state_dict(state["ema"])
        self._losses = state["losses"] if state["losses"] is None else state["losses"].to(self.device)
        self._random = {name: generator.cpu() for name, generator in state["random"].items()}

    @contextmanager
    def _own_random_numbers(self) -> Iterator[None]:
        """Inside, PyTorch's generators are this engine's; their state is kept unless an error is raised."""
        found = _generators(self.device)
        if self._random is not None:
            _set_generators(self._random)
        try:
            yield
            self._random = _generators(self.device)
        finally:
            _set_generators(found)


def _channels_last(network: nn.Module) -> nn.Module:
    """The network with its weights in the order of memory that is quicker, unless its own code needs the usual one.

    That is so where it calls `Tensor.view` on a map of several channels and positions.
    """
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if not isinstance(network, Network):
        try:
            log_probabilities(network, torch.zeros(2, 1, 28, 28, dtype=torch.uint8))
        except RuntimeError:
            network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return network


def _generators(device: torch.device) -> dict[str, Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state()
    if device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def _set_generators(states: dict[str, Tensor]) -> None:
    torch.set_rng_state(states["cpu"])
    if "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"])
    if "mps" in states:
        torch.mps.set_rng_state(states["mps"])
