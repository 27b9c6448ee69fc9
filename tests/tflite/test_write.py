from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tflite_micro import runtime
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from tuner.candidate import Settings
from tuner.errors import ModelError
from tuner.graph import Graph, Operator, Tensor
from tuner.models import build
from tuner.models.lowering import lower
from tuner.tflite.order import canonical
from tuner.tflite.read import read_graph
from tuner.tflite.write import blank, packed_size, repack

MODELS = ("person_detect", "kws_ref_model", "pretrainedResnet_quant", "ad01_int8", "edgemark_CNN_6")


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest, shared: Path) -> bytes:
    found = sorted((shared / "measurements" / "models").rglob(f"{request.param}.tflite"))
    if not found:
        pytest.skip(f"no {request.param}.tflite among the reference models")
    return found[0].read_bytes()


def _outputs(model: bytes) -> list[np.ndarray]:
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=400_000)
    shape, dtype = interpreter.get_input_details(0)["shape"], interpreter.get_input_details(0)["dtype"]
    generator = np.random.default_rng(0)
    outputs = []
    for _ in range(3):
        interpreter.set_input(generator.integers(-128, 127, shape).astype(dtype), 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0).copy())
    return outputs


def test_a_repacked_model_computes_the_same_on_the_microcontroller_runtime(model: bytes) -> None:
    packed = repack(model)

    assert all(np.array_equal(a, b) for a, b in zip(_outputs(model), _outputs(packed), strict=True))


def test_a_repacked_model_has_the_same_operators_on_the_same_tensors(model: bytes) -> None:
    packed = repack(model)

    assert read_graph(packed) == replace(canonical(read_graph(model)), model_bytes=len(packed))


def test_repacking_makes_a_model_smaller_and_repacking_again_changes_nothing(model: bytes) -> None:
    packed = repack(model)

    assert len(packed) < len(model)
    assert repack(packed) == packed


def test_tensors_are_numbered_in_the_order_in_which_operators_mention_them(model: bytes) -> None:
    graph = read_graph(repack(model))

    mentions = [*graph.inputs, *(i for o in graph.operators for i in (*o.inputs, *o.outputs) if i >= 0), *graph.outputs]

    assert list(dict.fromkeys(mentions)) == list(range(len(graph.tensors)))


def test_constant_data_is_aligned_to_sixteen_bytes(model: bytes) -> None:
    packed = repack(model)

    root = schema.Model.GetRootAs(packed, 0)
    starts = [
        buffer._tab.Vector(buffer._tab.Offset(4))
        for buffer in (root.Buffers(index) for index in range(root.BuffersLength()))
        if not buffer.DataIsNone()
    ]

    assert starts
    assert all(start % 16 == 0 for start in starts)


@pytest.mark.parametrize("compression", ["float32", "int8"])
@pytest.mark.parametrize(
    ("family", "input_shape"),
    [("dense", (33,)), ("conv1d", (50, 6)), ("tcn", (50, 6)), ("resnet", (16, 16, 3)), ("mobilenet_v2", (32, 32, 1))],
)
def test_the_size_is_counted_as_it_would_be_packed(family: str, input_shape: tuple[int, ...], compression: str) -> None:
    for classes in range(2, 7):
        graph = lower(build(Settings(family), input_shape, classes), Settings(compression))

        assert packed_size(graph) == len(blank(graph))


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ModelError, match=r"not a .tflite file"):
        repack(b"PK\x03\x04 a zip file")


def test_the_size_of_an_operator_that_no_network_is_lowered_to_is_not_guessed() -> None:
    graph = Graph((Tensor((1, 4), "int8", scales=1),) * 2, (Operator("SVDF", (0,), (1,)),), (0,), (1,), 0)

    with pytest.raises(ValueError, match=r"operator SVDF is not known"):
        packed_size(graph)
