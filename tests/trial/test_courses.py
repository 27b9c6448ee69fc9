import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tuner import Study
from tuner.record import Epoch, State
from tuner.study.history import History
from tuner.trial.courses import FOLDER, Notes, epochs_so_far, kept

FIRST, SECOND = Epoch(0.9, 0.4, 1.0, 0.3), Epoch(0.5, 0.7, 0.6, 0.6)


@contextmanager
def looked_at(folder: Path, number: int) -> Iterator[list[tuple[Epoch, ...]]]:
    """Collects what a reader beside the study sees of one trial."""
    seen: list[tuple[Epoch, ...]] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.005):
            if epochs := epochs_so_far(folder, number):
                seen.append(epochs)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        yield seen
    finally:
        done.set()
        reader.join()


def test_the_epochs_of_a_trial_are_to_be_had_while_it_trains_and_gone_when_it_is_told(
    toy_spec: dict[str, Any], tmp_path: Path
) -> None:
    study = Study.create(toy_spec, studies=tmp_path)
    running = study.folder / FOLDER
    left: list[int] = []

    def watch(history: History) -> None:
        told = [trial.number for trial in history.trials if trial.state is not State.PENDING]
        left.extend(number for number in told if epochs_so_far(running, number))

    with looked_at(running, 0) as seen:
        study.run(trials=1, watch=watch)

    training = study.trials[0].training
    assert training is not None
    assert seen[-1] == training.curve
    assert all(epochs == training.curve[: len(epochs)] for epochs in seen)
    assert left == []
    assert not running.exists()


def test_a_line_that_is_half_written_is_passed_over(tmp_path: Path) -> None:
    notes = Notes(tmp_path, 12)
    notes.add(FIRST)
    notes.add(SECOND)
    file = tmp_path / "trial-00012.jsonl"

    file.write_bytes(file.read_bytes()[:-9])

    assert epochs_so_far(tmp_path, 12) == (FIRST,)


def test_a_trial_that_is_tried_again_begins_anew(tmp_path: Path) -> None:
    Notes(tmp_path, 0).add(FIRST)

    Notes(tmp_path, 0).add(SECOND)

    assert epochs_so_far(tmp_path, 0) == (SECOND,)


def test_what_a_session_that_was_killed_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    Notes(tmp_path, 3).add(FIRST)

    with kept(tmp_path):
        assert epochs_so_far(tmp_path, 3) == ()


def test_a_folder_that_is_not_there_costs_the_curve_alone(tmp_path: Path) -> None:
    Notes(tmp_path / "elsewhere", 0).add(FIRST)

    assert epochs_so_far(tmp_path / "elsewhere", 0) == ()
