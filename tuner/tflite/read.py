"""The resource graph of a `.tflite` file.

The classes that know the file's layout are those that Arm's Vela compiler ships, generated from the public schema
by the FlatBuffers compiler: pure Python, and they look at a field only when it is asked for, so weights are never
touched.
"""

from __future__ import annotations

import importlib
import re
import struct
from collections.abc import Mapping
from functools import cache
from typing import Any

from ethosu.vela.tflite.ActivationFunctionType import ActivationFunctionType
from ethosu.vela.tflite.BuiltinOperator import BuiltinOperator
from ethosu.vela.tflite.BuiltinOptions import BuiltinOptions
from ethosu.vela.tflite.BuiltinOptions2 import BuiltinOptions2
from ethosu.vela.tflite.Model import Model
from ethosu.vela.tflite.Padding import Padding
from ethosu.vela.tflite.TensorType import TensorType

from tuner.errors import ModelError
from tuner.graph import ITEM_BYTES, Graph, Operator, OptionValue, Tensor

_IDENTIFIER = b"TFL3"
_EXPORT_HINT = "convert the model with the TensorFlow Lite converter and give the .tflite file"
_DAMAGED_HINT = "the file is damaged or cut short: export or copy it again"


def read_graph(model: bytes) -> Graph:
    """Return what the model is made of.

    Options that stand at the schema's default are left out, but "padding" and "fused_activation_function" are
    always there, by name.

    Raises:
        ModelError: the bytes are no `.tflite` file, are damaged, or hold what a microcontroller's runtime lacks
            (several subgraphs, strings).
    """
    if len(model) < 8 or model[4:8] != _IDENTIFIER:
        raise ModelError(f"not a .tflite file: {_what(model)}, expected the identifier 'TFL3'", hint=_EXPORT_HINT)
    try:
        return _graph(model)
    except (struct.error, LookupError, ValueError, TypeError, AttributeError, OverflowError) as error:
        # FlatBuffers' Python runtime does not verify: an offset out of the file surfaces as any of these.
        raise ModelError(
            f"the .tflite file of {len(model)} bytes cannot be read: {error}", hint=_DAMAGED_HINT
        ) from error


def _what(model: bytes) -> str:
    if not model:
        return "the file is empty"
    if model[:4] == b"\x89HDF" or model[:2] == b"PK":
        return "it looks like a Keras model"
    return f"it begins with {model[:8]!r}"


def _graph(model: bytes) -> Graph:
    root = Model.GetRootAs(model, 0)
    if root.SubgraphsLength() != 1:
        raise ModelError(
            f"the model has {root.SubgraphsLength()} subgraphs, expected 1",
            hint="control flow (IF, WHILE, CALL_ONCE) is not supported; export the inference function alone",
        )
    subgraph = root.Subgraphs(0)
    filled = tuple(_holds_data(root.Buffers(index), len(model)) for index in _positions(root, "Buffers"))
    kinds = tuple(_kind(root.OperatorCodes(index)) for index in _positions(root, "OperatorCodes"))
    operators = tuple(_operator(subgraph.Operators(index), kinds) for index in _positions(subgraph, "Operators"))
    graph = Graph(
        tensors=tuple(_tensor(subgraph.Tensors(index), index, filled) for index in _positions(subgraph, "Tensors")),
        operators=operators,
        inputs=_indices(subgraph, "Inputs"),
        outputs=_indices(subgraph, "Outputs"),
        model_bytes=len(model),
        listed_kinds=tuple(sorted({kind for kind, _ in kinds} - {operator.kind for operator in operators})),
    )
    _check_indices(graph)
    return graph


def _holds_data(buffer: Any, size: int) -> bool:
    offset = buffer._tab.Offset(4)
    if not offset:
        return False
    length = buffer._tab.VectorLen(offset)
    end = buffer._tab.Vector(offset) + length
    if end > size:
        raise ModelError(f"the .tflite file ends at byte {size}, but its weights go on to {end}", hint=_DAMAGED_HINT)
    return bool(length)


def _tensor(tensor: Any, index: int, filled: tuple[bool, ...]) -> Tensor:
    dtype = _names(TensorType)[tensor.Type()].lower()
    if dtype not in ITEM_BYTES:
        raise ModelError(
            f"tensor {index} is of type '{dtype}', expected one of {', '.join(ITEM_BYTES)}",
            hint="export the inference function alone, without text processing, variables or look-up tables",
        )
    shape = _indices(tensor, "Shape")
    if any(size < 0 for size in shape):
        raise ModelError(f"tensor {index} has the shape {shape}", hint="export the model with a fixed input shape")
    quantization = tensor.Quantization()
    scales = quantization.ScaleLength() if quantization and quantization.ZeroPointLength() else 0
    return Tensor(shape, dtype, filled[tensor.Buffer()], scales, bool(tensor.IsVariable()))


def _kind(code: Any) -> tuple[str, int]:
    builtin = max(code.DeprecatedBuiltinCode(), code.BuiltinCode())
    name = _names(BuiltinOperator).get(builtin)
    if name is None:
        raise ModelError(
            f"the model uses operator number {builtin}, which the schema known here lacks",
            hint="update the package ethos-u-vela, or convert the model with an older converter",
        )
    if name == "CUSTOM":
        name = f"CUSTOM:{(code.CustomCode() or b'').decode(errors='replace')}"
    return name, code.Version()


def _operator(operator: Any, kinds: tuple[tuple[str, int], ...]) -> Operator:
    kind, version = kinds[operator.OpcodeIndex()]
    return Operator(
        kind,
        _indices(operator, "Inputs"),
        _indices(operator, "Outputs"),
        _options(operator),
        version=version,
        intermediates=_indices(operator, "Intermediates"),
    )


def _indices(table: Any, name: str) -> tuple[int, ...]:
    get = getattr(table, name)
    return tuple(get(position) for position in _positions(table, name))


def _positions(table: Any, name: str) -> range:
    """Return the positions in a list of the file; every entry takes at least four bytes of it."""
    length = getattr(table, f"{name}Length")()
    if 4 * length > len(table._tab.Bytes):
        raise ValueError(f"the list '{name}' claims {length} entries")
    return range(length)


def _options(operator: Any) -> dict[str, OptionValue]:
    for table, names in (
        (operator.BuiltinOptions(), _names(BuiltinOptions).get(operator.BuiltinOptionsType(), "NONE")),
        (operator.BuiltinOptions2(), _names(BuiltinOptions2).get(operator.BuiltinOptions2Type(), "NONE")),
    ):
        if table is not None and names != "NONE":
            return _fields(table, names)
    return {}


def _fields(table: Any, class_name: str) -> dict[str, OptionValue]:
    options_class = getattr(importlib.import_module(f"ethosu.vela.tflite.{class_name}"), class_name)
    options = options_class()
    options.Init(table.Bytes, table.Pos)
    fields: dict[str, OptionValue] = {}
    for method, (name, default) in _known_fields(options_class).items():
        if name in _NAMED:
            fields[name] = _names(_NAMED[name])[getattr(options, method)()]
            continue
        value = _indices(options, method) if isinstance(default, tuple) else getattr(options, method)()
        if value != default:
            fields[name] = value
    return fields


_NAMED = {"padding": Padding, "fused_activation_function": ActivationFunctionType}
_EMPTY_TABLE = struct.pack("<HHi", 4, 4, 4)
"""A table without fields: its two-word list of fields, then the way back to it."""


@cache
def _known_fields(options_class: type) -> Mapping[str, tuple[str, OptionValue]]:
    """Return the snake-case name and the schema's default of each accessor; an empty tuple stands for a list."""
    empty = options_class()
    empty.Init(_EMPTY_TABLE, 4)
    fields: dict[str, tuple[str, OptionValue]] = {}
    for method in vars(options_class):
        if method[0] == "_" or method == "Init" or method.startswith("GetRootAs") or "HasIdentifier" in method:
            continue
        if method.endswith(("AsNumpy", "Length", "IsNone")):
            continue
        is_list = f"{method}Length" in vars(options_class)
        default: OptionValue = () if is_list else getattr(empty, method)()
        if isinstance(default, tuple | int | float):
            fields[method] = (re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", method).lower(), default)
    return fields


@cache
def _names(enumeration: type) -> Mapping[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


def _check_indices(graph: Graph) -> None:
    count = len(graph.tensors)
    for position, operator in enumerate(graph.operators):
        for index in (*operator.inputs, *operator.outputs, *operator.intermediates):
            if not -1 <= index < count:
                raise ModelError(
                    f"operator {position} ({operator.kind}) names tensor {index}, but there are {count}",
                    hint=_DAMAGED_HINT,
                )
    for index in (*graph.inputs, *graph.outputs):
        if not 0 <= index < count:
            raise ModelError(
                f"the model's inputs and outputs name tensor {index}, but there are {count}", hint=_DAMAGED_HINT
            )
