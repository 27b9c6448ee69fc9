"""From an empty server to a model: what a person does in the browser, with real training."""

import zipfile

import pytest
import yaml


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    return tmp_path_factory.mktemp("empty")


def test_a_person_gets_from_an_empty_server_to_a_model(watched, toy_motion, toy_space, tmp_path):
    page = watched().open("/")
    page.click("text=Begin a study")

    page.fill("#new-name", "gestures")
    page.fill("#new-data-name", "motion")
    page.fill("#new-data-path", toy_motion.name)
    page.click("#new-data-register")
    page.wait_for_selector("text=36 recordings")
    page.fill("#new-find", "pico")
    page.click("#new-devices .ag-row >> text=/Raspberry Pi Pico/ >> nth=0")
    page.wait_for_selector(".budget >> text=Raspberry Pi Pico")
    page.click("text=Editor")
    page.wait_for_selector("#new-space-editor-text:not(:empty)")
    page.fill("#new-space-editor-text", "window: {size_ms: [1000]}\nwindov: 3\n")
    page.wait_for_selector("text=Line 2:")
    page.fill("#new-space-editor-text", yaml.safe_dump(toy_space))
    page.wait_for_selector("text=Valid:")
    page.wait_for_selector("#new-share >> text=/describe a network/")
    page.fill("#new-trials", "2")
    page.fill("#new-workers", "0")
    page.click("text=Start the study")

    page.wait_for_url("**/studies/gestures**")
    page.wait_for_selector(".tag.finished", timeout=90_000)
    page.click("text=Select a model")
    page.wait_for_selector("text=Ready to flash")
    with page.expect_download() as download:
        page.click("#select-export")

    archive = tmp_path / "model.zip"
    download.value.save_as(archive)
    assert download.value.suggested_filename.startswith("gestures-")
    assert any(name.endswith(".tflite") for name in zipfile.ZipFile(archive).namelist())


def test_a_model_dropped_is_profiled_and_something_else_is_refused_in_words(watched, toy_study, tmp_path):
    seen = watched()
    page = seen.open("/profile")
    model = next((toy_study.folder / "artifacts").glob("*.tflite"))

    page.set_input_files("#profile-file input", model)
    page.wait_for_selector("text=/It fits .* boards/")
    page.set_input_files("#profile-file input", {"name": "x.tflite", "mimeType": "", "buffer": b"not a model"})
    page.wait_for_selector("text=not a .tflite file")

    assert page.inner_text("#profile-result h2").startswith("not a .tflite file")
    # The browser itself notes the refused request.
    assert [problem for problem in seen.problems if "422" not in problem] == []
    seen.problems.clear()
