"""The networks that can be called, with what is claimed of each."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel

from tinydigits.evidence import claims_of, load_series, published_results, standing
from tinydigits.networks import weights_file
from tinydigits.recipes import RECIPES

__all__ = ["PAGE", "Network", "served_networks"]

PAGE = Path(str(files("tinydigits"))) / "page"
"""What the page is made of."""


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
    wasm: str | None
    """Path of the network with weights of 8 bits as WebAssembly, which the page runs; none where there is no such."""


def served_networks() -> dict[str, Network]:
    """By name: those whose weights ship and whose results are published."""
    series, _ = load_series(published_results() / "evidence")
    found = {}
    for claim in claims_of([one for one in standing(series) if one.current]):
        file = weights_file(claim.recipe)
        if claim.recipe in RECIPES and file is not None and claim.dataset == "mnist":
            wasm = f"networks/{claim.recipe}.wasm"
            found[claim.recipe] = Network(
                name=claim.recipe, parameters=claim.parameters, weights_bytes=file.stat().st_size,
                seeds=claim.seeds, accuracy=claim.mean, lower95=claim.lower95,
                wasm=f"/page/{wasm}" if (PAGE / wasm).is_file() else None,
            )  # fmt: skip
    return found
