"""From any PyTorch network to the graph, by `torch.export`.

Symbolic tracing (`torch.fx`) sees modules, functions and methods as they are written; `torch.export` gives the few
dozen operations of PyTorch's ATen that all of them come down to, with shapes and the layer that each comes from.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from tinydigits.data import SIDE
from tinydigits.errors import TinydigitsError
from tinydigits.export.call import Call
from tinydigits.export.graph import Input, Node
from tinydigits.export.translation import translate
from tinydigits.schema import checked_arguments

__all__ = ["trace"]

_BATCH = 7  # a number that no layer has, by which the dimension of the images is known again


@checked_arguments
def trace(network: nn.Module) -> Node:
    """The graph's output, the logits [classes, 1, 1], of a network in evaluation mode.

    A last log-softmax is left out, since softmax makes the same probabilities of what it is given.

    Args:
        network: takes standardised float32 [B, 1, 28, 28], gives logits [B, classes]; it is left as it was found.

    Raises:
        TinydigitsError: an operation cannot be exported: which one, in which layer.
    """
    parameter = next(network.parameters(), torch.empty(0))
    training = [module for module in network.modules() if module.training]
    network.eval()
    try:
        with torch.no_grad():
            images = torch.zeros(_BATCH, 1, SIDE, SIDE, device=parameter.device, dtype=parameter.dtype)
            program = torch.export.export(network, (images,))
    except Exception as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise TinydigitsError(f"torch.export cannot follow the network, so it cannot be exported: {reason}") from error
    finally:
        for module in training:
            module.training = True
    return _graph(program)


def _graph(program: torch.export.ExportedProgram) -> Node:
    """Tensors that do not depend on the images are computed at once."""
    values = _given(program)
    for one in program.graph.nodes:
        if one.op == "call_function":
            values[one.name] = _called(one, values)
    result: Any = program.graph.output_node().args[0]
    node, shape = values[result[0].name], tuple(result[0].meta["val"].shape)
    if not isinstance(node, Node) or shape[:1] != (_BATCH,) or len(shape) != 2:
        raise TinydigitsError(f"a network that gives {list(shape)} for {_BATCH} images, not scores, cannot be exported")
    return node


def _given(program: torch.export.ExportedProgram) -> dict[str, Any]:
    """The images, parameters and buffers by their names in the program."""
    signature = program.graph_signature
    state = {**program.state_dict, **program.constants}
    known = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    return {
        one.name: state[known[one.name]].detach().cpu() if one.name in known else Input("images", (), (1, SIDE, SIDE))
        for one in program.graph.nodes
        if one.op == "placeholder"
    }


def _called(one: Any, values: dict[str, Any]) -> Any:
    def value(argument: Any) -> Any:
        if isinstance(argument, list | tuple):
            return [value(part) for part in argument]
        return values[argument.name] if isinstance(argument, torch.fx.Node) else argument

    stack = list((one.meta.get("nn_module_stack") or {}).values())
    operation = one.target.__name__.split(".")[0]
    operation = operation[:-1] if operation.endswith("_") else operation
    layer = f"{stack[-1][0]}.{operation}".lstrip(".") if stack else operation
    if not hasattr(one.target, "_schema"):
        raise TinydigitsError(f"the layer {layer} cannot be exported: it is no operation on tensors")
    declared = one.target._schema.arguments
    arguments = {argument.name: argument.default_value for argument in declared}
    arguments |= {argument.name: value(given) for argument, given in zip(declared, one.args, strict=False)}
    arguments |= {name: value(given) for name, given in one.kwargs.items()}
    data = [source for source in one.all_input_nodes if isinstance(values[source.name], Node)]
    if not data:
        return one.target(**arguments)
    found = one.meta["val"]
    shape = tuple(found.shape) if isinstance(found, torch.Tensor) else ()
    shapes = [tuple(source.meta["val"].shape) for source in data]
    return translate(Call(operation, layer, arguments, shape, shapes))
