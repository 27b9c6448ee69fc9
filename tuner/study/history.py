"""The study as its events tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tuner.dsp.custom import BlockFile
from tuner.errors import InputError, StoreError
from tuner.metrics import Score
from tuner.models.own import ModelFile
from tuner.record import BudgetSummary, Counts, DatasetSummary, Run, State, Survey, Trial
from tuner.search.problem import Prior
from tuner.store.codec import decode, encode
from tuner.store.event import Event, Kind
from tuner.study.spec import StudySpec


@dataclass(frozen=True, slots=True)
class Creation:
    """What is decided when a study is made and never changes."""

    spec: Mapping[str, Any]
    """The study file, checked, as JSON."""
    dataset: DatasetSummary
    splits: Mapping[str, tuple[str, ...]]
    """Recordings of "train", "validation" and "test"; in a cross-validation, those of its first fold."""
    blocks: tuple[BlockFile, ...]
    """The user's own preprocessing blocks."""
    search_space: Mapping[str, Any]
    """The space itself, so that a later change of its file does not change the study."""
    space_name: str
    space_size: int | None
    profiles: tuple[Mapping[str, Any], ...]
    """The device profiles themselves, in the order of the study's devices."""
    budgets: tuple[BudgetSummary, ...]
    sampler: str
    environment: Mapping[str, str]
    space_reason: str = ""
    """Why this space, if the study file names none."""
    folds: tuple[tuple[str, ...], ...] = ()
    """In a cross-validation, the recordings that validate in each fold; those of the others train."""
    models: tuple[ModelFile, ...] = ()
    """The user's own models and weights."""
    prior: tuple[Prior, ...] = ()
    """What earlier studies have learnt."""

    def make_known(self) -> None:
        """Load the user's own blocks and models into this process.

        Raises:
            ConfigError: a file has changed since the study was made, or cannot be run.
        """
        for file in self.blocks:
            file.load()
        for model in self.models:
            model.make_known()

    @property
    def study(self) -> StudySpec:
        """The study file, checked."""
        return StudySpec.model_validate(self.spec)


@dataclass(frozen=True, slots=True)
class Target:
    """What is good enough; all that is given has to hold on every device named, or on all."""

    accuracy: float | None = None
    """Of the best converted model that fits the device, on the validation split."""
    hypervolume: float | None = None
    """Of the device's front, 0 to 1: the share of all wishes within the budgets that can be fulfilled."""
    devices: tuple[str, ...] = ()

    def __str__(self) -> str:
        goals = []
        if self.accuracy is not None:
            goals.append(f"accuracy ≥ {self.accuracy:.1%}")
        if self.hypervolume is not None:
            goals.append(f"hypervolume ≥ {self.hypervolume:g}")
        return f"{' and '.join(goals)} on {', '.join(self.devices) or 'every device'}"


@dataclass(frozen=True, slots=True)
class Session:
    """One `run`, `resume` or `extend`."""

    trials: int
    """The study's limit of trained candidates from now on."""
    time_s: float | None
    """The study's limit of working time from now on."""
    workers: int
    compute_s: float | None = None
    """The study's limit of its workers' time from now on, all workers together."""
    target: Target | None = None
    """What ends the search when it is reached."""
    patience: int | None = None
    """Trained candidates in a row without gain that end the search."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The end of a session."""

    reason: str
    """A sentence."""
    finished: bool
    """The study did all it was asked for; otherwise it was interrupted."""
    survey: Survey = field(default_factory=Survey)
    """What the sampler looked at in this session."""
    rule: str = ""
    """The rule of `tuner.study.stopping` that ended it."""
    worked_s: float | None = None
    """How long the session took, by a clock that nobody sets; `None` in records of before there was such a figure."""


@dataclass(frozen=True, slots=True)
class FinalScore:
    """A member of a front was scored on the test split."""

    number: int
    score: Score


class History:
    """All that happened to a study; built from events, and the only place where their payloads are understood."""

    def __init__(self, creation: Creation) -> None:
        self.creation = creation
        self.size = 1
        """Events taken in, the making of the study included; it changes whenever anything does."""
        self.sessions: list[Session] = []
        self.survey = Survey()
        """What the sampler looked at, over all sessions that ended."""
        self.stop: Stop | None = None
        """How the last session ended; `None` while one goes on, or if it was killed."""
        self.climbed: dict[int, int] = {}
        """Trials with more than one rung behind them, and how many."""
        self.climbed_before_latest: dict[int, int] = {}
        """The same when a trial was last handed out."""
        self._trials: dict[int, Trial] = {}
        self._in_order: tuple[Trial, ...] | None = ()
        self._states: Counter[State] = Counter()
        self._best: dict[str, float] = {}
        self._worked_s = 0.0
        self._session_start: float | None = None
        self.created_at = 0.0
        """Seconds since 1970, as is `changed_at`."""
        self.changed_at = 0.0

    @classmethod
    def replay(cls, events: Iterable[Event]) -> History:
        """Return the history that the events tell.

        Raises:
            StoreError: they do not begin with the making of a study, or make no sense.
        """
        iterator = iter(events)
        first = next(iterator, None)
        if first is None or first.kind is not Kind.CREATED:
            raise StoreError("the record does not begin with a study", hint="it was never begun: use `tuner run`")
        history = cls(decode(Creation, first.payload))
        history.created_at = history.changed_at = first.at
        for event in iterator:
            history.apply(event)
        return history

    def apply(self, event: Event) -> None:
        """Take one more event in."""
        match event.kind:
            case Kind.STARTED:
                self._close_session()
                self.sessions.append(decode(Session, event.payload))
                self.stop, self._session_start = None, event.at
            case Kind.ASKED | Kind.TOLD:
                trial = decode(Trial, event.payload)
                self._put(trial)
                if event.kind is Kind.ASKED:
                    self.climbed_before_latest = dict(self.climbed)
                elif (scored := sum(rung.error is not None for rung in trial.rungs)) > 1:
                    self.climbed[trial.number] = scored
            case Kind.REPEATED:
                number, run = int(event.payload["number"]), decode(Run, event.payload["run"])
                runs = sorted((*self._trials[number].runs, run), key=lambda run: run.index)
                self._put(replace(self._trials[number], runs=tuple(runs)))
            case Kind.TESTED:
                final = decode(FinalScore, event.payload)
                self._put(replace(self._trials[final.number], test=final.score))
            case Kind.STOPPED:
                self.stop = decode(Stop, event.payload)
                self.survey += self.stop.survey
            case Kind.CREATED:
                raise StoreError("the record holds two studies")
        self.size += 1
        self.changed_at = event.at
        if event.kind is Kind.STOPPED:
            self._close_session()

    @cached_property
    def spec(self) -> StudySpec:
        """The study file, checked."""
        return self.creation.study

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All trials by number; there are no gaps."""
        if self._in_order is None:
            self._in_order = tuple(self._trials[number] for number in sorted(self._trials))
        return self._in_order

    def trial(self, number: int) -> Trial:
        """Return one trial.

        Raises:
            InputError: there is none of that number.
        """
        if number not in self._trials:
            last = max(self._trials, default=-1)
            raise InputError(
                f"study '{self.creation.spec['name']}' has no trial {number}",
                hint=f"its trials are 0 to {last}" if last >= 0 else "it has no trials yet",
            )
        return self._trials[number]

    @property
    def pending(self) -> tuple[Trial, ...]:
        """Trials handed out that have not come back."""
        return tuple(trial for trial in self.trials if trial.state is State.PENDING)

    @property
    def counts(self) -> Counts:
        """Trials by state."""
        return Counts(len(self._trials), *(self._states[state] for state in State))

    def best_on(self, device: str) -> float | None:
        """Return the best score among the converted models that fit a device, `None` without any."""
        return self._best.get(device)

    @property
    def worked_s(self) -> float:
        """Seconds of work over all sessions; a killed one counts up to its last event."""
        open_s = self.changed_at - self._session_start if self._session_start is not None else 0.0
        return self._worked_s + max(0.0, open_s)

    def _put(self, trial: Trial) -> None:
        """Take in a trial's present state; what is counted is kept up, for a study may have many trials."""
        before = self._trials.get(trial.number)
        self._trials[trial.number] = trial
        self._in_order = None
        self._states[trial.state] += 1
        if before is not None:
            self._states[before.state] -= 1
        if trial.score is None or (before is not None and before.score == trial.score):
            return
        others = self._trials.values() if before is not None and before.score is not None else ()
        for budget in self.creation.budgets:
            if others:  # a score has changed, so that the best may be another's
                self._best.pop(budget.device, None)
            for other in (*others, trial):
                if other.score is not None and other.fits(budget.device):
                    self._best[budget.device] = max(other.score, self._best.get(budget.device, other.score))

    def _close_session(self) -> None:
        if self._session_start is not None:
            measured = self.stop.worked_s if self.stop is not None else None
            self._worked_s += max(0.0, self.changed_at - self._session_start) if measured is None else measured
            self._session_start = None


def started(session: Session) -> tuple[Kind, dict[str, Any]]:
    """Return the event of a session that begins."""
    return Kind.STARTED, encode(session)


def stopped(stop: Stop) -> tuple[Kind, dict[str, Any]]:
    """Return the event of a session that ended."""
    return Kind.STOPPED, encode(stop)


def asked(trial: Trial) -> tuple[Kind, dict[str, Any]]:
    """Return the event of a trial handed out."""
    return Kind.ASKED, encode(trial)


def told(trial: Trial) -> tuple[Kind, dict[str, Any]]:
    """Return the event of a trial that ended."""
    return Kind.TOLD, encode(trial)


def repeated(number: int, run: Run) -> tuple[Kind, dict[str, Any]]:
    """Return the event of a further run of a trial."""
    return Kind.REPEATED, {"number": number, "run": encode(run)}


def tested(number: int, score: Score) -> tuple[Kind, dict[str, Any]]:
    """Return the event of a test score."""
    return Kind.TESTED, encode(FinalScore(number, score))
