"""The graph as an ONNX file: uint8 pixels in, logits and probabilities out.

It is written from our graph with `onnx.helper` and not by `torch.onnx.export`: the same few operations then stand
behind every backend, batch norm is folded by one piece of code, the file holds nothing of PyTorch's, and neither
onnxscript nor its warnings are needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import tinydigits
from tinydigits.data import SIDE
from tinydigits.data.standardization import MEAN, STANDARD_DEVIATION
from tinydigits.export.graph import (
    Activation,
    Affine,
    Binary,
    Concatenation,
    Convolution,
    Input,
    Node,
    Pad,
    Pool,
    in_order,
)
from tinydigits.extras import reporting_missing_packages
from tinydigits.networks import open_session

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["IMAGES", "Writer", "classifier", "classify_with", "onnx_model", "session"]

Values = dict[str, tuple[type[np.generic], list[int | str]]]

IMAGES, LOGITS, PROBABILITIES = "images", "logits", "probabilities"
_OPSET, _IR_VERSION = 20, 9  # of ONNX 1.15 (October 2023): the first with Gelu
_BATCH = 250
_NAMES = {
    "relu": "Relu", "abs": "Abs", "sigmoid": "Sigmoid", "tanh": "Tanh", "gelu": "Gelu", "hardswish": "HardSwish",
    "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div",
}  # fmt: skip


class Writer:
    """Collects ONNX nodes and constants, each under a name of its own."""

    def __init__(self) -> None:
        with reporting_missing_packages():
            import onnx
        self._onnx = onnx
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Adds an operation; its output's name."""
        output = output or f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """Adds a constant; its name."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(values, dtype), name))
        return name

    def model(self, inputs: Values, outputs: Values, metadata: dict[str, str]) -> ModelProto:
        """What was collected as a model.

        Args:
            inputs: type and shape of each by its name; a word in a shape stands for any number.
            outputs: likewise.
            metadata: what the file says of itself.
        """
        helper = self._onnx.helper
        graph = helper.make_graph(
            self._nodes,
            "tinydigits",
            *(
                [
                    helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)
                    for name, (dtype, shape) in values.items()
                ]
                for values in (inputs, outputs)
            ),
            self._constants,
        )
        model: ModelProto = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="tinydigits",
            producer_version=tinydigits.__version__,
        )
        helper.set_model_props(model, dict(sorted(metadata.items())))
        self._onnx.checker.check_model(model, full_check=True)
        return model


def classifier(writer: Writer, logits: str, classes: int, metadata: dict[str, str]) -> ModelProto:
    """What was collected as a model: uint8 [batch, 1, 28, 28] → logits and probabilities, float32 [batch, classes].

    Args:
        writer: has computed the logits from `IMAGES`.
        logits: their name, [batch, classes].
        classes: how many.
        metadata: what the file says of itself.
    """
    writer.node("Identity", logits, output=LOGITS)
    writer.node("Softmax", logits, output=PROBABILITIES, axis=1)
    scores: Values = {name: (np.float32, ["batch", classes]) for name in (PROBABILITIES, LOGITS)}
    return writer.model({IMAGES: (np.uint8, ["batch", 1, SIDE, SIDE])}, scores, metadata)


def onnx_model(output: Node, metadata: dict[str, str]) -> ModelProto:
    """The model of a graph: uint8 [batch, 1, 28, 28] → probabilities and logits, each float32 [batch, classes].

    Args:
        output: the logits.
        metadata: what the file says of itself.

    Raises:
        UsageError: the package onnx is not installed.
    """
    writer = Writer()
    names: dict[Node, str] = {}
    for node in in_order(output):
        names[node] = _write(writer, node, [names[one] for one in node.inputs])
    return classifier(writer, writer.node("Flatten", names[output]), output.shape[0], metadata)


def session(content: bytes) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """A function that reads uint8 [N, 28, 28] by onnxruntime on one thread: probabilities float32 [N, 10]."""
    loaded = open_session(content, "the exported file")

    def classify(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(loaded.run([PROBABILITIES], {IMAGES: images[:, None]})[0])

    return classify


def classify_with(content: bytes, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities float32 [N, 10] of uint8 [N, 28, 28], batch by batch; as `session`."""
    classify = session(content)
    return np.concatenate([classify(images[start : start + _BATCH]) for start in range(0, len(images), _BATCH)])


def _write(writer: Writer, node: Node, inputs: list[str]) -> str:
    match node:
        case Input():
            pixels = writer.node("Cast", IMAGES, to=1)
            pixels = writer.node("Div", pixels, writer.constant(255))
            pixels = writer.node("Sub", pixels, writer.constant(MEAN))
            name = writer.node("Div", pixels, writer.constant(STANDARD_DEVIATION))
        case Convolution():
            name = _convolution(writer, node, inputs[0])
        case Affine():
            scaled = writer.node("Mul", inputs[0], writer.constant(node.scale[:, None, None]))
            name = writer.node("Add", scaled, writer.constant(node.shift[:, None, None]))
        case Pool():
            name = _pool(writer, node, inputs[0])
        case Pad():
            name = _pad(writer, node, inputs[0])
        case Activation(function="softmax"):
            name = writer.node("Softmax", inputs[0], axis=1)
        case Activation(function="leaky_relu"):
            name = writer.node("LeakyRelu", inputs[0], alpha=node.slope)
        case Activation(function="silu"):
            name = writer.node("Mul", inputs[0], writer.node("Sigmoid", inputs[0]))
        case Activation() | Binary():
            name = writer.node(_NAMES[node.function], *inputs)
        case Concatenation():
            name = writer.node("Concat", *inputs, axis=1)
        case _:
            raise AssertionError(node)
    return name


def _convolution(writer: Writer, node: Convolution, before: str) -> str:
    if node.shape[1:] == (1, 1) and node.groups == 1 and not any(node.padding):
        flat, weight = writer.node("Flatten", before), writer.constant(node.weight.reshape(len(node.weight), -1))
        scores = writer.node("Gemm", flat, weight, writer.constant(node.bias), transB=1)
        return writer.node("Reshape", scores, writer.constant([-1, *node.shape], np.int64))
    bias = [writer.constant(node.bias)] if node.bias.any() else []
    return writer.node(
        "Conv", before, writer.constant(node.weight), *bias, kernel_shape=node.kernel, strides=node.stride,
        pads=node.padding, group=node.groups,
    )  # fmt: skip


def _pool(writer: Writer, node: Pool, before: str) -> str:
    (_, height, width), (_, *sides) = node.inputs[0].shape, node.shape
    name = "MaxPool" if node.function == "maximum" else "AveragePool"
    if node.kernel == (height, width) and sides == [1, 1] and not any(node.padding):
        return writer.node(f"Global{name}", before)
    attributes: dict[str, Any] = {"kernel_shape": node.kernel, "strides": node.stride, "pads": node.padding}
    if node.function == "average":
        attributes["count_include_pad"] = int(node.count_padding)
    return writer.node(name, before, **attributes)


def _pad(writer: Writer, node: Pad, before: str) -> str:
    top, left, bottom, right = node.padding
    pads = writer.constant([0, 0, top, left, 0, 0, bottom, right], np.int64)
    return writer.node("Pad", before, pads, mode="edge" if node.continued else "constant")
