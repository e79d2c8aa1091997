"""Many seeds of one recipe trained at once, as one network: for devices that a single small network leaves idle.

Experimental: the recording of CUDA graphs has never run.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from tinydigits.augment import augment
from tinydigits.data import Split
from tinydigits.data.standardization import standardize
from tinydigits.errors import TinydigitsError, UsageError
from tinydigits.recipes import Recipe
from tinydigits.training.optimisation import Scheduler, image_losses, images_seen, make_optimizer

__all__ = ["train_group"]


def train_group(recipe: Recipe, split: Split, seeds: Sequence[int], *, device: torch.device) -> list[nn.Module]:
    """Train a recipe with every one of the seeds at once, on all images of the split, and take the last weights.

    The networks are independent: each has the initial weights that its seed alone would give it, and an order,
    augmentation and dropout of its own. These are drawn for the whole group, so that the result of a seed is
    reproduced by the same group only. Images stay on the device, nothing waits for it between epochs, and on
    CUDA each step is one replay of a recorded graph.

    Args:
        recipe: what to do.
        split: the training images.
        seeds: one a network, different from one another.
        device: where to train.

    Returns:
        The networks in evaluation mode, on the CPU, in the order of the seeds.

    Raises:
        UsageError: the recipe keeps a moving average or has the schedule `plateau`, which need each network's
            own losses, or a seed is given twice.
        TinydigitsError: a training has diverged.
    """
    if recipe.ema_decay or recipe.schedule.name == "plateau":
        raise UsageError(f"{recipe.name} cannot be trained in a group: it has a moving average or the plateau schedule")
    if len(set(seeds)) < len(seeds):
        raise UsageError("a seed is given twice")
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        group = _Group(recipe, split, seeds, device)
        torch.manual_seed(seeds[0])
        for number, count in enumerate(images_seen(recipe, len(split)), 1):
            group.epoch(count)
            group.scheduler.after_epoch(0.0)
            finite = group.losses.sum(1).isfinite().tolist()
            if not all(finite):
                lost = [str(seed) for seed, good in zip(seeds, finite, strict=True) if not good]
                raise TinydigitsError(f"{recipe.name} has diverged in epoch {number} with seed {', '.join(lost)}")
    return group.networks()


class _Group:
    """Networks as one, whose parameters and buffers have a first dimension more, over the seeds."""

    def __init__(self, recipe: Recipe, split: Split, seeds: Sequence[int], device: torch.device) -> None:
        self.recipe = recipe
        self._images, self._labels = split.images.to(device), split.labels.to(device)
        self._changes = dataclasses.asdict(recipe.augmentation)
        self._single: list[nn.Module] = []
        for seed in seeds:
            torch.manual_seed(seed)
            self._single.append(recipe.build().to(device))
        self._skeleton = copy.deepcopy(self._single[0]).to("meta").train()
        parameters, self._buffers = stack_module_state(self._single)
        self._parameters: dict[str, Tensor] = {
            name: nn.Parameter(tensor.detach()) for name, tensor in parameters.items()
        }
        stacked = nn.ParameterList(self._parameters.values())
        self._optimizer = make_optimizer(stacked, recipe.optimizer, recorded=device.type == "cuda")
        batches = sum(math.ceil(images / recipe.batch_size) for images in images_seen(recipe, len(split)))
        self.scheduler = Scheduler(self._optimizer, recipe, batches)
        self.losses = torch.zeros(len(seeds), len(split), device=device)
        self._run = _Replayed(self._step) if device.type == "cuda" else self._step

    def epoch(self, count: int) -> None:
        """Train every network on `count` images of its own."""
        chosen = self.losses.topk(count, sorted=False).indices  # of equal losses, before the first epoch, all
        order = chosen.gather(1, torch.rand(chosen.shape, device=chosen.device).argsort(1))
        for index in order.tensor_split(math.ceil(count / self.recipe.batch_size), 1):
            self._run(index)
            self.scheduler.after_batch()

    def _step(self, index: Tensor) -> None:
        seeds, batch = index.shape
        labels = self._labels[index]
        # Seeds next to one another: an augmentation of the first images of a batch takes as many of each seed's.
        pixels = augment(self._images[index.T.flatten()].float() / 255, **self._changes)
        pixels = standardize(pixels).view(batch, seeds, *pixels.shape[1:]).transpose(0, 1)
        scores = torch.vmap(self._scores, randomness="different")(self._parameters, self._buffers, pixels)
        losses = image_losses(self.recipe, scores.flatten(0, 1), labels.flatten()).view(seeds, batch)
        self._optimizer.zero_grad()
        losses.mean(1).sum().backward()  # type: ignore[no-untyped-call] # no network's loss depends on another's weights
        self._optimizer.step()
        self.losses.scatter_(1, index, losses.detach())

    def _scores(self, parameters: dict[str, Tensor], buffers: dict[str, Tensor], pixels: Tensor) -> Tensor:
        scores: Tensor = functional_call(self._skeleton, (parameters, buffers), (pixels,))
        return scores

    def networks(self) -> list[nn.Module]:
        """Each network by itself."""
        for number, network in enumerate(self._single):
            tensors = {**self._parameters, **self._buffers}
            network.load_state_dict({name: tensor[number].detach() for name, tensor in tensors.items()})
        return [network.cpu().eval() for network in self._single]


class _Replayed:
    """A step of a CUDA training that is recorded once for each size of batch, and from then on replayed.

    The first batch of a size is trained on as usual, which also readies what may not be made while recording.
    """

    def __init__(self, step: Callable[[Tensor], None]) -> None:
        self._step = step
        self._seen: set[int] = set()
        self._graphs: dict[int, tuple[torch.cuda.CUDAGraph, Tensor]] = {}

    def __call__(self, index: Tensor) -> None:
        size = index.shape[1]
        if size not in self._seen:
            self._seen.add(size)
            side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                self._step(index)
            torch.cuda.current_stream().wait_stream(side)
            return
        if size not in self._graphs:
            graph, fixed = torch.cuda.CUDAGraph(), index.clone()
            with torch.cuda.graph(graph):
                self._step(fixed)
            self._graphs[size] = graph, fixed
        graph, fixed = self._graphs[size]
        fixed.copy_(index)
        graph.replay()
