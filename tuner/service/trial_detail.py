"""One trial in full."""

from __future__ import annotations

from tuner.errors import StoreError
from tuner.messages.trials import TrialDetail
from tuner.record import State
from tuner.report import words
from tuner.report.compare import settings_of
from tuner.service.facts import shown
from tuner.service.live import LiveStudy
from tuner.service.refusals import MissingError
from tuner.study.artifacts import ArtifactFolder
from tuner.trial import courses


def detail_of(live: LiveStudy, number: int) -> TrialDetail:
    """Return a trial in full.

    Raises:
        MissingError: there is none of that number.
    """
    snapshot = live.snapshot()
    name = live.folder.name
    if number >= len(snapshot.facts):
        last = len(snapshot.facts) - 1
        hint = f"its trials are 0 to {last}" if last >= 0 else "it has no trials yet"
        raise MissingError(f"study '{name}' has no trial {number}", hint=hint)
    fact = snapshot.facts[number]
    trial = fact.trial
    pending = trial.state is State.PENDING
    return TrialDetail(
        study=name,
        row=shown(fact, live.fronts_of(snapshot, number), parts=True),
        trial=trial,
        sentence=words.detail(trial.candidate),
        diagnosis="" if trial.training is None else words.fitting(trial.training, trial.candidate, snapshot.summary),
        so_far=courses.epochs_so_far(live.folder / courses.FOLDER, number) if pending else (),
        metric=snapshot.summary.metric,
        figures=() if trial.training is None else trial.training.converted.figures(),
        has_model=_has_model(live, number),
        settings=settings_of(trial),
        candidate=trial.candidate.to_json(),
    )


def _has_model(live: LiveStudy, number: int) -> bool:
    training = live.snapshot().facts[number].trial.training
    if training is None:
        return False
    try:
        ArtifactFolder(live.folder / "artifacts").get(number, training.artifact)
    except StoreError:
        return False
    return True
