"""What the networks of this project are made of."""

from __future__ import annotations

from torch import nn

from tinydigits.networks.parameters import count_parameters
from tinydigits.networks.summaries import summary

__all__ = ["Network", "conv_norm_relu"]


class Network(nn.Module):
    """Base of this project's networks: standardised pixels float [B, 1, 28, 28] in, scores [B, 10] out.

    The scores are logits; a network whose recipe trains with negative log-likelihood ends in a log-softmax,
    and its scores are then log-probabilities, which are logits too (softmax leaves them as they are).
    """

    def count_parameters(self) -> int:
        """The number of trainable scalars, batch norm's scales and shifts included."""
        return count_parameters(self)

    def print_model_summary(self) -> None:
        """Print one line a layer (kind, output shape, parameters) and the total."""
        print(summary(self))


def conv_norm_relu(in_channels: int, out_channels: int, *, padding: int = 1, bias: bool = False) -> nn.Sequential:
    """A 3×3 convolution with batch norm and ReLU: [B, in, H, W] → [B, out, H − 2 + 2 padding, W − 2 + 2 padding]."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=padding, bias=bias),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
