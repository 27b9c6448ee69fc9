"""Everything that can go wrong, and what it means for the study.

TunerError
├── InputError            what the user gave is wrong: exit code 2, nothing is lost
│   ├── ConfigError       a study, search space or device profile file
│   ├── DataError         a data set
│   └── ModelError        a model file
├── StageError            one stage of one trial failed: the trial ends, the study goes on
│   ├── BuildError        the candidate describes no network
│   ├── TrainingError     training diverged or raised
│   ├── ConversionError   no `.tflite` came out
│   ├── EvaluationError   the converted model could not be run
│   └── TrialTimeoutError the trial used up its time
└── StudyError            the study cannot go on
    └── StoreError        the record cannot be read or written
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class TunerError(Exception):
    """Root of the tree.

    Args:
        message: what was found, where, and what was expected.
        hint: what to do about it; empty if nothing sensible can be said.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. Hint: {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the hint: these errors cross process borders."""
        return _rebuild, (type(self), self.message, self.hint)


class InputError(TunerError):
    """What the user gave is wrong."""


class ConfigError(InputError):
    """A study, search space or device profile file is wrong."""


class DataError(InputError):
    """A data set is wrong."""


class ModelError(InputError):
    """A model file is wrong."""


class StageError(TunerError):
    """One stage of one trial failed; the study goes on."""

    stage: ClassVar[str] = "worker"
    """The stage that failed, in one word."""


class BuildError(StageError):
    """The candidate describes no network."""

    stage = "build"


class TrainingError(StageError):
    """Training diverged or raised."""

    stage = "train"


class ConversionError(StageError):
    """No `.tflite` came out."""

    stage = "convert"


class EvaluationError(StageError):
    """The converted model could not be run."""

    stage = "evaluate"


class TrialTimeoutError(StageError):
    """The trial used up its time."""

    stage = "time"


class WorkerError(StageError):
    """The process that ran the trial was lost, or raised what no stage expects."""


class StudyError(TunerError):
    """The study cannot go on."""


class StoreError(StudyError):
    """The record of the study cannot be read or written."""


class NothingFitsError(TunerError):
    """No trained candidate keeps what was asked for."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return "did you mean 'x'?" for the nearest of `known`, or list them all."""
    known = sorted(known)
    matches = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if matches:
        return f"did you mean '{matches[0]}'?"
    return f"known: {', '.join(known)}" if known else ""


def _rebuild(kind: type[TunerError], message: str, hint: str) -> TunerError:
    return kind(message, hint=hint)
