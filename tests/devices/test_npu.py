from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from tuner.devices.npu import NPU_OPERATOR, vela
from tuner.devices.profile import Npu, load_profile, profile_names
from tuner.errors import ConfigError, ModelError
from tuner.estimate import Method
from tuner.tflite.read import read_graph


def ethos_u(accelerator: str = "ethos-u55-128", **changes: str) -> Npu:
    families = {
        "ethos-u55": ("Ethos_U55_High_End_Embedded", "Shared_Sram"),
        "ethos-u65": ("Ethos_U65_High_End", "Dedicated_Sram"),
        "ethos-u85": ("Ethos_U85_SYS_Flash_High", "Shared_Sram"),
    }
    system_config, memory_mode = families[accelerator.rpartition("-")[0]]
    facts = {"system_config": system_config, "memory_mode": memory_mode, "clock": "400 MHz"} | changes
    return Npu.model_validate({"accelerator": accelerator, "source": "made up for this test", **facts})


@pytest.fixture(scope="session")
def small_network() -> bytes:
    """A converted int8 network: convolution, an operator that no Ethos-U55 runs, fully connected, softmax."""
    tf = pytest.importorskip("tensorflow")
    generator = np.random.default_rng(1)
    kernel = generator.normal(size=(3, 3, 1, 8)).astype(np.float32)
    weights = generator.normal(size=(8 * 8 * 8, 4)).astype(np.float32)

    @tf.function(input_signature=[tf.TensorSpec((1, 8, 8, 1), tf.float32)])
    def network(image):
        features = tf.nn.relu(tf.nn.conv2d(image, kernel, 1, "SAME"))
        features = tf.reverse(features, axis=[1])
        return tf.nn.softmax(tf.matmul(tf.reshape(features, (1, -1)), weights))

    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [generator.normal(size=(1, 8, 8, 1)).astype(np.float32)] for _ in range(8)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bytes(converter.convert())


@pytest.mark.parametrize("accelerator", ["ethos-u55-32", "ethos-u55-256", "ethos-u65-512", "ethos-u85-256"])
def test_vela_compiles_what_the_unit_can_run_and_leaves_the_rest_to_the_core(
    small_network: bytes, accelerator: str
) -> None:
    cost = vela(small_network, ethos_u(accelerator))

    kinds = [operator.kind for operator in read_graph(cost.compiled).operators]
    assert NPU_OPERATOR in kinds
    assert cost.cpu_operators == tuple(kind for kind in kinds if kind != NPU_OPERATOR)
    assert set(cost.cpu_operators) <= {"REVERSE_V2"}
    assert cost.flash_bytes == len(cost.compiled)
    assert cost.sram_bytes > 0


def test_an_ethos_u55_leaves_a_reversal_to_the_core(small_network: bytes) -> None:
    assert vela(small_network, ethos_u()).cpu_operators == ("REVERSE_V2",)


def test_the_latency_is_the_cycles_at_the_clock_of_the_board(small_network: bytes) -> None:
    slow, fast = vela(small_network, ethos_u(clock="200 MHz")), vela(small_network, ethos_u(clock="400 MHz"))

    assert slow.latency.value == pytest.approx(slow.cycles / 200e6 * 1e3)
    assert slow.latency.value == pytest.approx(2 * fast.latency.value)


def test_the_latency_says_that_it_was_simulated_and_by_what(small_network: bytes) -> None:
    latency = vela(small_network, ethos_u()).latency

    assert latency.method is Method.SIMULATED
    assert latency.source.startswith("Vela ")
    assert "ethos-u55-128, Ethos_U55_High_End_Embedded, Shared_Sram" in latency.source
    assert latency.low < latency.value < latency.high


def test_the_same_model_always_costs_the_same(small_network: bytes) -> None:
    assert vela(small_network, ethos_u()) == vela(small_network, ethos_u())


def test_the_compiler_says_nothing_on_the_terminal(small_network: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    vela(small_network, ethos_u())

    assert capfd.readouterr() == ("", "")


def test_an_unknown_system_configuration_is_named_with_the_nearest_known(small_network: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        vela(small_network, ethos_u(system_config="Ethos_U55_HighEnd_Embedded"))

    expected = (
        "Vela has no system_config 'Ethos_U55_HighEnd_Embedded'. Hint: did you mean 'Ethos_U55_High_End_Embedded'?"
    )
    assert str(caught.value) == expected


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(ModelError):
        vela(b"no model at all", ethos_u())


def test_a_unit_that_vela_does_not_know_is_a_bug_of_the_caller(small_network: bytes) -> None:
    unit = Npu.model_validate({"accelerator": "mvp", "clock": "78 MHz", "source": "made up for this test"})

    with pytest.raises(ValueError, match="not for mvp"):
        vela(small_network, unit)


@pytest.mark.parametrize(
    "name", [name for name in profile_names() if (unit := load_profile(name).npu) and unit.is_ethos_u]
)
def test_vela_knows_the_units_of_the_shipped_boards(small_network: bytes, name: str) -> None:
    unit = load_profile(name).npu

    assert unit is not None
    assert vela(small_network, unit).cycles > 0


@pytest.mark.parametrize(
    ("model", "published"),
    [
        ("reconstructed/micronet_kws_m.tflite", 414_172),
        ("reconstructed/micronet_ad_m.tflite", 968_172),
        ("mlonmcu/rnnoise_INT8.tflite", 104_514),
    ],
)
def test_cycles_agree_with_the_cycle_approximate_model_of_the_hardware(
    shared: Path, model: str, published: int
) -> None:
    """Arm's ML Embedded Evaluation Kit publishes these for Corstone-300 with an Ethos-U55-128."""
    cost = vela((shared / "measurements/models" / model).read_bytes(), ethos_u())

    assert cost.cycles == pytest.approx(published, rel=0.05)
