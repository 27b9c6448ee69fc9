import io
import zipfile
from pathlib import Path

import pytest

from tuner import Client, InputError
from tuner.errors import ConfigError, DataError
from tuner.messages.spaces import SurveyRequest


def packed(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder))
    return content.getvalue()


def test_an_uploaded_folder_is_a_data_set(empty: Client, toy_motion: Path) -> None:
    entry = empty.upload_dataset("gestures", packed(toy_motion), "gestures.zip")
    inspection = empty.inspect_dataset("gestures")

    assert entry.source == "uploaded"
    assert (inspection.recordings, len(inspection.classes), len(inspection.axes)) == (36, 3, 3)
    survey = SurveyRequest(space="motion-continuous", devices=("raspberry-pi-pico",), samples=5, dataset="gestures")
    assert empty.survey_space(survey).drawn == 5

    empty.delete_dataset("gestures")

    assert empty.datasets() == ()
    assert not Path(entry.path).exists()


def test_data_below_a_root_is_registered_and_survives_a_new_start(empty: Client, toy_motion: Path) -> None:
    empty.register_dataset("toys", ".", {"frequency": "50 Hz"})

    assert empty.dataset("toys").path == str(toy_motion.resolve())
    with pytest.raises(InputError, match="there is a data set 'toys' already"):
        empty.register_dataset("toys", ".")


@pytest.mark.parametrize("path", ["/etc", "../..", "/etc/passwd", "circle/../../../../etc"])
def test_paths_outside_of_the_roots_are_refused(empty: Client, path: str) -> None:
    with pytest.raises(InputError, match="lies outside of what this server may read"):
        empty.register_dataset("secrets", path)


def test_links_do_not_lead_out_of_the_roots(empty: Client, toy_motion: Path) -> None:
    link = toy_motion / "way-out"
    link.symlink_to("/etc")

    try:
        with pytest.raises(InputError, match="lies outside"):
            empty.register_dataset("secrets", "way-out")
    finally:
        link.unlink()


def test_other_kinds_of_files_and_wrong_options_are_refused(empty: Client) -> None:
    with pytest.raises(DataError, match="is no kind of file that is taken"):
        empty.upload_dataset("code", b"import os", "code.py")
    with pytest.raises(ConfigError, match=r"unknown key 'frequenzy'.*did you mean 'frequency'"):
        empty.upload_dataset("x", b"", "x.csv", {"frequenzy": "50 Hz"})


def test_uploads_have_a_limit(empty: Client) -> None:
    with pytest.raises(InputError, match="more than"):
        empty.upload_dataset("large", bytes(3 * 1024**2), "large.csv")


def test_pickled_arrays_are_not_read(empty: Client, tmp_path: Path) -> None:
    import numpy as np

    np.savez(tmp_path / "evil.npz", values=np.array([{"a": 1}], dtype=object), labels=np.array(["x"]))
    empty.upload_dataset("evil", (tmp_path / "evil.npz").read_bytes(), "evil.npz")

    with pytest.raises(DataError, match="pickled objects are not read"):
        empty.inspect_dataset("evil")
