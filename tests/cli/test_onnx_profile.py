"""`tuner profile` takes ONNX models, and says in one message what is wrong with one."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper


def _profile(model: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from tuner.cli import main; main()", "profile", str(model), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def model(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    weights = {"w": rng.normal(size=(4, 1, 3, 3)), "v": rng.normal(size=(4 * 6 * 6, 3))}
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["a"]),
            helper.make_node("Relu", ["a"], ["b"]),
            helper.make_node("Flatten", ["b"], ["c"]),
            helper.make_node("MatMul", ["c", "v"], ["y"]),
        ],
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 1, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [onnx.numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


def test_an_onnx_model_is_profiled_as_json(model):
    ran = _profile(model, "--device", "cortex-m4f-80mhz", "--json")

    assert ran.returncode == 0, ran.stderr
    (device,) = json.loads(ran.stdout)
    assert device["fits"]
    assert [operator["kind"] for operator in device["operators"]] == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED"]
    assert sum(operator["macs"] for operator in device["operators"]) == 36 * 9 * 4 + 144 * 3


def test_a_broken_onnx_file_is_an_error_in_one_message(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"no protobuf")

    ran = _profile(tmp_path / "broken.onnx", "--json")

    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.startswith("error: broken.onnx is no valid ONNX model")
    assert ran.stderr.count("error:") == 1
    assert "Traceback" not in ran.stderr
