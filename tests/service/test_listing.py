import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tuner import Client, InputError, Study
from tuner.record import Epoch
from tuner.service.app import create_app
from tuner.service.in_process import in_process_client
from tuner.service.settings import Settings
from tuner.store.codec import encode
from tuner.store.event import Event, Kind
from tuner.store.sqlite import SQLiteStore
from tuner.study.history import asked, told
from tuner.trial.courses import FOLDER, Notes, kept

PICO = "raspberry-pi-pico"
MANY = 3000


@pytest.fixture(scope="module")
def crowd(toy_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """A server with a study of three thousand trials, made of the four of the toy study with other scores."""
    studies = tmp_path_factory.mktemp("crowd")
    folder = studies / "crowd"
    folder.mkdir()
    rng = np.random.default_rng(0)
    trained = [trial for trial in toy_study.trials if trial.training is not None]
    with closing(SQLiteStore(folder / "study.db", write=True)) as store:
        store.append(Event(Kind.CREATED, encode(toy_study.history.creation), at=0.0))
        store._connection.execute("BEGIN")  # one write to the disk instead of three thousand
        for number in range(MANY):
            trial = trained[number % len(trained)]
            assert trial.training is not None
            converted = replace(trial.training.converted, accuracy=float(rng.uniform(0.3, 1.0)))
            made = replace(
                trial, number=number, test=None, training=replace(trial.training, converted=converted, curve=())
            )
            store.append(Event(*told(made), at=1.0))
        store.append(Event(*asked(replace(trained[0], number=MANY, training=None, test=None)), at=2.0))
        store._connection.execute("COMMIT")
    return in_process_client(create_app(Settings(studies=studies)))


def test_pages_follow_each_other_without_gaps(crowd: Client) -> None:
    numbers = [row.number for offset in range(0, 500, 100) for row in crowd.trials("crowd", offset=offset).rows]

    assert numbers == list(range(500))
    assert crowd.trials("crowd").total == MANY + 1


def test_sorting_goes_both_ways_and_leaves_what_has_no_value_to_the_end(crowd: Client) -> None:
    upward = crowd.trials("crowd", sort="quality", limit=1000).rows
    downward = crowd.trials("crowd", sort="-quality", limit=1000).rows
    last = crowd.trials("crowd", sort="-quality", offset=MANY).rows

    assert [row.quality for row in upward] == sorted(row.quality for row in upward)
    assert [row.quality for row in downward] == sorted((row.quality for row in downward), reverse=True)
    assert [row.state for row in last] == ["pending"]


def test_lists_are_filtered_by_state_front_and_words(crowd: Client) -> None:
    members = crowd.trials("crowd", device=PICO, on_front=True, parts=True)

    assert crowd.trials("crowd", state=["pending"]).total == 1
    assert crowd.trials("crowd", device=PICO, fits=True).total == MANY + 1
    assert crowd.trials("crowd", device=PICO, fits=False).total == 0
    assert 0 < members.total < 20
    assert all(row.devices[PICO].on_front and row.devices[PICO].parts["ram"]["network"] > 0 for row in members.rows)
    assert crowd.trials("crowd", text="float32").total + crowd.trials("crowd", text="int8").total == MANY + 1


def test_columns_that_there_are_not_are_named(crowd: Client) -> None:
    with pytest.raises(InputError, match=r"no column 'qualty'.*did you mean 'quality'"):
        crowd.trials("crowd", sort="qualty")
    with pytest.raises(InputError, match="differs between devices"):
        crowd.trials("crowd", sort="ram_bytes")


def test_parameters_are_columns_too(crowd: Client) -> None:
    rows = crowd.trials("crowd", sort="-parameter/compression", limit=1000).rows

    assert rows[0].parameters["compression"] == "int8"


def test_a_list_that_was_asked_for_before_is_quick(crowd: Client) -> None:
    crowd.trials("crowd", sort="-quality")

    start = time.perf_counter()
    for _ in range(10):
        crowd.trials("crowd", sort="-quality")

    assert (
        time.perf_counter() - start
    ) / 10 < 0.5  # a hundred rows are written and read again; ten times as much fails


def test_a_pending_trial_tells_its_epochs_so_far_and_others_none(crowd: Client) -> None:
    app = crowd._http._transport._inner.app
    running = app.state.desk.settings.studies / "crowd" / FOLDER
    epoch = Epoch(0.9, 0.4, 1.0, 0.3)

    with kept(running):
        for number in (0, MANY):
            Notes(running, number).add(epoch)

        assert crowd.trial("crowd", MANY).so_far == (epoch,)
        assert crowd.trial("crowd", 0).so_far == ()


def test_only_what_is_new_is_read(crowd: Client, tmp_path: Path) -> None:
    before = crowd.trials("crowd").version
    app = crowd._http._transport._inner.app
    folder = app.state.desk.settings.studies / "crowd"

    with closing(SQLiteStore(folder / "study.db", write=True)) as store:
        pending = app.state.desk.shelf.get("crowd").snapshot().facts[MANY].trial
        store.append(Event(*told(replace(pending, stage="train", reason="the loss became NaN")), at=3.0))
    time.sleep(1.1)  # a reading of a second is taken for the present

    assert crowd.trials("crowd").version == before + 1
    assert crowd.trials("crowd", state=["failed"]).rows[0].reason == "the loss became NaN"
    assert crowd.rejections("crowd").failed[0].reason == "train: the loss became NaN"
