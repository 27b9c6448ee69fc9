"""A search space for data of which nothing more is known: the template for its kind, with windows that fit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.candidate import Window
from tuner.data.dataset import Dataset
from tuner.data.window_candidates import window_candidates
from tuner.tasks import Task

_SOUND_HZ = 4000.0
"""Nothing but sound is sampled as fast."""

_EVENT_S = 2.5
_EVENT_SAMPLES = 256
"""Recordings no longer than either are one event each; longer ones go on."""

_WORD_S = 1.5


@dataclass(frozen=True, slots=True)
class Suiting:
    """A space and why it was chosen."""

    space: Mapping[str, Any]
    """As a file would say it."""
    reason: str
    """A sentence."""


def suiting_space(dataset: Dataset, task: Task) -> Suiting:
    """Return the template that suits a data set and its task, its windows replaced by some that fit the recordings."""
    seconds = float(np.median([recording.seconds for recording in dataset.recordings]))
    samples = seconds * dataset.frequency_hz
    events = seconds <= _EVENT_S or samples <= _EVENT_SAMPLES
    name, kind = _template(dataset, task.name, seconds, events=events)
    reason = f"The study names no search space; “{name}” is the one for {kind}."
    if dataset.is_images:
        return Suiting({"include": name, "name": name}, reason)
    windows = [_written(window) for window in _windows(dataset, events=events)]
    return Suiting({"include": name, "name": name, "window": windows}, reason + " Its windows follow the recordings.")


def _template(dataset: Dataset, task: str, seconds: float, *, events: bool) -> tuple[str, str]:
    """Return the template's name, and the kind of data it is for."""
    if task.startswith("detection"):
        return f"object-{task}", "objects in images"
    if task == "anomaly":
        return ("visual-anomaly", "images unlike others") if dataset.is_images else ("anomaly", "series unlike others")
    if task == "regression" and not dataset.is_images:
        return "regression", "numbers to be predicted from series"
    if dataset.is_images:
        return "image-classification", "images"
    if dataset.frequency_hz >= _SOUND_HZ:
        if seconds <= _WORD_S:
            return "keyword", f"sounds of about {seconds:.2g} s"
        return ("audio-event" if events else "audio-continuous"), f"sounds of about {seconds:.2g} s"
    if events:
        return "motion-event", f"single movements: recordings of about {seconds:.2g} s"
    return "motion-continuous", f"movements that go on: recordings of about {seconds:.2g} s"


def _windows(dataset: Dataset, *, events: bool) -> tuple[Window, ...]:
    found = window_candidates(dataset)
    windows = tuple(candidate.window for candidate in (found.event if events else found.continuous))
    whole_ms = 1000 * dataset.longest.seconds  # a recording of a few values, such as a row of a table
    return windows or (Window(whole_ms, whole_ms, zero_pad=True),)


def _written(window: Window) -> dict[str, Any]:
    return {"size_ms": window.size_ms, "stride_ms": window.stride_ms, "zero_pad": window.zero_pad}
