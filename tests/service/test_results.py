import io
import zipfile

import pytest

from tuner import Client, InputError, NothingFitsError, Study
from tuner.messages.comparison import TrialRef
from tuner.messages.selection import SelectionRequest
from tuner.report.course import covered

PICO = "raspberry-pi-pico"


def test_a_study_is_told_as_it_is_recorded(client: Client, toy_study: Study) -> None:
    detail = client.study("toy")

    assert detail.summary == toy_study.summary
    assert detail.entry.counts == toy_study.counts
    assert detail.entry.state == "finished"
    assert detail.entry.reason == toy_study.summary.stopped
    assert [entry.name for entry in client.studies()] == ["toy"]


def test_trials_travel_whole(client: Client, toy_study: Study) -> None:
    for trial in toy_study.trials:
        assert client.trial("toy", trial.number).trial == trial


def test_fronts_are_those_of_the_study(client: Client, toy_study: Study) -> None:
    for device in toy_study.devices:
        front = client.front("toy", device, infeasible=True)
        members = {number for number, on_front in zip(front.trials, front.on_front, strict=True) if on_front}

        assert members == {trial.number for trial in toy_study.front(device)}
        assert len(front.trials) == len(front.quality) == len(front.latency_ms) == len(toy_study.trials)


def test_stairs_rise_from_the_cheapest_to_the_best(client: Client, toy_study: Study) -> None:
    front = client.front("toy", PICO, x="ram", y="quality")
    ram = dict(zip(front.trials, front.ram_bytes, strict=True))
    quality = dict(zip(front.trials, front.quality, strict=True))

    assert [ram[number] for number in front.stairs] == sorted(ram[number] for number in front.stairs)
    assert quality[front.stairs[-1]] == max(trial.score or 0.0 for trial in toy_study.trials)


def test_only_members_of_fronts_have_a_test_score(client: Client, toy_study: Study) -> None:
    front = client.front("toy", PICO, of="test")

    assert set(front.trials) == {trial.number for trial in toy_study.trials if trial.test is not None}


def test_the_hypervolume_ends_where_the_report_s_does(client: Client, toy_study: Study) -> None:
    for course in client.hypervolume("toy").courses:
        expected = covered(toy_study.summary, toy_study.trials, course.device)

        assert course.hypervolume[-1] == pytest.approx(expected[-1])
        assert course.ended[-1] == len(toy_study.trials)


def test_selection_is_that_of_the_study(client: Client, toy_study: Study) -> None:
    for knee in (False, True):
        expected = toy_study.select(PICO, knee=knee)

        assert client.select("toy", SelectionRequest(device=PICO, knee=knee)).chosen.number == expected.number


def test_a_selection_tells_what_more_of_a_resource_would_buy(client: Client, toy_study: Study) -> None:
    cheapest = min(toy_study.front(PICO), key=lambda trial: trial.appraisal.cost(PICO).flash.total.value)
    limit = cheapest.appraisal.cost(PICO).flash.total.value
    best = toy_study.select(PICO)

    selection = client.select("toy", SelectionRequest(device=PICO, max_flash_bytes=limit))

    flash = next(one for one in selection.trade_offs if one.resource == "flash")
    assert selection.chosen.number == cheapest.number
    assert flash.points[0].trial == cheapest.number
    assert flash.points[-1].quality == best.score
    assert (flash.next_trial is None) == (cheapest.score == best.score)


def test_nothing_that_fits_is_the_error_that_a_study_raises(client: Client, toy_study: Study) -> None:
    with pytest.raises(NothingFitsError) as local:
        toy_study.select(PICO, max_ram="16 B")

    with pytest.raises(NothingFitsError) as remote:
        client.select("toy", SelectionRequest(device=PICO, max_ram_bytes=16))

    assert str(remote.value) == str(local.value)


def test_comparison_marks_what_differs(client: Client) -> None:
    comparison = client.compare([TrialRef(study="toy", trial=0), TrialRef(study="toy", trial=1)])

    assert [detail.row.number for detail in comparison.trials] == [0, 1]
    assert all(len(row.cells) == 2 and row.differs == (row.cells[0] != row.cells[1]) for row in comparison.rows)
    assert {fit.device for fit in comparison.devices} == {PICO, "stm32f746g-discovery"}
    assert client.compare_studies(["toy"]).fronts[0].study == "toy"


def test_rejections_count_every_trial_on_every_device(client: Client, toy_study: Study) -> None:
    for device in client.rejections("toy").devices:
        assert sum(device.causes.values()) == len(toy_study.trials)


def test_too_few_trials_have_no_importance(client: Client) -> None:
    importance = client.importance("toy")

    assert (importance.trials, importance.parameters, importance.trusted) == (0, (), False)


@pytest.fixture(scope="module")
def exported(client: Client, toy_study: Study) -> bytes:
    return client.export_zip("toy", toy_study.front(PICO)[0].number, PICO)


def test_an_export_is_what_the_command_line_writes(exported: bytes, toy_study: Study) -> None:
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        model = archive.read("model.tflite")
        names = set(archive.namelist())

    number = toy_study.front(PICO)[0].number
    assert model == (toy_study.folder / "artifacts" / f"trial-{number:05d}.tflite").read_bytes()
    assert {"model.cc", "model.h", "manifest.json"} <= names


def test_a_profile_of_an_exported_model_names_its_operators(client: Client, exported: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        model = archive.read("model.tflite")

    profile = client.profile(model, "gestures.tflite", [PICO])

    assert profile.model_bytes == len(model)
    assert [device.device for device in profile.devices] == [PICO]
    assert len(profile.devices[0].operators) == profile.operators > 0
    with pytest.raises(InputError, match=r"is no \.tflite file"):
        client.profile(model, "gestures.keras")


def test_the_report_is_one_html_file(client: Client) -> None:
    assert client.report("toy").startswith(b"<!doctype html>")


def test_what_there_is_not_is_named_with_the_nearest(client: Client) -> None:
    with pytest.raises(InputError, match=r"there is no study 'toi'.*did you mean 'toy'"):
        client.study("toi")
    with pytest.raises(InputError, match="has no trial 99"):
        client.trial("toy", 99)
    with pytest.raises(InputError, match="has no device"):
        client.front("toy", "raspberry-pi-picos")
