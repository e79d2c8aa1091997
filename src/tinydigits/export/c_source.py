"""The graph of integers as C99: a header and a source, without allocation, library or floating point."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinydigits.errors import TinydigitsError
from tinydigits.export.c_layers import bias_of, fits_lanes, pack, sum_bias, table
from tinydigits.export.graph import Node, in_order, substituted
from tinydigits.export.integer_graph import (
    IntegerConcatenation,
    IntegerConvolution,
    IntegerNode,
    IntegerPad,
    IntegerPool,
    Pixels,
    Sum,
)
from tinydigits.export.memory import place_maps

__all__ = ["c_files"]

_FUNCTIONS: dict[type[Node], str] = {Sum: "add", IntegerPool: "pool", IntegerPad: "pad"}
_TYPES: dict[type[Node], str] = {IntegerConvolution: "Convolution", Sum: "Sum", IntegerPool: "Pool", IntegerPad: "Pad"}
_LARGEST_SIDE = 255
# What is inlined into larger functions leaves too few registers to the inner loops.
_NOINLINE = """#ifdef __GNUC__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE
#endif
"""


def c_files(output: IntegerNode, metadata: dict[str, str]) -> dict[str, bytes]:
    """Source and header by the endings of their names, `.c` and `.h`.

    Raises:
        TinydigitsError: a layer has more than 255 channels.
    """
    whole = _padded_apart(output)
    for node in in_order(whole):
        if max(node.shape) > _LARGEST_SIDE:
            raise TinydigitsError(f"the layer {node.name} cannot be written in C: it gives more than 255 channels")
    return {".c": _Source(whole, metadata).text().encode(), ".h": _header(whole, metadata).encode()}


def _padded_apart(output: IntegerNode) -> IntegerNode:
    """The graph with padding as an operation of its own, so that every window is whole."""
    for node in in_order(output):
        before = node.inputs[0] if node.inputs else None
        if isinstance(node, IntegerConvolution) and any(node.padding) and isinstance(before, IntegerNode):
            top, left, bottom, right = node.padding
            shape = (before.shape[0], before.shape[1] + top + bottom, before.shape[2] + left + right)
            frame = IntegerPad(node.name, (before,), shape, before.scale, before.zero, node.padding, False)
            new = substituted(output, node, dataclasses.replace(node, inputs=(frame,), padding=(0, 0, 0, 0)))
            assert isinstance(new, IntegerNode)
            return _padded_apart(new)
    return output


class _Source:
    """The text of the source, from the kernels that the graph needs, its constants, and one function."""

    def __init__(self, output: IntegerNode, metadata: dict[str, str]) -> None:
        self._output = output
        self._metadata = metadata
        self._layers = [node for node in in_order(output) if not isinstance(node, Pixels)]
        self._convolutions = [node for node in self._layers if isinstance(node, IntegerConvolution)]
        biases = [bias_of(node) for node in self._convolutions]
        self._bias = "int16_t" if all(np.abs(one).max() < 1 << 15 for one in biases) else "int32_t"
        taps: dict[Node, int] = {one: 4 * one.weight[0].size for one in self._convolutions if fits_lanes(one)}
        self._places, self._taps, self._memory = place_maps(output, taps)

    def text(self) -> str:
        constants = [line for place, node in enumerate(self._layers) for line in self._constants(node, place)]
        calls = [self._call(node, place) for place, node in enumerate(self._layers)]
        return "\n".join(
            [
                _comment(self._metadata),
                "#include <stdint.h>\n",
                f"typedef {self._bias} Bias;",
                _NOINLINE,
                f"static uint32_t memory[{self._memory // 4}];\n",
                *(_kernel(name) for name in self._kernels()),
                *constants,
                "int tinydigits_classify(const uint8_t pixels[784], int32_t logits[10]);\n",
                "int tinydigits_classify(const uint8_t pixels[784], int32_t logits[10])\n{",
                "    int answer = 0;",
                *(f"    {call}" for call in calls),
                f"    for (int digit = 1; digit < {self._output.shape[0]}; digit++)",
                "        if (logits[digit] > logits[answer])",
                "            answer = digit;",
                "    return answer;\n}\n",
            ]
        )

    def _kernels(self) -> Iterable[str]:
        kinds = {type(node) for node in self._layers}
        if kinds - {IntegerPad, IntegerConcatenation}:
            yield "common"
        if IntegerConvolution in kinds:
            yield "convolution"
        if self._taps:
            yield "lanes"
        if not all(map(fits_lanes, self._convolutions)):
            yield "bytes"
        names = {Sum: "sum", IntegerPool: "pool", IntegerPad: "pad", IntegerConcatenation: "concatenation"}
        yield from (name for kind, name in names.items() if kind in kinds)

    def _constants(self, node: Node, place: int) -> Iterable[str]:
        """A layer's arrays, then its structure."""
        if isinstance(node, IntegerConvolution):
            kind, weights = pack(node)
            yield _array(kind, f"weights_{place}", weights)
            yield _array("uint8_t", f"multipliers_{place}", node.multiplier.tolist())
            yield _array("Bias", f"bias_{place}", bias_of(node).tolist())
        if isinstance(node, Sum):
            first, second = [*node.multipliers, np.zeros_like(node.bias)][:2]
            arrays: list[NDArray[Any]] = [first, second, sum_bias(node)]
            same = all(len(set(one.tolist())) == 1 for one in arrays)
            for name, values in zip(("first", "second", "bias"), arrays, strict=True):
                yield _array("int32_t", f"{name}_{place}", values.tolist()[: 1 if same else None])
        if isinstance(node, IntegerNode) and type(node) in _TYPES:
            fields = textwrap.fill(table(node, str(place)), 112, initial_indent="    ", subsequent_indent="    ")
            yield f"/* {node.name} */\nstatic const {_TYPES[type(node)]} layer_{place} = {{\n{fields}}};\n"

    def _call(self, node: Node, place: int) -> str:
        inputs = [self._where(one) for one in node.inputs]
        target, logits = self._where(node), "logits" if node is self._output else "0"
        if isinstance(node, IntegerConcatenation):
            first, second = node.inputs
            pixels = first.shape[1] * first.shape[2]
            return f"concatenate({pixels}, {inputs[0]}, {first.shape[0]}, {inputs[1]}, {second.shape[0]}, {target});"
        if isinstance(node, IntegerConvolution):
            function = "convolve" if fits_lanes(node) else "convolve_bytes"
            logits = f"memory + {self._taps[node] // 4}, {logits}" if fits_lanes(node) else logits
        else:
            function = _FUNCTIONS[type(node)]
        both = [*inputs, inputs[0]][:2] if isinstance(node, Sum) else inputs
        rest = [] if isinstance(node, IntegerPad) else [logits]
        return f"{function}({', '.join([f'&layer_{place}', *both, target, *rest])});"

    def _where(self, node: Node) -> str:
        return "pixels" if isinstance(node, Pixels) else f"(uint8_t *)memory + {self._places.get(node, 0)}"


def _header(output: IntegerNode, metadata: dict[str, str]) -> str:
    return f"""{_comment(metadata)}
#ifndef TINYDIGITS_H
#define TINYDIGITS_H

#include <stdint.h>

/* Logits times this are those of the network: softmax makes probabilities of them. */
#define TINYDIGITS_SCALE {output.scale:.9g}f

/* The digit in an image of 28 rows of 28 pixels, ink high (255) on a low ground (0), as MNIST has them: 0…9. Gives the
 * logits as well. It works in static memory, so that one call must be over before the next begins. */
int tinydigits_classify(const uint8_t pixels[784], int32_t logits[10]);

#endif
"""


def _comment(metadata: dict[str, str]) -> str:
    facts = "; ".join(f"{name} {value}" for name, value in metadata.items()).replace("*/", "")
    text = f"Written by tinydigits export. {facts}".strip()
    return "/* " + textwrap.fill(text, 112, subsequent_indent=" * ") + " */"


def _kernel(name: str) -> str:
    return (files("tinydigits.export") / "kernels" / f"{name}.c").read_text(encoding="utf-8")


def _array(kind: str, name: str, values: list[Any]) -> str:
    text = textwrap.fill(", ".join(map(str, values)), 112, initial_indent="    ", subsequent_indent="    ")
    return f"static const {kind} {name}[] = {{\n{text}}};"
