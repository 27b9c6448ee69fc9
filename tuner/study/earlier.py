"""What earlier studies have learnt, for a new one to begin with."""

from __future__ import annotations

from collections.abc import Sequence

from tuner.errors import ConfigError, InputError
from tuner.record import Trial
from tuner.search.problem import Prior, Space
from tuner.search.suggest import FixedSuggest
from tuner.study.history import History
from tuner.study.observation import goals_of

_MOST = 80
"""Trials taken from one study: the best half, and an even sample of the others."""


def priors(histories: Sequence[History], space: Space) -> tuple[Prior, ...]:
    """Return the trials of earlier studies that the new space could have led to as well.

    Errors are told as shares of the worst of their study, for data sets differ in how hard they are.

    Raises:
        ConfigError: there is none in one of the studies.
    """
    found: list[Prior] = []
    for history in histories:
        worst = goals_of(history.creation).worst_error
        name = str(history.creation.spec["name"])
        usable = [
            (1.0 - trial.score, trial) for trial in history.trials if trial.score is not None and _is_of(space, trial)
        ]
        if not usable:
            raise ConfigError(
                f"warm_start: study '{name}' has no trained candidate that this search space knows",
                hint="a study can begin with what others learnt if their search spaces have parameters in common",
            )
        ranked = sorted(usable, key=lambda one: (one[0], one[1].number))
        best, others = ranked[: _MOST // 2], ranked[_MOST // 2 :]
        step = max(1, -(-len(others) // (_MOST // 2)))
        found += [Prior(name, trial.parameters, min(1.0, error / worst)) for error, trial in (*best, *others[::step])]
    return tuple(found)


def _is_of(space: Space, trial: Trial) -> bool:
    try:
        space.sample(FixedSuggest(trial.parameters))
    except InputError:
        return False
    return True
