import shutil
import sys
from dataclasses import astuple
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.candidate import Settings
from tuner.dsp import cost
from tuner.dsp.code_size import CODE_BYTES
from tuner.dsp.registry import BLOCKS, block
from tuner.signal import Signal

ROOT = Path(__file__).parents[2]

SIGNALS = {
    "image": Signal(9216, ("r", "g", "b"), 1.0, 1, image=(96, 96)),
    "motion": Signal(320, ("x", "y", "z"), 62.5),
    "sound": Signal(16000, ("audio",), 16000.0, sample_bytes=2),
}


def signal_of(kind: str) -> Signal:
    return SIGNALS.get(kind) or SIGNALS["motion" if kind in ("flatten", "raw", "spectral-analysis") else "sound"]


@pytest.mark.parametrize("kind", sorted(BLOCKS))
def test_every_block_states_its_cost(kind):
    parameters = {"mfcc": {"fft_length": 512}, "image": {"imageWidth": 48}}.get(kind, {})

    stated = block(Settings(kind, tuple(parameters.items()))).cost(signal_of(kind))

    assert stated.known
    assert sum(astuple(stated.operations)) > 0
    assert stated.code_bytes + sum(dict(stated.code_shared).values()) > 0


def test_a_shared_routine_costs_the_same_in_every_block():
    for kind in BLOCKS:
        parameters = (("fft_length", 512),) if kind == "mfcc" else ()
        for name, size in block(Settings(kind, parameters)).cost(signal_of(kind)).code_shared:
            assert size == CODE_BYTES[name]


@given(st.sampled_from([16, 32, 64, 128, 256, 512, 1024]))
def test_twice_the_points_take_more_than_twice_the_work(length):
    small, large = cost.real_fft(length), cost.real_fft(2 * length)

    assert large.add > 2 * small.add
    assert large.multiply > 2 * small.multiply


@given(st.integers(1, 4000), st.integers(1, 8))
def test_operations_of_a_filter_grow_with_samples_and_sections(samples, sections):
    assert cost.biquads(samples, sections) * 2 == cost.biquads(2 * samples, sections)


@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")
def test_code_sizes_are_what_the_compiler_gives(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.delitem(sys.modules, "benchmarks", raising=False)
    from benchmarks.dsp_code import measure

    measured = measure.routine_sizes() | measure.library_sizes()

    own = {name: size for name, size in CODE_BYTES.items() if "micro_frontend" not in name and "kiss" not in name}
    for name, size in own.items():
        assert measured[name] == pytest.approx(size, rel=0.1, abs=16), name  # compilers differ a little
