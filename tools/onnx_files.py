"""The ONNX files that ship, made from the weights that ship: what reads without PyTorch runs these.

python tools/onnx_files.py          # all of them
python tools/onnx_files.py swift    # after its weights have changed
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import ModelProto
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tinydigits.export.folding import fold
from tinydigits.export.onnx_file import Writer, onnx_model
from tinydigits.export.tracing import trace
from tinydigits.files import write_atomically
from tinydigits.networks import NETWORKS, load_weights
from tinydigits.networks.detector import Detector
from tinydigits.networks.judge import Judge

FOLDER = Path(__file__).resolve().parents[1] / "src" / "tinydigits" / "weights"


def main() -> None:
    for name in sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.safetensors")):
        content = onnx_file(name)
        write_atomically(FOLDER / f"{name}.onnx", content)
        print(f"{name}.onnx: {len(content):,} bytes")


def onnx_file(name: str) -> bytes:
    """The ONNX file of shipped weights."""
    weights, notes = load_weights(FOLDER / f"{name}.safetensors")
    network: nn.Module = {"detector": Detector, "judge": Judge}.get(name, NETWORKS.get(name))()
    network.load_state_dict(weights)
    notes = {**notes, "license": "MIT"}
    model = detector_model(network.eval(), notes) if name == "detector" else onnx_model(fold(trace(network)), notes)
    return model.SerializeToString(deterministic=True)


@torch.no_grad()
def detector_model(network: Detector, metadata: dict[str, str]) -> ModelProto:
    """The detector for pictures of any size: uint8 [1, 1, H, W] → float32 [1, 15, H / 4, W / 4].

    `trace` follows networks for images of 28×28 pixels; this writes out `Detector.forward`, batch norm folded.
    """
    writer = Writer()

    def convolution(values: str, layer: nn.Conv2d) -> str:
        bias = [] if layer.bias is None else [writer.constant(layer.bias.numpy())]
        return writer.node(
            "Conv", values, writer.constant(layer.weight.numpy()), *bias, kernel_shape=layer.kernel_size,
            strides=layer.stride, pads=2 * layer.padding, dilations=layer.dilation, group=layer.groups,
        )  # fmt: skip

    def convolution_norm_relu(values: str, layers: nn.Sequential) -> str:
        return writer.node("Relu", convolution(values, fuse_conv_bn_eval(layers[0], layers[1])))

    contrast, first, blocks = network.features[0], network.features[1:4], network.features[4:]
    values = writer.node("Div", writer.node("Cast", "picture", to=1), writer.constant(255))
    values = writer.node("Pad", values, writer.constant([0, 0, 2, 2, 0, 0, 2, 2], np.int64), mode="edge")
    filters = contrast.filters
    filters.weight -= filters.weight.mean((2, 3), keepdim=True)
    response = writer.node("Abs", convolution(values, filters))
    # Means over channels and along rows and columns are convolutions, which onnxruntime computes faster than averages.
    channels = filters.out_channels
    energy = writer.node("Conv", response, writer.constant(np.full((1, channels, 1, 1), 1 / channels)))
    shape, one = writer.node("Shape", energy), writer.constant([1], np.int64)
    for axis, window, padding in ((2, [17, 1], [8, 0]), (3, [1, 17], [0, 8])):
        box: dict[str, Any] = {"kernel_shape": window, "pads": 2 * padding}
        ones = writer.constant(np.ones((1, 1, *window)))
        sides = [one, one, one, one]
        sides[axis] = writer.node("Slice", shape, *(writer.constant([at], np.int64) for at in (axis, axis + 1)))
        line = writer.node("Expand", writer.constant(np.ones((1, 1, 1, 1))), writer.node("Concat", *sides, axis=0))
        inside = writer.node("Conv", line, ones, **box)  # how much of the window lies in the picture
        energy = writer.node("Div", writer.node("Conv", energy, ones, **box), inside)
    values = writer.node("Div", response, writer.node("Add", energy, writer.constant(0.02)))
    values = convolution_norm_relu(values, first)
    for block in blocks:
        change = convolution_norm_relu(convolution_norm_relu(values, block.change[:3]), block.change[3:])
        values = writer.node("Add", values, change)
    writer.node("Identity", convolution(values, network.head), output="cells")
    return writer.model(
        {"picture": (np.uint8, [1, 1, "height", "width"])},
        {"cells": (np.float32, [1, 15, "rows", "columns"])},
        metadata,
    )


if __name__ == "__main__":
    main()
