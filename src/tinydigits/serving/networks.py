"""The networks that can be called, with what is claimed of each."""

from __future__ import annotations

from pydantic import BaseModel

from tinydigits.evidence import claims_of, load_series, published_results
from tinydigits.networks import weights_file
from tinydigits.recipes import RECIPES

__all__ = ["Network", "served_networks"]


class Network(BaseModel):
    """A network with shipped weights."""

    name: str
    """Of its recipe."""
    parameters: int
    """Trainable scalars."""
    weights_bytes: int
    """Of the file of its weights."""
    seeds: int
    """Trainings that its claim is made of."""
    accuracy: float
    """Their mean, percent of MNIST's test images."""
    lower95: float | None
    """The one-sided 95 % lower bound of that mean; none of a single training."""


def served_networks() -> dict[str, Network]:
    """By name: those whose weights ship and whose results are published."""
    series, _ = load_series(published_results() / "evidence")
    found = {}
    for claim in claims_of(series):
        file = weights_file(claim.recipe)
        if claim.recipe in RECIPES and file is not None and claim.dataset == "mnist":
            found[claim.recipe] = Network(
                name=claim.recipe, parameters=claim.parameters, weights_bytes=file.stat().st_size,
                seeds=claim.seeds, accuracy=claim.mean, lower95=claim.lower95,
            )  # fmt: skip
    return found
