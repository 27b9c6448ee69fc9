import numpy as np
import pytest
from scipy import signal as sps

from tuner.candidate import Settings
from tuner.dsp.mel import filter_bank
from tuner.dsp.registry import block
from tuner.errors import BuildError, ConfigError
from tuner.signal import Signal

SIGNAL = Signal(16000, ("audio",), 16000.0, sample_bytes=2)


@pytest.fixture(scope="module")
def clips():
    """Four seconds of 16-bit sound: noise with a rising tone, and a silent one."""
    time = np.arange(16000) / 16000
    tone = 8000 * np.sin(2 * np.pi * (200 + 1500 * time) * time)
    noise = np.random.default_rng(3).normal(scale=300, size=(3, 16000))
    return np.concatenate([np.rint(tone + noise), np.zeros((1, 16000))]).astype(np.float32)[..., None]


def power_spectra(values, length, stride, fft):
    """Frames × bins of |FFT|² / N, by scipy's spectrogram of frames of `length` <= `fft` samples."""
    _, _, spectrum = sps.spectrogram(
        values, window="boxcar", nperseg=length, noverlap=length - stride, nfft=fft, detrend=False, mode="complex",
        scaling="spectrum",
    )  # fmt: skip
    return np.abs(spectrum.T * length) ** 2 / fft


def emphasized(values, factor=0.98):
    return values - factor * np.concatenate([values[-1:], values[:-1]])


def decibels(power, floor=-52):
    return np.maximum((10 * np.log10(np.maximum(power, 1e-30)) - floor) / (12 - floor), 0)


def triangles(filters, fft, frequency=16000):
    """The filter bank one corner at a time, as the public description has it."""
    mel = np.linspace(0, 1127 * np.log(1 + frequency / 2 / 700), filters + 2)
    hertz = 700 * (np.exp(mel / 1127) - 1)
    hertz[-1] -= 0.001
    corner = np.floor((fft + 1) * hertz / frequency).astype(int)
    bank = np.zeros((filters, fft // 2 + 1))
    for i, (left, middle, right) in enumerate(zip(corner, corner[1:], corner[2:], strict=False)):
        for k in range(left, right):
            bank[i, k] = (k - left) / (middle - left) if k < middle else (right - k) / (right - middle)
    return bank


def test_spectrogram_agrees_with_scipy(clips):
    found = block(Settings.of("spectrogram", fft_length=512)).extract(clips, SIGNAL)

    expected = decibels(power_spectra(clips[0, :, 0].astype(np.float64), 320, 160, 512))
    assert found.shape == (4, 99, 257)
    np.testing.assert_allclose(found[0], expected, atol=2e-4)
    assert (found[3] == 0).all()


@pytest.mark.parametrize(("filters", "fft"), [(40, 256), (32, 512), (40, 512)])
def test_the_filter_bank_is_made_of_triangles_between_rounded_corners(filters, fft):
    np.testing.assert_allclose(filter_bank(filters, fft, 16000.0, 0, 0).weights.T, triangles(filters, fft), atol=1e-6)


def test_mfe_agrees_with_scipy_to_one_step_of_its_quantization(clips):
    found = block(Settings.of("mfe", fft_length=512)).extract(clips, SIGNAL)

    power = power_spectra(emphasized(clips[0, :, 0].astype(np.float64) / 2**15), 320, 160, 512)
    expected = np.minimum(decibels(power @ triangles(40, 512).T), 255 / 256)
    assert found.shape == (4, 99, 40)
    assert np.abs(found[0] - expected).max() <= 0.5 / 256 + 1e-4
    assert (found * 256 == np.rint(found * 256)).all()


def test_a_frame_longer_than_the_transform_is_cut_to_it(clips):
    longer = block(Settings.of("mfe", fft_length=256, frame_length=0.02)).extract(clips, SIGNAL)

    power = power_spectra(emphasized(clips[0, :, 0].astype(np.float64) / 2**15), 256, 160, 256)[:99]
    expected = np.minimum(decibels(power @ triangles(40, 256).T), 255 / 256)
    assert np.abs(longer[0] - expected).max() <= 0.5 / 256 + 1e-4


def cepstra(values):
    power = power_spectra(emphasized(values), 320, 320, 512)
    mel = np.log(power @ triangles(32, 512).T)
    cosines = np.cos(np.pi * np.arange(13)[:, None] * (2 * np.arange(32) + 1) / 64) * np.sqrt(2 / 32)
    return np.concatenate([np.log(power.sum(1, keepdims=True)), mel @ cosines[1:].T], axis=1)


def normalized(values, window):
    """One frame at a time, with means and deviations by numpy."""
    half = window // 2

    def around(data):
        mirrored = np.pad(data, ((half, half), (0, 0)), mode="symmetric")
        return [mirrored[i : i + window] for i in range(len(data))]

    centred = values - np.array([part.mean(0) for part in around(values)])
    return centred / (np.array([part.std(0) for part in around(centred)]) + 1e-10)


def test_mfcc_agrees_with_numpy_and_scipy(clips):
    found = block(Settings.of("mfcc", fft_length=512, win_size=0)).extract(clips, SIGNAL)

    assert found.shape == (4, 50, 13)
    np.testing.assert_allclose(found[1], cepstra(clips[1, :, 0].astype(np.float64)), atol=2e-3)


@pytest.mark.parametrize("window", [11, 101, 301])
def test_mfcc_is_normalized_over_sliding_windows(clips, window):
    found = block(Settings.of("mfcc", fft_length=512, win_size=window)).extract(clips, SIGNAL)

    np.testing.assert_allclose(found[1], normalized(cepstra(clips[1, :, 0].astype(np.float64)), window), atol=5e-3)


def test_silence_gives_finite_features(clips):
    for kind in ("mfe", "mfcc", "spectrogram"):
        assert np.isfinite(block(Settings.of(kind, fft_length=512)).extract(clips, SIGNAL)).all()


def test_the_mel_scale_is_that_of_librosa():
    librosa = pytest.importorskip("librosa", reason="librosa is not installed")
    theirs = librosa.filters.mel(sr=16000, n_fft=2048, n_mels=40, htk=True, norm=None)

    ours = filter_bank(40, 2048, 16000.0, 0, 0).weights.T

    # Corners that are rounded to bins move a filter by less than a bin.
    peaks = np.abs(ours.argmax(axis=1) - theirs.argmax(axis=1))
    assert peaks.max() <= 1


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("mfe", {"frame_length": 2.0}, "frame is 32000 samples long"),
        ("mfe", {"frame_stride": 0.001}, "981 frames, expected at most 500"),
        ("mfe", {"num_filters": 100}, "mel filters have no bin"),
        ("mfe", {"high_frequency": 9000}, "do not fit between 0 and half"),
        ("mfcc", {"low_frequency": 5000, "high_frequency": 4000}, "do not fit"),
        ("spectrogram", {"frame_length": 0.0001}, "expected at least 4"),
    ],
)
def test_parameters_that_do_not_fit_the_signal_are_named(kind, parameters, message):
    with pytest.raises(BuildError, match=message):
        block(Settings.of(kind, **parameters)).features(SIGNAL)


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("mfe", {"fft_length": 300}, "fft_length is 300"),
        ("mfcc", {"win_size": 100}, "expected an odd number"),
        ("mfcc", {"num_cepstral": 40}, "at most num_filters"),
        ("mfcc", {"numcepstral": 12}, "did you mean 'num_cepstral'"),
    ],
)
def test_wrong_parameters_are_named(kind, parameters, message):
    with pytest.raises(ConfigError, match=message):
        block(Settings.of(kind, **parameters))


def test_more_than_one_axis_is_refused():
    with pytest.raises(BuildError, match="reads one axis, got left, right"):
        block(Settings("mfe")).features(Signal(16000, ("left", "right"), 16000.0))


def test_a_frame_of_288_samples_is_not_rounded_up_to_289():
    features = block(Settings.of("mfcc", frame_length=0.018, frame_stride=0.018, fft_length=512)).features(SIGNAL)

    assert features.shape[0] == 16000 // 288
