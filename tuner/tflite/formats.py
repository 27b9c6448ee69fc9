"""What a model's input and output look like: what firmware must do before and after an inference."""

from __future__ import annotations

from dataclasses import dataclass

from ethosu.vela.tflite.Model import Model

from tuner.errors import ModelError
from tuner.tflite.read import read_graph
from tuner.tflm.quantization import Quantization


@dataclass(frozen=True, slots=True)
class TensorFormat:
    """One input or output of a model."""

    shape: tuple[int, ...]
    dtype: str
    """"int8", "int16" or "float32"."""
    quantization: Quantization | None
    """`None` for float32."""


def model_formats(model: bytes) -> tuple[TensorFormat, TensorFormat]:
    """Return the formats of the only input and the only output.

    Raises:
        ModelError: the bytes are no `.tflite` file, or the model has several inputs or outputs.
    """
    graph = read_graph(model)
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise ModelError(f"expected one input and one output, found {len(graph.inputs)} and {len(graph.outputs)}")
    subgraph = Model.GetRootAs(model, 0).Subgraphs(0)
    formats = []
    for index in (graph.inputs[0], graph.outputs[0]):
        tensor, stored = graph.tensors[index], subgraph.Tensors(index).Quantization()
        quantization = None
        if tensor.scales == 1:
            quantization = Quantization(float(stored.Scale(0)), int(stored.ZeroPoint(0)), tensor.dtype)
        formats.append(TensorFormat(tensor.shape, tensor.dtype, quantization))
    return formats[0], formats[1]
