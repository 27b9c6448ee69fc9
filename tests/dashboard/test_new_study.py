import math

import pytest

from tuner.config import validated
from tuner.dashboard.pages.new_study import budgets_of, study_file, survey_request
from tuner.study.spec import StudySpec

PICO = {"name": "raspberry-pi-pico", "title": "Raspberry Pi Pico", "ram": 204_800, "flash": 1_900_000}


def slid(**amounts):
    ids = [{"device": "raspberry-pi-pico", "resource": resource} for resource in amounts]
    return [math.log10(amount) for amount in amounts.values()], ids


def described(values, ids, **changes):
    form = {
        "name": "gestures", "dataset": "motion", "task": "auto", "objectives": ["accuracy", "ram"], "trials": 30,
        "minutes": 5, "workers": 0, "sampler": "auto", "seed": 3, "split": "group", "rows": [PICO], "values": values,
        "ids": ids, "source": "template", "space": "motion-continuous", "text": None, "of_study": None,
    }  # fmt: skip
    return study_file(**(form | changes))


def test_the_form_makes_a_study_file_that_is_valid():
    values, ids = slid(ram=65_536, flash=1_900_000, latency=20)

    spec = validated(StudySpec, described(values, ids), source="form")

    budget = spec.budgets["raspberry-pi-pico"]
    assert budget.ram == pytest.approx(65_536, rel=1e-3)
    assert budget.flash is None
    assert budget.latency == pytest.approx(20)
    assert spec.limits.time == 300
    assert spec.dataset.split.by == "group"


def test_a_slider_at_its_end_sets_no_budget():
    values, ids = slid(ram=204_800, flash=1_900_000, latency=10_000)

    assert budgets_of(values, ids, [PICO]) == {}


def test_sliders_of_a_board_no_longer_chosen_count_for_nothing():
    values, ids = slid(ram=1024)

    assert budgets_of(values, ids, []) == {}


def test_the_share_that_fits_is_asked_with_the_budgets_of_the_form():
    values, ids = slid(ram=65_536, latency=20)

    request = survey_request(described(values, ids), 50)

    assert request is not None
    assert request.space == "motion-continuous"
    assert request.budgets["raspberry-pi-pico"].ram_bytes == 65_536
    assert request.budgets["raspberry-pi-pico"].latency_ms == pytest.approx(20)
    assert request.budgets["raspberry-pi-pico"].flash_bytes is None


def test_nothing_is_asked_while_boards_or_space_are_missing():
    values, ids = slid(ram=65_536)

    assert survey_request(described(values, ids, rows=[]), 50) is None
    assert survey_request(described(values, ids, source="editor", text="["), 50) is None
