import hashlib

import numpy as np
import pytest

from tuner.candidate import Settings
from tuner.dsp.fixed_point import logarithm, real_fft, square_root
from tuner.dsp.registry import block
from tuner.errors import BuildError
from tuner.signal import Signal

SIGNAL = Signal(16000, ("audio",), 16000.0, sample_bytes=2)


def sweep(noise, amplitude, frequency):
    """A second of 16-bit sound: a rising tone in noise."""
    time = np.arange(16000) / 16000
    wave = amplitude * np.sin(2 * np.pi * frequency * time * (1 + time))
    return (wave + np.random.default_rng(11).normal(scale=noise, size=16000)).clip(-32768, 32767).round()


CLIPS = np.stack(
    [sweep(100, 3000, 440), sweep(3000, 20000, 1000), sweep(1, 5, 200), sweep(0, 32767, 700), np.zeros(16000)]
)


def extracted(**parameters):
    made = block(Settings.of("micro-frontend", **parameters))
    return made.extract(CLIPS.astype(np.float32)[..., None], SIGNAL)


def original(clip):
    """Frames × channels as the package computes them, 10 ms at a time."""
    package = pytest.importorskip("pymicro_features", reason="pymicro-features is not installed")
    frontend, data, rows = package.MicroFrontend(), clip.astype("<i2").tobytes(), []
    while len(data) >= 320:
        output = frontend.process_samples(data[:320])
        data = data[2 * output.samples_read :]
        rows += [output.features] if output.features else []
    return np.array(rows)


@pytest.mark.parametrize("number", range(len(CLIPS)))
def test_every_bit_is_that_of_the_original(number):
    expected = original(CLIPS[number])

    np.testing.assert_array_equal(extracted(window_step=10)[number], expected)


def test_features_stay_as_the_original_gave_them_when_this_was_written():
    whole = np.rint(extracted(window_step=10)[:2] * 25.6).astype("<u2")

    assert whole.shape == (2, 98, 40)
    assert hashlib.sha256(whole.tobytes()).hexdigest()[:16] == "f3903cf34f6e8b20"


def test_the_transform_is_that_of_numpy_up_to_rounding():
    frames = np.random.default_rng(0).integers(-20000, 20000, (20, 512)).astype(np.int16)

    real, imaginary = real_fft(frames)

    expected = np.fft.rfft(frames) / 512
    assert np.abs(real + 1j * imaginary - expected).max() < 6


def test_roots_are_rounded():
    values = np.array([0, 1, 2, 3, 6, 7, 12, 13, 2**40 + 2**20, 2**40 + 2**20 + 1])

    assert square_root(values).tolist() == [0, 1, 1, 2, 2, 3, 3, 4, 2**20, 2**20 + 1]


def test_the_logarithm_is_natural_up_to_a_unit():
    values = np.unique(np.geomspace(2, 2**31, 1000).astype(np.int64))

    assert np.abs(logarithm(values, 6) - 64 * np.log(values)).max() < 1
    assert logarithm(np.array([0, 1]), 6).tolist() == [0, 0]


def test_noise_that_goes_on_is_reduced():
    frames = extracted(window_step=10, enable_pcan=False)[1]

    assert frames[-10:].mean() < frames[:3].mean()


def test_one_second_gives_the_49_frames_of_micro_speech():
    assert block(Settings("micro-frontend")).features(SIGNAL).shape == (49, 40)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"upper_band_limit": 9000.0}, "does not fit between 0 and half"),
        ({"lower_band_limit": 500.0, "upper_band_limit": 400.0}, "does not fit"),
    ],
)
def test_a_band_that_does_not_fit_is_named(parameters, message):
    with pytest.raises(BuildError, match=message):
        block(Settings.of("micro-frontend", **parameters)).features(SIGNAL)


def test_a_window_shorter_than_a_frame_is_named():
    with pytest.raises(BuildError, match="0 frames of 480 samples every 320"):
        block(Settings("micro-frontend")).features(Signal(400, ("audio",), 16000.0))
