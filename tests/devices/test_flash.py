"""Code sizes are those of linked firmware, and shared code is counted once."""

import statistics

import pytest

from tests.devices.firmware import CORE, firmwares
from tuner.devices.cores import CORES
from tuner.devices.flash import code_bytes


def _errors(shared) -> list[float]:
    return [
        code_bytes(
            (*firmware.graph.kinds(), *firmware.graph.listed_kinds),
            CORE[firmware.row["cpu"]],
            {"cmsis": "cmsis-nn", "ref": "reference"}[firmware.row["kernels"]],
            firmware.row["opt"],
        ).total
        / firmware.bytes("flash_code")
        - 1
        for firmware in firmwares(shared)
    ]


def test_code_of_real_firmware_is_met(shared):
    errors = [abs(error) for error in _errors(shared)]

    assert statistics.median(errors) < 0.005
    assert max(errors) < 0.03


def test_shared_code_is_counted_once():
    def kernels(*kinds: str) -> float:
        return code_bytes(kinds, "cortex-m4f", "cmsis-nn", "o3").kernels

    assert kernels("CONV_2D", "DEPTHWISE_CONV_2D") < kernels("CONV_2D") + kernels("DEPTHWISE_CONV_2D")
    assert kernels("CONV_2D", "DEPTHWISE_CONV_2D") > kernels("CONV_2D")


@pytest.mark.parametrize("kernels", ["cmsis-nn", "reference", "esp-nn", "xnnpack", "vendor"])
@pytest.mark.parametrize("build", ["o3", "os", "tflm"])
@pytest.mark.parametrize("core", CORES)
def test_every_combination_has_a_figure(core, kernels, build):
    code = code_bytes(("CONV_2D", "SOFTMAX"), core, kernels, build)

    assert code.runtime > 0
    assert code.kernels > 0
    assert 0 < code.spread < 1


@pytest.mark.parametrize("core", ["cortex-m23", "cortex-m85", "xtensa-lx7", "riscv32-imc"])
def test_a_core_never_linked_for_is_less_sure(core):
    linked = code_bytes(("CONV_2D",), "cortex-m4f", "cmsis-nn", "o3")

    other = code_bytes(("CONV_2D",), core, "cmsis-nn", "o3")

    assert other.spread > linked.spread


def test_a_kernel_never_linked_is_less_sure():
    known = code_bytes(("CONV_2D",), "cortex-m4f", "cmsis-nn", "o3")

    unknown = code_bytes(("CONV_2D", "CUSTOM:of_mine"), "cortex-m4f", "cmsis-nn", "o3")

    assert unknown.kernels > known.kernels
    assert unknown.spread > known.spread
