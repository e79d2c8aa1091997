"""What decides the figures of a record, and nothing else: `code_fingerprint` covers all that these functions run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from tinydigits.data import Split
from tinydigits.recipes import Recipe
from tinydigits.training.engine import Engine
from tinydigits.training.group import train_group

__all__ = ["one_thread", "train_seed", "train_seeds_in_group"]


def train_seed(recipe: Recipe, images: Split, seed: int) -> nn.Module:
    """Train on all images for the recipe's epochs, and take the last weights.

    It runs on the CPU with one thread, so that the result is bit for bit the same wherever it runs: alone, in a
    worker of this machine, or on a cluster of machines like it.

    Args:
        recipe: what to do.
        images: to train on.
        seed: of all random numbers.

    Raises:
        TinydigitsError: the training has diverged.
    """
    with one_thread():
        engine = Engine(recipe, images, device=torch.device("cpu"), seed=seed)
        for _ in range(recipe.epochs):
            loss, accuracy = engine.epoch(lambda _batch: None)
            engine.end_epoch(loss, accuracy)
        return engine.network.eval()


def train_seeds_in_group(
    recipe: Recipe, images: Split, seeds: Sequence[int], device: torch.device
) -> Sequence[nn.Module]:
    """The same for many seeds at once, as one network on this device (see `train_group`)."""
    return train_group(recipe, images, seeds, device=device)


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, PyTorch computes with one thread: how many there are changes the last bits of a sum."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
