import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tuner.data.windows
from tuner.candidate import Window
from tuner.data import Dataset, open_dataset
from tuner.data.dataset import Float32, Recording
from tuner.data.description import Description
from tuner.data.resampling import load_resampled, resampled_length
from tuner.data.windows import count_windows, cut, stretches, window_signal
from tuner.errors import BuildError

SINE_HZ = 3.0


class Sines:
    """A sine of 3 Hz in each recording, on top of gravity, as if it had been sampled at the recording's rate."""

    name = "sines"

    def load(self, _: Dataset, recording: Recording, start: int, stop: int) -> Float32:
        seconds = np.arange(start, stop) / recording.frequency_hz
        return (9.81 + np.sin(2 * np.pi * SINE_HZ * seconds))[:, np.newaxis].astype(np.float32)


def sines(*samples: int, frequency_hz: float = 50.0) -> Dataset:
    recordings = tuple(
        Recording(f"r{n}", (length, 1), frequency_hz, "", label=f"class{n % 2}", session=f"r{n}")
        for n, length in enumerate(samples)
    )
    return Dataset("sines", Path("/nowhere"), Sines(), Description(), ("x",), frequency_hz, 4, recordings)


def ids(dataset: Dataset) -> list[str]:
    return [recording.id for recording in dataset.recordings]


def test_windows_begin_every_stride_and_stay_within_their_recording() -> None:
    dataset = sines(100, 120)

    windows = cut(dataset, ids(dataset), Window(size_ms=1000, stride_ms=500))

    assert windows.values.shape == (3 + 3, 50, 1)
    assert windows.values.dtype == np.float32
    assert windows.recordings.tolist() == [0, 0, 0, 1, 1, 1]
    whole = dataset.load(dataset.recordings[1])
    np.testing.assert_array_equal(windows.values[4], whole[25:75])


@given(st.integers(10, 400), st.integers(1, 60), st.integers(1, 80))
def test_the_count_known_beforehand_is_what_cutting_gives(length: int, size: int, stride: int) -> None:
    dataset = sines(length, 60)
    window = Window(size_ms=20.0 * size, stride_ms=20.0 * stride)

    counts = count_windows(dataset, ids(dataset), window)

    windows = cut(dataset, ids(dataset), window)
    assert np.bincount(windows.recordings, minlength=2).tolist() == counts.tolist()
    assert windows.signal == window_signal(dataset, window)


def test_short_recordings_are_padded_with_zeros_only_on_request() -> None:
    dataset = sines(30, 60)
    window = Window(size_ms=1000, stride_ms=1000)

    without = cut(dataset, ids(dataset), window)
    padded = cut(dataset, ids(dataset), replace(window, zero_pad=True))

    assert without.recordings.tolist() == [1]
    assert padded.recordings.tolist() == [0, 1]
    assert not padded.values[0, 30:].any() and padded.values[0, :30].all()


def test_a_window_longer_than_every_recording_describes_no_network() -> None:
    dataset = sines(40, 45)

    with pytest.raises(
        BuildError, match=r"a window of 1000 ms is longer than every recording, the longest takes 900 ms"
    ):
        window_signal(dataset, Window(size_ms=1000, stride_ms=500))


def test_a_window_too_long_for_one_split_is_told_apart() -> None:
    dataset = sines(40, 60)

    with pytest.raises(BuildError, match="longer than each of the 1 recordings of this split"):
        cut(dataset, ["r0"], Window(size_ms=1000, stride_ms=500))


def test_less_than_a_sample_is_no_window() -> None:
    with pytest.raises(BuildError, match="less than a sample at 50 Hz"):
        window_signal(sines(40), Window(size_ms=5, stride_ms=5))


@pytest.mark.parametrize("frequency_hz", [25.0, 31.25, 62.5, 100.0, 16.0])
def test_resampling_keeps_the_sine_and_gravity(frequency_hz: float) -> None:
    dataset = sines(500)

    windows = cut(dataset, ids(dataset), Window(size_ms=10_000, stride_ms=10_000, frequency_hz=frequency_hz))

    seconds = np.arange(windows.signal.samples) / frequency_hz
    expected = 9.81 + np.sin(2 * np.pi * SINE_HZ * seconds)
    # The filter reaches past the ends, where nobody knows how the sine went on; and 16 Hz is close to its cut-off.
    inner = slice(int(frequency_hz), -int(frequency_hz))
    np.testing.assert_allclose(windows.values[0, inner, 0], expected[inner], atol=0.02)
    assert abs(windows.values[0, :, 0] - 9.81).max() < 1.2


@given(st.sampled_from([10.0, 31.25, 49.0, 62.5, 104.0]), st.integers(0, 200), st.integers(1, 200))
def test_any_stretch_of_a_resampled_recording_equals_that_part_of_the_whole(
    frequency_hz: float, start: int, length: int
) -> None:
    dataset = sines(700)
    recording = dataset.recordings[0]
    end = resampled_length(recording, frequency_hz)
    start = min(start, end - 1)
    stop = min(start + length, end)

    stretch = load_resampled(dataset, recording, frequency_hz, start, stop)

    whole = load_resampled(dataset, recording, frequency_hz, 0, end)
    np.testing.assert_allclose(stretch, whole[start:stop], rtol=0, atol=2e-6)


@pytest.mark.parametrize("frequency_hz", [None, 31.25])
def test_stretches_yield_what_cutting_at_once_does(frequency_hz: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = sines(700, 20, 330)
    window = Window(size_ms=1000, stride_ms=240, frequency_hz=frequency_hz, zero_pad=True)
    at_once = cut(dataset, ids(dataset), window)
    monkeypatch.setattr(tuner.data.windows, "_STRETCH_BYTES", 1000)

    pieces = list(stretches(dataset, ids(dataset), window))

    assert len(pieces) > 6
    np.testing.assert_allclose(np.concatenate([p.values for p in pieces]), at_once.values, rtol=0, atol=2e-6)
    np.testing.assert_array_equal(np.concatenate([p.recordings for p in pieces]), at_once.recordings)


def test_another_process_cuts_the_same_windows_from_the_pickled_reference(motion: Dataset) -> None:
    window = Window(size_ms=500, stride_ms=250)
    there = pickle.loads(pickle.dumps(motion))

    np.testing.assert_array_equal(cut(there, ids(there), window).values, cut(motion, ids(motion), window).values)
    assert there == motion
    assert there.fingerprint == motion.fingerprint


def test_real_motion_data_gives_the_windows_its_lengths_promise(shared: Path) -> None:
    path = shared / "datasets" / "motion_watch_seglearn" / "watch.npz"
    lengths = np.load(path)["lengths"]
    dataset = open_dataset(path, frequency="50 Hz")

    counts = count_windows(dataset, ids(dataset), Window(size_ms=2000, stride_ms=1000))

    assert counts.tolist() == [1 + (length - 100) // 50 for length in lengths]
