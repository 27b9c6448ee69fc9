from pathlib import Path
from typing import Any

import pytest
import yaml

from tuner import Client, InputError
from tuner.errors import ConfigError
from tuner.messages.studies import RunLimits
from tuner.search_space import load_space, space_names
from tuner.service.requests import space_asked_for


@pytest.fixture
def spec(toy_spec: dict[str, Any]) -> dict[str, Any]:
    return {**toy_spec, "dataset": {**toy_spec["dataset"], "path": "."}}


def test_a_study_is_made_queued_paused_cancelled_and_deleted(empty: Client, spec: dict[str, Any]) -> None:
    entry = empty.create_study(spec).entry
    assert (entry.state, entry.queue_position) == ("queued", 1)  # nobody watches over the workers in this test
    with pytest.raises(InputError, match="there is a study 'toy' already"):
        empty.create_study(spec)

    assert empty.pause_study("toy").state == "paused"
    assert empty.resume_study("toy", RunLimits(trials=7)).state == "queued"
    assert empty.cancel_study("toy").state == "cancelled"
    with pytest.raises(InputError, match="study 'toy' is cancelled"):
        empty.resume_study("toy")

    empty.delete_study("toy")

    assert empty.studies() == ()
    assert not Path(empty.server().data_roots[0], "toy").exists()


def test_a_study_can_wait_to_be_started(empty: Client, spec: dict[str, Any]) -> None:
    assert empty.create_study(spec, start=False).entry.state == "created"
    assert empty.start_study("toy").state == "queued"


def test_code_comes_only_where_the_operator_allows_it(empty: Client, spec: dict[str, Any], toy_motion: Path) -> None:
    with pytest.raises(InputError, match=r"runs no code from the network.*--allow-code"):
        empty.create_study({**spec, "blocks": [str(toy_motion / "block.py")]})
    with pytest.raises(InputError, match="models: this server runs no code"):
        empty.create_study({**spec, "models": [str(toy_motion / "model.keras")]})
    for value in ("net.py", "../weights", "/etc/passwd", ["fine", "model.keras"], {"deep": {"er": "a\\b"}}):
        space = {**spec["search_space"], "architecture": [{"type": "dense"}, {"type": "own", "model": value}]}
        with pytest.raises(InputError, match=r"search_space\.architecture\.1\.model.*: names a file"):
            space_asked_for(space, allow_code=False)
        assert space_asked_for(space, allow_code=True) == space
        (problem,) = empty.validate_space(yaml.safe_dump(space)).problems
        assert "names a file" in problem.message


def test_shipped_spaces_name_no_files() -> None:
    for name in space_names():
        space_asked_for(load_space(name).to_json(), allow_code=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset": {"path": "/etc"}}, "lies outside"),
        ({"search_space": "/etc/space.yaml"}, "there is no shipped space"),
        ({"search_space": {"include": "../space.yaml"}}, "there is no shipped space"),
        ({"devices": ["../../profile.yaml"]}, "there is no device"),
        ({"devices": ["/etc/profile.yaml"]}, "there is no device"),
        ({"workers": 1000}, "more than the"),
        ({"name": "../escape"}, "name"),
        ({"limits": {"trails": 3}}, "unknown key 'limits.trails'.*did you mean 'trials'"),
    ],
)
def test_what_a_study_may_not_ask_for_is_refused(
    empty: Client, spec: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        empty.create_study({**spec, **change})

    assert empty.studies() == ()


def test_what_is_wrong_with_a_text_is_told_at_its_line(empty: Client) -> None:
    study = "name: x\ndataset: {path: .}\nsearch_space: keyword\ndevices: [a]\nlimits:\n  trails: 3\n"
    (problem,) = empty.validate_study(study).problems
    assert (problem.line, problem.column, problem.key) == (6, 3, "limits.trails")

    assert empty.validate_study(study.replace("trails", "trials")).valid
    with pytest.raises(ConfigError, match="not valid YAML"):
        empty.create_study("name: [")


def test_devices_are_checked_and_added(empty: Client, toy_motion: Path) -> None:
    text = empty.device("raspberry-pi-pico").text.replace("name: raspberry-pi-pico", "name: my-board")
    wrong = empty.validate_device(text.replace("vendor:", "vender:"))
    assert not wrong.valid
    assert any("unknown key 'vender'" in problem.message for problem in wrong.problems)

    assert empty.validate_device(text).valid
    assert empty.add_device(text).entry.own
    with pytest.raises(InputError, match="there is a device 'my-board' already"):
        empty.add_device(text)

    assert empty.devices()[0].name == "my-board"


def test_spaces_are_listed_checked_and_counted(empty: Client) -> None:
    names = [entry.name for entry in empty.spaces()]
    text = empty.space(names[0]).text

    assert empty.validate_space(text).valid
    assert empty.validate_space(text).parameters
    assert not empty.validate_space(text + "\nnonsense: 1\n").valid
