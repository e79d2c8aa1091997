"""From raw pixels to probabilities, the same way for every network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from tinydigits.data.standardization import standardize
from tinydigits.errors import DataError, UsageError
from tinydigits.networks.scores import softmax
from tinydigits.networks.shipped import shipped_logits

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["classify", "log_probabilities"]

# Activations of as many images as this stay in a core's cache; a larger batch takes up to twice as long an image.
_CPU_BATCH, _BATCH = 250, 2000


def log_probabilities(network: nn.Module, images: Tensor) -> Tensor:
    """Log-probabilities float32 [N, 10], on the CPU, of uint8 [N, 1, 28, 28] or [N, 28, 28], ink high on low ground.

    The network runs where its parameters are, in evaluation mode, and is left in the mode it was found in.

    Raises:
        DataError: images of another shape or dtype.
    """
    import torch

    images = images.unsqueeze(1) if images.ndim == 3 else images
    if images.dtype != torch.uint8 or tuple(images.shape[1:]) != (1, 28, 28):
        raise DataError(f"images must be uint8 [N, 28, 28] or [N, 1, 28, 28], not {images.dtype} {list(images.shape)}")
    parameter = next(network.parameters(), torch.empty(0))
    batch_size = _CPU_BATCH if parameter.device.type == "cpu" else _BATCH
    scores = []
    with torch.inference_mode(), _evaluation_mode(network):
        for batch in torch.split(images, batch_size):
            pixels = standardize(batch.to(parameter) / 255)
            scores.append(network(pixels.contiguous(memory_format=torch.channels_last)))
        logs = torch.cat(scores).float().log_softmax(1).cpu() if len(images) else torch.empty(0, 10)
    return logs.clone()  # inference tensors, as those above, would be no use to autograd


@overload
def classify(network: str, images: Tensor | NDArray[Any]) -> NDArray[np.float32]: ...
@overload
def classify(network: nn.Module, images: Tensor | NDArray[Any]) -> Tensor: ...
def classify(network: str | nn.Module, images: Tensor | NDArray[Any]) -> NDArray[np.float32] | Tensor:
    """Probabilities float32 [N, 10] of uint8 [N, 28, 28] or [N, 1, 28, 28], ink high (255) on a low ground (0).

    Args:
        network: the name of one that ships, such as `swift`, which is run by onnxruntime and gives an array; or a
            network of PyTorch, which takes standardised float32 [B, 1, 28, 28], and gives a tensor.
        images: raw pixels, as a tensor or an array.

    Raises:
        UsageError: the network is neither, no weights of that name ship, or images are neither a tensor nor an array.
        DataError: images of another shape or dtype.
    """
    if not hasattr(images, "ndim") or not hasattr(images, "dtype"):
        raise UsageError(f"images must be a tensor or an array, not a {type(images).__name__}")
    if isinstance(network, str):
        return softmax(shipped_logits(network, np.asarray(images)))
    import torch

    if not isinstance(network, torch.nn.Module):
        raise UsageError(
            f"network must be the name of one that ships or a torch.nn.Module, not a {type(network).__name__}"
        )
    return log_probabilities(network, torch.as_tensor(images)).exp()


@contextmanager
def _evaluation_mode(network: nn.Module) -> Iterator[None]:
    training = [module for module in network.modules() if module.training]
    if training:
        network.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
