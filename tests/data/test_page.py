import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tuner.data import open_dataset
from tuner.data.figures import envelope, spectrogram
from tuner.data.inspection import inspect
from tuner.data.page import page


def test_the_page_needs_no_network_and_shows_every_class(motion_folder: Callable[..., Path]) -> None:
    html = page(inspect(open_dataset(motion_folder())))

    outside_scripts = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", outside_scripts)
    assert all(f"<h3>move{n}</h3>" in html for n in range(3))
    assert html.count("Plotly.newPlot(") >= 2 + 3


def test_names_of_files_cannot_carry_markup(tmp_path: Path) -> None:
    folder = tmp_path / "<script>alert(1)<"
    folder.mkdir()
    for n in range(3):
        np.save(folder / f"{n}.npy", np.random.default_rng(n).normal(size=(64, 1)))

    html = page(inspect(open_dataset(tmp_path, frequency=10)))

    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_images_are_drawn_into_the_page(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / label / "1.png")

    html = page(inspect(open_dataset(tmp_path)))

    assert html.count('<img src="data:image/png;base64,') == 2


def test_a_line_keeps_its_peaks_however_long_it_is() -> None:
    values = np.zeros(100_001, np.float32)
    values[77_777] = 5
    values[12] = -3

    seconds, line = envelope(values, 1000.0)

    assert len(line) <= 600
    assert (line.max(), line.min()) == (5, -3)
    assert seconds[line.argmax()] == pytest.approx(77.777, abs=0.5)


def test_the_spectrogram_of_a_tone_peaks_at_its_frequency() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000).astype(np.float32)

    drawn = spectrogram(tone, 8000.0)

    assert drawn is not None
    times, frequencies, decibels = drawn
    assert decibels.shape == (len(frequencies), len(times))
    assert frequencies[decibels.mean(axis=1).argmax()] == pytest.approx(1000, abs=20)
    assert decibels.max() == 0


def test_too_short_a_series_has_no_spectrogram() -> None:
    assert spectrogram(np.ones(20, np.float32), 10.0) is None


def test_silence_has_a_spectrogram_without_warnings() -> None:
    drawn = spectrogram(np.zeros(1000, np.float32), 10.0)

    assert drawn is not None
    assert (drawn[2] == -80).all()
