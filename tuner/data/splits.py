"""Which recordings train, validate and test. Pieces of one recording never stand on two sides."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tuner.data.dataset import Dataset, Recording
from tuner.errors import DataError

By = Literal["recording", "group", "time"]

_ATTEMPTS = 32
"""Orders tried when whole groups are dealt out, of which the best balanced is taken."""

_NUMBER_BINS = 10


@dataclass(frozen=True, slots=True)
class Splits:
    """Ids of recordings, each list sorted; what a study stores."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    scheme: str
    """How they were made, in words."""
    warnings: tuple[str, ...] = ()
    """What a reader of the scores should know: classes that a split lacks."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """Recordings that must stay together."""

    key: str
    recordings: tuple[Recording, ...]


def split(
    dataset: Dataset, *, by: By = "recording", validation: float = 0.2, test: float = 0.2, seed: int = 0
) -> Splits:
    """Split a data set, each class in the same proportion as far as whole units allow.

    A split that the data set gives is kept. The result follows from the seed and the recordings' ids, labels, groups,
    lengths and copies alone, on any machine.

    Args:
        dataset: what to split.
        by: what stays whole. "recording": a recording with all its pieces and copies; "group": all recordings of a
            person, machine or place, and copies of them; "time": of each class the earlier recordings train and the
            latest test, in the order of their ids, 2 before 10; pieces of one recording may then stand on two sides,
            as they do not overlap.
        validation: share of the duration for validation.
        test: share of the duration for the test; without effect if the data set has a test split.
        seed: another seed, another split; without effect on "time".

    Raises:
        DataError: there is too little to split.
    """
    _check_shares(validation, test)
    given = _given(dataset)
    free = [recording for recording in dataset.recordings if not given.get(recording.id)]
    shares = {
        "train": 1 - validation - test,
        "validation": 0.0 if "validation" in given.values() else validation,
        "test": 0.0 if "test" in given.values() else test,
    }
    shares["train"] = 1.0 - shares["validation"] - shares["test"]
    units = _units(dataset, free, by)
    chosen = _by_time(units, shares) if by == "time" else _dealt(units, shares, seed, attempts=_tries(by))
    sides: dict[str, list[str]] = defaultdict(list)
    for recording in dataset.recordings:
        sides[given.get(recording.id) or chosen[recording.id]].append(recording.id)
    kept = " and ".join(sorted(set(given.values()) - {""}))
    scheme = f"by {by}, seed {seed}" + (f", {kept} split as the data set gives it" if kept else "")
    return _checked(dataset, sides, shares, scheme)


def folds(
    dataset: Dataset,
    *,
    count: int = 5,
    by: Literal["recording", "group"] = "recording",
    test: float = 0.2,
    seed: int = 0,
) -> tuple[Splits, ...]:
    """Return `count` splits with the same test split, in which each other recording validates exactly once.

    Raises:
        DataError: there are fewer units than folds.
    """
    if count < 2:
        raise DataError(f"{count} folds are no cross-validation", hint="use 2 or more")
    whole = split(dataset, by=by, validation=0, test=test, seed=seed)
    units = _units(dataset, dataset.select(whole.train), by)
    if len(units) < count:
        raise DataError(f"{len(units)} {by}s cannot make {count} folds", hint="use fewer folds or another 'by'")
    names = [f"fold{index}" for index in range(count)]
    chosen = _dealt(units, dict.fromkeys(names, 1 / count), seed, attempts=_tries(by))
    result = []
    for index, name in enumerate(names):
        sides = {
            "train": [recording_id for recording_id in whole.train if chosen[recording_id] != name],
            "validation": [recording_id for recording_id in whole.train if chosen[recording_id] == name],
            "test": list(whole.test),
        }
        scheme = f"{whole.scheme}, fold {index + 1} of {count}"
        result.append(_checked(dataset, sides, {"train": 1, "validation": 1, "test": test}, scheme))
    return tuple(result)


def _tries(by: By) -> int:
    return _ATTEMPTS if by == "group" else 1


def _check_shares(validation: float, test: float) -> None:
    if not (0 <= validation < 1 and 0 <= test < 1 and validation + test < 1):
        raise DataError(
            f"shares of {validation:g} for validation and {test:g} for the test leave nothing to train on",
            hint="use shares like 0.2",
        )


def _given(dataset: Dataset) -> dict[str, str]:
    """The split each recording must be in, if the data set names a test or validation split.

    A data set that calls everything "train" gives no split.
    """
    fixed = {
        recording.id: recording.split for recording in dataset.recordings if recording.split in {"validation", "test"}
    }
    if len(fixed) == len(dataset.recordings):
        raise DataError(
            f"{dataset.name}: every recording is in a validation or test split",
            hint="check test_pattern in dataset.yaml",
        )
    return fixed


def _units(dataset: Dataset, recordings: Sequence[Recording], by: By) -> list[_Unit]:
    if by == "group" and not any(recording.group for recording in recordings):
        raise DataError(
            f"{dataset.name}: its recordings have no groups to split by",
            hint="name the person or place with group_pattern or group_column in dataset.yaml, or split by recording",
        )
    if by == "time":
        return [_Unit(recording.id, (recording,)) for recording in sorted(recordings, key=_in_time)]
    whole = _Joined()
    for recording in recordings:
        key = recording.group if by == "group" and recording.group else recording.session
        whole.join(f"unit {key}", f"content {recording.content}")
    members: dict[str, list[Recording]] = defaultdict(list)
    for recording in recordings:
        key = recording.group if by == "group" and recording.group else recording.session
        members[whole.root(f"unit {key}")].append(recording)
    return [_Unit(key, tuple(group)) for key, group in sorted(members.items())]


class _Joined:
    """Names joined to sets; each set is known by its least name, so that order does not matter."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def root(self, name: str) -> str:
        above = self._above.setdefault(name, name)
        while above != name:
            self._above[name] = self._above[above]
            name, above = above, self._above[above]
        return name

    def join(self, one: str, other: str) -> None:
        least, most = sorted((self.root(one), self.root(other)), key=lambda name: (not name.startswith("unit"), name))
        self._above[most] = least


def _in_time(recording: Recording) -> list[tuple[int, str]]:
    """Ids in the order in which people number them: 2 before 10."""
    return [(int(word), "") if word.isdecimal() else (-1, word) for word in re.split(r"(\d+)", recording.id)]


def _by_time(units: list[_Unit], shares: dict[str, float]) -> dict[str, str]:
    """Cut each class in the order of time, so that each side gets something if there is enough to go round."""
    per_class: dict[str, list[Recording]] = defaultdict(list)
    for unit in units:
        for recording in unit.recordings:
            per_class[recording.label].append(recording)
    sides = [name for name in ("train", "validation", "test") if shares[name] > 0]
    chosen: dict[str, str] = {}
    for recordings in per_class.values():
        seconds = np.array([recording.seconds for recording in recordings])
        middles = (np.cumsum(seconds) - seconds / 2) / seconds.sum()
        begin, share = 0, 0.0
        for later, side in zip(range(len(sides) - 1, -1, -1), sides, strict=True):
            share += shares[side]
            end = int(np.searchsorted(middles, share)) if later else len(recordings)
            end = max(begin + 1, min(end, len(recordings) - later))
            chosen.update((recording.id, side) for recording in recordings[begin:end])
            begin = end
    return chosen


def _dealt(units: list[_Unit], shares: dict[str, float], seed: int, *, attempts: int) -> dict[str, str]:
    """Deal whole units to sides so that each class keeps its proportions.

    One unit after another, in an order drawn from the seed, goes to the side that lacks most of what it holds
    (iterative stratification, Sechidis et al. 2011).
    """
    sides = [name for name, share in shares.items() if share > 0]
    weights = _class_seconds(units)
    wanted = np.outer([shares[name] for name in sides], weights.sum(axis=0))
    best: tuple[float, NDArray[np.int64]] | None = None
    for attempt in range(attempts):
        order = sorted(range(len(units)), key=lambda index: _draw(seed, attempt, units[index].key))
        sides_of, error = _deal(weights, wanted, order)
        if best is None or error < best[0]:
            best = error, sides_of
    assert best is not None
    return {
        recording.id: sides[side] for unit, side in zip(units, best[1], strict=True) for recording in unit.recordings
    }


def _deal(
    weights: NDArray[np.float64], wanted: NDArray[np.float64], order: Sequence[int]
) -> tuple[NDArray[np.int64], float]:
    """Return the side of each unit, and how far the sides are from what they should hold (0 is perfect)."""
    have = np.zeros_like(wanted)
    relative = np.divide(1.0, wanted, out=np.zeros_like(wanted), where=wanted > 0)
    chosen = np.zeros(len(order), np.int64)
    largest_first = np.argsort(-wanted.sum(axis=1), kind="stable")
    for index in order:
        holds = weights[index]
        lack = ((wanted - have) * relative) @ holds
        chosen[index] = largest_first[np.argmax(lack[largest_first].round(9))]
        have[chosen[index]] += holds
    return chosen, float((((have - wanted) * relative) ** 2).sum())


def _class_seconds(units: list[_Unit]) -> NDArray[np.float64]:
    """Units × classes: how long each unit is of each class. Targets count as classes by their rank, boxes by label."""
    targets = sorted(
        recording.target for unit in units for recording in unit.recordings if recording.target is not None
    )
    edges = np.quantile(targets, np.linspace(0, 1, _NUMBER_BINS + 1)[1:-1]) if targets else np.empty(0)
    columns: dict[str, int] = {}
    rows: list[dict[int, float]] = []
    for unit in units:
        row: dict[int, float] = defaultdict(float)
        for recording in unit.recordings:
            for name in _strata(recording, edges):
                row[columns.setdefault(name, len(columns))] += recording.seconds
        rows.append(row)
    weights = np.zeros((len(units), len(columns)))
    for index, row in enumerate(rows):
        weights[index, list(row)] = list(row.values())
    return weights


def _strata(recording: Recording, edges: NDArray[np.float64]) -> list[str]:
    if recording.target is not None:
        return [f"bin {np.searchsorted(edges, recording.target)}"]
    if recording.boxes is not None:
        return [box.label for box in recording.boxes] or ["nothing"]
    return list(recording.classes) or ["nothing"]


def _draw(seed: int, attempt: int, key: str) -> bytes:
    """A random number of its own for each unit, so that one more file does not reshuffle all others."""
    return hashlib.sha256(f"{seed}:{attempt}:{key}".encode()).digest()


def _checked(dataset: Dataset, sides: dict[str, list[str]], shares: dict[str, float], scheme: str) -> Splits:
    for side in ("train", "validation", "test"):
        if not sides.get(side) and shares[side] > 0:
            raise DataError(
                f"{dataset.name}: too few recordings or groups for a {side} split ({scheme})",
                hint="split long recordings with 'segment: 10 s' in dataset.yaml and by='time', or add data",
            )
    warnings = []
    for side in ("train", "validation", "test"):
        chosen = dataset.select(sides.get(side, ()))
        there = {label for recording in chosen for label in recording.classes}
        missing = sorted(set(dataset.labels) - there)
        if missing and side == "train":
            raise DataError(
                f"{dataset.name}: no recording of {', '.join(missing)} is left to train on ({scheme})",
                hint="use another seed, smaller shares, or another 'by'",
            )
        if missing and chosen:
            warnings.append(f"the {side} split has no {', '.join(missing)}")
    warnings += _straddling(dataset, sides)
    return Splits(
        train=tuple(sorted(sides["train"])),
        validation=tuple(sorted(sides.get("validation", ()))),
        test=tuple(sorted(sides.get("test", ()))),
        scheme=scheme,
        warnings=tuple(warnings),
    )


def _straddling(dataset: Dataset, sides: dict[str, list[str]]) -> list[str]:
    """What the splits that the data set gives put on two sides although it belongs together."""
    where: dict[object, set[str]] = defaultdict(set)
    for side, recording_ids in sides.items():
        for recording in dataset.select(recording_ids):
            where[recording.content].add(side)
    copies = sum(len(found) > 1 for found in where.values())
    return [f"recordings with copies on another side of the given splits: {copies}"] if copies else []
