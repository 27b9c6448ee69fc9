"""ONNX models become `.tflite` that computes what ONNX says; what cannot is named in one error."""

import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from tuner.errors import InputError, ModelError
from tuner.tflite.read import read_graph
from tuner.training.foreign import convert_foreign
from tuner.training.runtime import quiet, tf

pytestmark = pytest.mark.filterwarnings("ignore")


def _weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(0, 0.4, shape).astype(np.float32)


def _model(path, nodes, shape, constants, *, opset=17):
    """Write nodes that read `x` and give `y`."""
    initializers = [onnx.numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model, data_prop=True), path)
    return path


def _node(kind, inputs, output, **attributes):
    return helper.make_node(kind, inputs.split(), [output], **attributes)


def _runs_like_onnx(path, *, channels_last=True) -> tuple[str, ...]:
    """Assert that the converted model gives what ONNX's reference gives; return its operators."""
    session = ReferenceEvaluator(str(path))
    shape = [1, *(dim.dim_value for dim in session.proto_.graph.input[0].type.tensor_type.shape.dim[1:])]
    given = np.random.default_rng(1).normal(0, 1, shape).astype(np.float32)
    (expected,) = session.run(None, {"x": given})

    model = convert_foreign(path)
    with quiet():
        interpreter = tf.lite.Interpreter(model_content=model)
        interpreter.allocate_tensors()
        moved = np.moveaxis(given, 1, -1) if channels_last else given
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.ascontiguousarray(moved))
        interpreter.invoke()
        found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    if channels_last and expected.ndim > 2:
        expected = np.moveaxis(expected, 1, -1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    return read_graph(model).kinds()


def _convolutional(path):
    """A network as PyTorch exports them: padded alike on both sides, normalized, flattened into a dense layer."""
    constants = {
        "w1": _weights(8, 3, 3, 3), "b1": _weights(8),
        "scale": _weights(8), "shift": _weights(8), "mean": _weights(8), "variance": np.abs(_weights(8)) + 0.5,
        "w2": _weights(8, 1, 3, 3), "b2": _weights(8), "w3": _weights(6, 8, 1, 1),
        "w4": _weights(4, 6 * 3 * 4), "b4": _weights(4),
    }  # fmt: skip
    nodes = [
        _node("Conv", "x w1 b1", "a", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        _node("BatchNormalization", "a scale shift mean variance", "b"),
        _node("Relu", "b", "c"),
        _node("Conv", "c w2 b2", "d", kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=8),
        _node("LeakyRelu", "d", "e", alpha=0.1),
        _node("Conv", "e w3", "f", kernel_shape=[1, 1]),
        _node("MaxPool", "f", "g", kernel_shape=[2, 2], strides=[2, 2]),
        _node("Flatten", "g", "h"),
        _node("Gemm", "h w4 b4", "i", transB=1),
        _node("Softmax", "i", "y", axis=-1),
    ]
    return _model(path, nodes, ["batch", 3, 12, 16], constants)


def test_a_convolutional_network_computes_the_same_without_a_transposition(tmp_path):
    kinds = _runs_like_onnx(_convolutional(tmp_path / "model.onnx"))

    assert "TRANSPOSE" not in kinds
    assert {"CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "FULLY_CONNECTED", "SOFTMAX", "PAD"} <= set(kinds)
    assert "MUL" not in kinds  # the normalization is in the convolution


def test_a_network_of_an_old_operator_set_computes_the_same(tmp_path):
    """Where axes are attributes, and softmax has another default axis."""
    nodes = [
        _node("Conv", "x w", "a", kernel_shape=[3, 3], strides=[3, 3]),
        _node("ReduceMean", "a", "b", axes=[2], keepdims=1),
        _node("Squeeze", "b", "c", axes=[2]),
        _node("Flatten", "c", "d"),
        _node("Softmax", "d", "y", axis=1),
    ]

    _runs_like_onnx(_model(tmp_path / "model.onnx", nodes, [1, 2, 7, 10], {"w": _weights(4, 2, 3, 3)}, opset=11))


def test_dense_layers_compute_the_same(tmp_path):
    constants = {"w1": _weights(10, 8), "b1": _weights(8), "w2": _weights(8, 3), "b2": _weights(3)}
    nodes = [
        _node("MatMul", "x w1", "a"),
        _node("Add", "a b1", "b"),
        _node("Tanh", "b", "c"),
        _node("Dropout", "c", "d"),
        _node("Gemm", "d w2 b2", "y", alpha=0.5, beta=2.0),
    ]

    kinds = _runs_like_onnx(_model(tmp_path / "model.onnx", nodes, [1, 10], constants), channels_last=False)

    assert kinds == ("FULLY_CONNECTED", "TANH")


def test_a_network_over_one_dimension_computes_the_same(tmp_path):
    constants = {"w1": _weights(4, 2, 5), "b1": _weights(4), "w2": _weights(4, 1, 3), "w3": _weights(4, 3)}
    nodes = [
        _node("Conv", "x w1 b1", "a", kernel_shape=[5], strides=[2], pads=[2, 2]),
        _node("Conv", "a w2", "b", kernel_shape=[3], pads=[2, 2], group=4, dilations=[2]),
        _node("Relu", "b", "c"),
        _node("GlobalAveragePool", "c", "d"),
        _node("Flatten", "d", "e"),
        _node("MatMul", "e w3", "y"),
    ]

    assert "TRANSPOSE" not in _runs_like_onnx(_model(tmp_path / "model.onnx", nodes, [1, 2, 33], constants))


def test_a_residual_network_with_branches_computes_the_same(tmp_path):
    constants = {
        "w1": _weights(8, 4, 3, 3), "w2": _weights(8, 4, 3, 3), "gain": _weights(8, 1, 1), "low": np.float32(0),
        "high": np.float32(6), "pads": np.array([0, 0, 1, 0, 0, 0, 0, 2]),
    }  # fmt: skip
    nodes = [
        _node("Conv", "x w1", "a", kernel_shape=[3, 3], auto_pad="SAME_UPPER"),
        _node("Clip", "a low high", "b"),
        _node("Conv", "b w2", "c", kernel_shape=[3, 3], auto_pad="SAME_LOWER", group=2),
        _node("Add", "b c", "d"),
        _node("Sum", "d b b", "d3"),
        _node("Mul", "d3 gain", "e"),
        _node("HardSwish", "e", "f"),
        _node("Concat", "f x", "g", axis=1),
        _node("Pad", "g pads", "h"),
        _node("Sigmoid", "h", "y"),
    ]

    kinds = _runs_like_onnx(_model(tmp_path / "model.onnx", nodes, [1, 4, 7, 6], constants))

    assert "TRANSPOSE" not in kinds


@pytest.mark.parametrize("count_include_pad", [0, 1])
@pytest.mark.parametrize("ceil_mode", [0, 1])
@pytest.mark.parametrize("kind", ["AveragePool", "MaxPool"])
def test_pooling_computes_the_same_with_every_padding(tmp_path, kind, ceil_mode, count_include_pad):
    attributes = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": ceil_mode}
    if kind == "AveragePool":
        attributes["count_include_pad"] = count_include_pad

    _runs_like_onnx(_model(tmp_path / "model.onnx", [_node(kind, "x", "y", **attributes)], [1, 2, 8, 7], {}))


def test_a_shape_that_the_network_computes_is_known_before(tmp_path):
    constants = {"first": np.array(0), "axis": np.array([0]), "rest": np.array([-1]), "w": _weights(24, 3)}
    constants["k"] = _weights(2, 2, 1, 1)
    nodes = [
        _node("Conv", "x k", "a", kernel_shape=[1, 1]),
        _node("Shape", "a", "b"),
        _node("Gather", "b first", "c"),
        _node("Unsqueeze", "c axis", "d"),
        _node("Concat", "d rest", "e", axis=0),
        _node("Reshape", "a e", "f"),
        _node("MatMul", "f w", "y"),
    ]

    kinds = _runs_like_onnx(_model(tmp_path / "model.onnx", nodes, ["batch", 2, 3, 4], constants))

    assert set(kinds) == {"CONV_2D", "RESHAPE", "FULLY_CONNECTED"}


def test_a_network_that_takes_channels_last_keeps_its_input(tmp_path):
    """As exported from TensorFlow: transposed at the front, and the mean taken over named axes."""
    nodes = [
        _node("Transpose", "x", "a", perm=[0, 3, 1, 2]),
        _node("Conv", "a w", "b", kernel_shape=[3, 3]),
        _node("ReduceMean", "b", "c", axes=[2, 3], keepdims=0),
        _node("Softmax", "c", "y"),
    ]
    path = _model(tmp_path / "model.onnx", nodes, [1, 6, 5, 2], {"w": _weights(4, 2, 3, 3)})

    assert set(_runs_like_onnx(path, channels_last=False)) == {"CONV_2D", "MEAN", "SOFTMAX"}


def test_feature_maps_that_become_no_vector_are_transposed_and_compute_the_same(tmp_path):
    constants = {"w": _weights(4, 2, 1, 1), "shape": np.array([1, 8, 6])}
    nodes = [_node("Conv", "x w", "a", kernel_shape=[1, 1]), _node("Reshape", "a shape", "b")]
    nodes += [_node("Transpose", "b", "c", perm=[0, 2, 1]), _node("Flatten", "c", "y")]

    assert "TRANSPOSE" in _runs_like_onnx(_model(tmp_path / "model.onnx", nodes, [1, 2, 4, 3], constants))


def test_a_flattened_feature_map_is_normalized_where_it_lies(tmp_path):
    constants = {"k": _weights(3, 2, 3, 3), "w": _weights(12, 2), "variance": np.abs(_weights(12)) + 1}
    constants |= {name: _weights(12) + place for place, name in enumerate(("scale", "shift", "mean"))}
    nodes = [
        _node("Conv", "x k", "a"),
        _node("Flatten", "a", "b"),
        _node("BatchNormalization", "b scale shift mean variance", "c"),
        _node("MatMul", "c w", "y"),
    ]

    assert "GATHER" not in _runs_like_onnx(_model(tmp_path / "model.onnx", nodes, [1, 2, 4, 4], constants))


def test_flattened_feature_maps_join_in_the_order_of_the_model(tmp_path):
    nodes = [_node("Conv", "x k", "a"), _node("Flatten", "a", "b"), _node("Flatten", "x", "c")]
    nodes += [_node("Concat", "b c", "y", axis=1)]

    _runs_like_onnx(_model(tmp_path / "model.onnx", nodes, [1, 2, 4, 4], {"k": _weights(3, 2, 3, 3)}))


def test_every_operator_that_is_missing_is_named_at_once(tmp_path):
    nodes = [_node("Erf", "x", "a"), _node("Relu", "a", "b"), _node("Det", "b", "c"), _node("Erf", "c", "y")]

    with pytest.raises(ModelError, match=r"model\.onnx has operators .*: Det, Erf") as caught:
        convert_foreign(_model(tmp_path / "model.onnx", nodes, [1, 1, 3, 3], {}))

    assert caught.value.hint


def test_weights_that_are_computed_are_named_with_their_node(tmp_path):
    nodes = [helper.make_node("Conv", ["x", "x"], ["y"], "first")]

    with pytest.raises(ModelError, match=r"model\.onnx: the Conv 'first' computes its input 1"):
        convert_foreign(_model(tmp_path / "model.onnx", nodes, [1, 1, 3, 3], {}))


def test_an_open_input_size_is_named(tmp_path):
    path = _model(tmp_path / "model.onnx", [_node("GlobalAveragePool", "x", "y")], [1, 3, "height", "width"], {})

    with pytest.raises(ModelError, match=r"model\.onnx has an input of shape \(1, None, None, 3\)"):
        convert_foreign(path)


@pytest.mark.parametrize("content", [b"", b"no protobuf"])
def test_a_broken_file_is_named(tmp_path, content):
    (tmp_path / "model.onnx").write_bytes(content)

    with pytest.raises(ModelError, match=r"model\.onnx is no valid ONNX model") as caught:
        convert_foreign(tmp_path / "model.onnx")

    assert caught.value.hint


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "tuner.training.onnx_import", raising=False)

    with pytest.raises(InputError, match="the package onnx is not installed") as caught:
        convert_foreign(tmp_path / "model.onnx")

    assert caught.value.hint == "pip install 'edge-tuner[onnx]'"
