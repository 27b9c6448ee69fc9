"""The C that operations and code sizes are taken from computes the features that extraction gives."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import pywt

from tuner.candidate import Settings
from tuner.dsp.framing import FramedBlock
from tuner.dsp.mel import filter_bank
from tuner.dsp.registry import block
from tuner.signal import Signal

SOURCE = Path(__file__).parents[2] / "benchmarks" / "dsp_code" / "blocks.c"
POINTER = ctypes.c_void_p

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


class Spectral(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int) for name in ("samples", "axes", "sections", "fft", "stride", "bins", "log")),
        ("scale", ctypes.c_float),
        ("filter", POINTER),
        ("twiddles", POINTER),
    )


class Sound(ctypes.Structure):
    _fields_ = (
        *(
            (n, ctypes.c_int)
            for n in ("samples", "length", "stride", "frames", "fft", "filters", "coefficients", "window")
        ),
        *((name, ctypes.c_float) for name in ("scale", "emphasis", "floor")),
        *((name, POINTER) for name in ("twiddles", "weights", "cosines", "spans")),
    )


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    library = tmp_path_factory.mktemp("device") / "blocks.so"
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", str(SOURCE), "-o", str(library), "-lm"], check=True)
    return ctypes.CDLL(str(library))


def address(array):
    return ctypes.c_void_p(array.ctypes.data)


def twiddles(length):
    angle = 2 * np.pi * np.arange(length // 2) / length
    return np.stack([np.cos(angle), -np.sin(angle)], axis=1).astype(np.float32)


@pytest.mark.parametrize("fft", [16, 64])
def test_spectral_analysis(device, motion, motion_windows, fft):
    made = block(Settings("spectral-analysis", (("fft-length", fft),)))
    expected = made.extract(motion_windows[:1], motion)[0]
    table, window = twiddles(fft), np.ascontiguousarray(motion_windows[0])
    work, found = np.zeros(1000, np.float32), np.zeros_like(expected)
    settings = Spectral(125, 3, 0, fft, fft // 2, fft // 2, 1, 1.0, None, table.ctypes.data)

    count = device.spectral_analysis(ctypes.byref(settings), address(window), address(work), address(found))

    assert count == len(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_flatten(device, motion, motion_windows):
    expected = block(Settings("flatten")).extract(motion_windows[:1], motion)[0]
    window, work = np.ascontiguousarray(motion_windows[0]), np.zeros(200, np.float32)
    found = np.zeros_like(expected)

    device.flatten(address(window), 125, 3, ctypes.c_float(1), address(work), address(found))

    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_wavelets(device):
    windows = np.random.default_rng(4).normal(size=(1, 320, 2)).astype(np.float32)
    made = block(Settings("spectral-analysis", (("analysis-type", "Wavelet"), ("wavelet-level", 2))))
    expected = made.extract(windows, Signal(320, ("x", "y"), 62.5))[0]
    low, high = (np.array(taps, np.float32) for taps in pywt.Wavelet("db4").filter_bank[:2])
    work, found = np.zeros(1000, np.float32), np.zeros_like(expected)

    device.wavelet_analysis(address(windows), 320, 2, 2, address(low), address(high), 8, address(work), address(found))

    np.testing.assert_allclose(found, expected, rtol=5e-3, atol=1e-3)


@pytest.mark.parametrize("kind", ["mfe", "mfcc", "spectrogram"])
def test_sound(device, kind):
    signal = Signal(16000, ("audio",), 16000.0, sample_bytes=2)
    clip = np.random.default_rng(6).normal(scale=900, size=16000).round()
    made = block(Settings.of(kind, fft_length=512))
    assert isinstance(made, FramedBlock)
    expected = made.extract(clip.astype(np.float32)[None, :, None], signal)[0]
    filters = getattr(made, "num_filters", 2)
    bank = filter_bank(filters, 512, 16000.0, 0, 0).weights.T
    spans = np.array([[row.nonzero()[0][0], np.ptp(row.nonzero()[0]) + 1] for row in bank], np.int16)
    weights = np.concatenate([row[first : first + width] for row, (first, width) in zip(bank, spans, strict=True)])
    angle = np.pi * np.arange(13)[:, None] * (2 * np.arange(filters) + 1) / (2 * filters)
    cosines, table = (np.sqrt(2 / filters) * np.cos(angle)).astype(np.float32), twiddles(512)
    samples, work, found = clip.astype(np.int16), np.zeros(2000, np.float32), np.zeros_like(expected)
    framing = made.framing(signal)
    scale, emphasis = {"mfe": (2.0**-15, 0.98), "mfcc": (1.0, 0.98), "spectrogram": (1.0, 0.0)}[kind]
    settings = Sound(
        16000, framing.length, framing.stride, framing.count, 512, filters, 13, 101, scale, emphasis, -52,
        *(array.ctypes.data for array in (table, weights, cosines, spans)),
    )  # fmt: skip

    getattr(device, kind)(ctypes.byref(settings), address(samples), address(work), address(found))

    tolerance = {"mfe": 1 / 256 + 1e-6, "mfcc": 2e-2, "spectrogram": 1e-3}[kind]  # mfe: one step of its rounding
    np.testing.assert_allclose(found, expected, atol=tolerance)
