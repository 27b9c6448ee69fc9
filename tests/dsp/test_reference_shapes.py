"""Every row of the reference's published shapes: number of features, first labels, errors."""

import csv
import re
from pathlib import Path

import pytest

from tuner.candidate import Settings
from tuner.dsp.registry import block
from tuner.errors import BuildError
from tuner.signal import Signal

TABLE = Path(__file__).parents[2] / ".." / "shared" / "reference" / "eon_dsp_shapes.csv"
ROWS = list(csv.DictReader(TABLE.read_text().splitlines())) if TABLE.is_file() else []
AXES = ("x", "y", "z")


def spectral_settings(config: str) -> Settings:
    version = int(re.match(r"v(\d)", config)[1])
    parameters = {"implementation-version": version}
    if found := re.search(r"filter=(\w+)/(\d+) fft=(\d+) .*extraLF=(\w+)", config):
        parameters |= {"filter-type": found[1], "filter-cutoff": float(found[2]), "fft-length": int(found[3])}
        parameters |= {"extra-low-freq": True} if found[4] == "True" else {}
    elif found := re.search(r"Wavelet (\w+) level=(\d+)", config):
        parameters |= {"analysis-type": "Wavelet", "wavelet": found[1], "wavelet-level": int(found[2])}
    elif found := re.search(r"none 16 Wavelet (\d) False", config):
        parameters |= {"analysis-type": "Wavelet", "wavelet-level": int(found[1])}
    return Settings("spectral-analysis", tuple(parameters.items()))


def audio_settings(kind: str, config: str) -> Settings:
    names = {"filters": "num_filters", "fft": "fft_length", "ncep": "num_cepstral"}
    parameters = {names[key]: int(value) for key, value in re.findall(r"(filters|fft|ncep)=(\d+)", config)}
    length, stride = re.search(r"frame=([\d.]+)/([\d.]+)", config).groups()
    return Settings(kind, tuple({**parameters, "frame_length": float(length), "frame_stride": float(stride)}.items()))


def described(kind: str, config: str) -> tuple[Settings, Signal]:
    if kind == "spectral-analysis":
        samples = 320 if "320 samples" in config else 125
        return spectral_settings(config), Signal(samples, AXES, 62.5)
    if kind in ("mfe", "mfcc", "spectrogram"):
        return audio_settings(kind, config), Signal(16000, ("audio",), 16000.0, sample_bytes=2)
    if kind == "image":
        channels = config.rsplit(maxsplit=1)[-1]
        return Settings.of("image", channels=channels), Signal(96 * 96, ("r", "g", "b"), 1.0, 1, image=(96, 96))
    return Settings(kind), Signal(100, AXES, 100.0)


@pytest.mark.skipif(not ROWS, reason="the reference material (../shared) is not beside this checkout")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['block']} {row['config']}")
def test_shape_and_labels_are_those_of_the_reference(row):
    settings, signal = described(row["block"], row["config"])

    if row["n_features"] == "ERR":
        with pytest.raises(BuildError, match="at least 2048 ms"):
            block(settings).features(signal)
        return

    features = block(settings).features(signal)
    assert features.count == int(row["n_features"])
    if found := re.search(r"'width': ([\d.]+), 'height': (\d+)(, 'channels': (\d))?", row["output_config"]):
        width, height = int(float(found[1])), int(found[2])
        assert features.shape == ((height, width, int(found[4])) if found[4] else (width, height))
    labels = row["first_labels"].split(";") if row["first_labels"] else []
    assert [label.removeprefix("x ") for label in features.labels[: len(labels)]] == labels or row["block"] == "raw"
