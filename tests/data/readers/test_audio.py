import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tuner.candidate import Window
from tuner.data import BrokenFilesError, Dataset, open_dataset
from tuner.data.windows import cut

RANDOM = np.random.default_rng(0)


def write(path: Path, samples: int = 800, *, rate: int = 8000, channels: int = 1, subtype: str = "PCM_16") -> Any:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = RANDOM.integers(-20000, 20000, size=(samples, channels)).astype(np.int16)
    soundfile.write(path, values / 32768, rate, subtype=subtype)
    return values


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for label in ("yes", "no"):
        for n in range(3):
            write(tmp_path / label / f"{n}.wav", 800 + n)
    return tmp_path


@pytest.mark.parametrize(
    ("ending", "subtype"), [("wav", "PCM_16"), ("wav", "PCM_24"), ("wav", "FLOAT"), ("flac", "PCM_16")]
)
def test_sound_is_in_units_of_a_16_bit_sample(ending: str, subtype: str, tmp_path: Path) -> None:
    values = write(tmp_path / "yes" / f"1.{ending}", subtype=subtype)

    dataset = open_dataset(tmp_path)

    assert dataset.axes == ("audio",)
    assert dataset.frequency_hz == 8000
    assert dataset.sample_bytes == 2
    np.testing.assert_array_equal(dataset.load(dataset.recordings[0]), values.astype(np.float32))
    np.testing.assert_array_equal(dataset.load(dataset.recordings[0], 100, 200), values[100:200].astype(np.float32))


def test_lossy_sound_reads_too(tmp_path: Path) -> None:
    tone = np.sin(np.arange(8000) / 8000 * 2 * np.pi * 440)[:, np.newaxis] * 0.5
    soundfile.write(tmp_path / "tone.ogg", tone, 8000)

    dataset = open_dataset(tmp_path)

    loaded = dataset.load(dataset.recordings[0])
    assert loaded.shape == (8000, 1)
    np.testing.assert_allclose(loaded[1000:7000], tone[1000:7000] * 32768, atol=500)


def test_channels_are_axes(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.wav", channels=2)

    assert open_dataset(tmp_path).axes == ("audio1", "audio2")


def test_lists_of_files_are_splits(folder: Path) -> None:
    (folder / "testing_list.txt").write_text("yes/0.wav\nno/1.wav\n")
    (folder / "validation_list.txt").write_text("yes/2.wav\n")

    dataset = open_dataset(folder)

    assert {r.id: r.split for r in dataset.recordings if r.split} == {
        "yes/0.wav": "test",
        "no/1.wav": "test",
        "yes/2.wav": "validation",
    }
    assert dataset.ignored == ()


def test_several_rates_are_resampled_only_on_request(folder: Path) -> None:
    write(folder / "yes" / "fast.wav", 1600, rate=16000)

    with pytest.raises(BrokenFilesError, match=r"yes/fast.wav: was sampled at 16000 Hz, most recordings at 8000 Hz"):
        open_dataset(folder)

    dataset = open_dataset(folder, resample=True)
    windows = cut(dataset, [r.id for r in dataset.recordings], Window(size_ms=100, stride_ms=100))
    assert windows.values.shape == (7, 800, 1)


def test_one_rate_for_all_may_be_asked_for(folder: Path) -> None:
    dataset = open_dataset(folder, frequency="16 kHz", resample=True)

    windows = cut(dataset, [dataset.recordings[0].id], Window(size_ms=100, stride_ms=100))

    assert windows.signal.frequency_hz == 16000
    assert windows.values.shape == (1, 1600, 1)


def test_the_same_sound_under_another_header_is_a_copy(tmp_path: Path) -> None:
    values = write(tmp_path / "a" / "1.wav")
    soundfile.write(tmp_path / "a" / "2.flac", values, 8000)
    write(tmp_path / "a" / "3.wav")

    first, copy, other = open_dataset(tmp_path).recordings

    assert first.digest == copy.digest != other.digest


def test_mixed_channel_counts_are_named(folder: Path) -> None:
    write(folder / "no" / "stereo.wav", channels=2)

    with pytest.raises(BrokenFilesError, match=r"no/stereo.wav: has 2 axes \(audio1, audio2\), most recordings have 1"):
        open_dataset(folder)


@pytest.mark.parametrize("kept", [20, 44, 45, 500, 1643])
def test_a_truncated_wav_is_named(kept: int, folder: Path) -> None:
    broken = folder / "yes" / "0.wav"
    broken.write_bytes(broken.read_bytes()[:kept])

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(folder)

    assert [problem.path for problem in error.value.problems] == ["yes/0.wav"]


def test_what_a_truncated_wav_lacks_is_told(folder: Path) -> None:
    broken = folder / "yes" / "0.wav"
    broken.write_bytes(broken.read_bytes()[:1044])

    with pytest.raises(BrokenFilesError, match="its header promises 1600 bytes of sound, it holds 1000"):
        open_dataset(folder)


def test_a_wav_written_to_a_pipe_is_not_truncated(folder: Path) -> None:
    path = folder / "yes" / "0.wav"
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(content)

    assert open_dataset(folder).recording("yes/0.wav").samples == 800


@pytest.mark.parametrize("kept", [0, 4, 100, 900])
def test_a_truncated_flac_is_named(kept: int, tmp_path: Path) -> None:
    write(tmp_path / "a" / "good.flac")
    write(tmp_path / "a" / "bad.flac", 5000)
    (tmp_path / "a" / "bad.flac").write_bytes((tmp_path / "a" / "bad.flac").read_bytes()[:kept])

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(tmp_path)

    assert [problem.path for problem in error.value.problems] == ["a/bad.flac"]


def test_a_sound_of_no_length_and_one_with_nan_are_named(folder: Path) -> None:
    write(folder / "yes" / "empty.wav", 0)
    soundfile.write(folder / "yes" / "nan.wav", np.array([0.1, np.nan]), 8000, subtype="FLOAT")

    with pytest.raises(BrokenFilesError) as error:
        open_dataset(folder)

    assert [str(problem) for problem in error.value.problems] == [
        "yes/empty.wav: holds no values",
        "yes/nan.wav: sample 1 of axis 0 is missing (NaN); 1 of 2 values are not finite",
    ]


def test_spoken_digits_read_from_one_folder_by_the_names_of_files(shared: Path) -> None:
    dataset = open_dataset(
        shared / "datasets" / "audio_fsdd", test_pattern=r"_[0-4]\.wav$", group_pattern=r"\d_(\w+)_\d"
    )

    assert dataset.labels == tuple("0123456789")
    assert len(dataset.recordings) == 1500
    assert sum(r.split == "test" for r in dataset.recordings) == 300
    assert len({r.group for r in dataset.recordings}) == 6


def test_speech_commands_keep_their_lists(shared: Path) -> None:
    dataset: Dataset = open_dataset(shared / "datasets" / "audio_speech_commands_mini")

    assert len(dataset.labels) == 30
    assert {r.split for r in dataset.recordings} == {"", "test", "validation"}
