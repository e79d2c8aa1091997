"""A user's network, tried on one batch before it is trained: what cannot be trained is said in one sentence."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from tinydigits.budget import check
from tinydigits.errors import UsageError
from tinydigits.networks import count_parameters
from tinydigits.recipes.recipe import Recipe
from tinydigits.user_networks import UserNetwork, executed_files, format_place

__all__ = ["examine", "reporting_crashes"]

_BATCH = 8


def examine(recipe: Recipe) -> str:
    """What a reader should know of the scores of a user's network, in a sentence.

    PyTorch's random numbers go on as if nothing had been drawn.

    Raises:
        UsageError: it has no trainable parameters, more than 256 MiB of them, gives something else than scores
            [B, 10], NaN, or no gradient, or draws the same weights whatever the seed.
        DataError: it crashes.
    """
    network = recipe.network
    assert isinstance(network, UserNetwork)
    network.refuse_giants()
    with torch.random.fork_rng(devices=[]):
        module = recipe.build()
        if not count_parameters(module):
            raise UsageError(
                f"{network.target} has no trainable parameters ({network.place}), so nothing can be learnt"
            )
        _check_seeds(recipe, network)
        for one in check(module).checks:
            if not one.passed and not one.found.startswith("yes"):
                verb = "" if one.name == "runs" else f"fails the check of {one.name}: "
                place = "" if one.name == "runs" else f" ({network.place})"
                raise UsageError(f"{network.target} {verb}{one.found}{place}")
        pixels = torch.randn(_BATCH, 1, 28, 28)
        _check_step(module, network, pixels)
        with torch.no_grad():
            scores = module.eval()(pixels)
    sums_to_one = (scores.exp().sum(1) - 1).abs().max() < 1e-3
    if recipe.loss == "nll" and not sums_to_one:
        raise UsageError(
            f"loss=nll needs a network that ends in log-softmax, and {network.target} does not; leave it out"
        )
    if sums_to_one:
        return "It gives log-probabilities, which the loss takes as it takes logits."
    if scores.min() >= 0 and (scores.sum(1) - 1).abs().max() < 1e-3:
        return "It gives probabilities, from which it learns slowly: let it return logits, without softmax."
    return "It gives logits."


def reporting_crashes(recipe: Recipe) -> contextlib.AbstractContextManager[None]:
    """Inside, a crash of a user's network in training becomes one sentence."""
    if isinstance(recipe.network, UserNetwork):
        return recipe.network.reporting("crashes in training")
    return contextlib.nullcontext()


def _check_seeds(recipe: Recipe, network: UserNetwork) -> None:
    states = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        recipe.build()
        states.append(torch.get_rng_state())
    if torch.equal(*states):
        raise UsageError(
            f"{network.target} sets PyTorch's seed when it is made ({network.place}), so that all seeds would be one; "
            "leave that to --seed"
        )


def _check_step(module: nn.Module, network: UserNetwork, pixels: Tensor) -> None:
    finite = _Finite()
    with network.reporting("crashes in a training step"):
        with finite:
            scores = module.train()(pixels)
        labels = torch.arange(len(pixels)) % 10
        if scores.requires_grad:
            F.cross_entropy(scores, labels).backward()  # type: ignore[no-untyped-call]
    if not scores.isfinite().all():
        where = finite.place or network.place
        raise UsageError(f"{network.target} gives NaN or infinity in training mode ({where})")
    gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
    if not any(gradient.abs().max() > 0 for gradient in gradients if gradient.numel()):
        raise UsageError(
            f"{network.target} does not learn: no gradient comes from its scores to its parameters ({network.place}); "
            "is there a detach(), argmax() or no_grad() in forward?"
        )


class _Finite(TorchFunctionMode):
    """Notes the line of the user's code in which a value first was not finite."""

    place = ""

    def __torch_function__(
        self, function: Callable[..., Any], types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        is_scores = isinstance(result, Tensor) and result.is_floating_point()
        if not self.place and is_scores and not result.detach().isfinite().all():
            self.place = _users_line()
        return result


def _users_line() -> str:
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename in executed_files():
            return format_place(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return ""
