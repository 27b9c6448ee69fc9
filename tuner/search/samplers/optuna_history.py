"""An Optuna storage that is a view of the history: asking costs the same at any length."""
# ruff: noqa: ARG002, D102 (the interface is Optuna's and described there)

from __future__ import annotations

import copy
from collections.abc import Container, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

_STUDY = 0


class HistoryStorage(BaseStorage):
    """One study with the trials given and the one that is asked for.

    Optuna's in-memory storage copies every trial deeply as it is added, a millisecond each.

    Args:
        trials: the history; only their ids are changed.
    """

    def __init__(self, trials: Sequence[FrozenTrial]) -> None:
        self._trials = list(trials)
        self._directions: list[StudyDirection] = []
        self._attributes: dict[str, Any] = {}
        for place, trial in enumerate(self._trials):
            trial._trial_id = place

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        self._directions = list(directions)
        return _STUDY

    def get_study_id_from_name(self, study_name: str) -> int:
        return _STUDY

    def get_study_name_from_id(self, study_id: int) -> str:
        return "history"

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        return self._directions

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return self._attributes

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self._attributes[key] = value

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        place = len(self._trials)
        self._trials.append(
            FrozenTrial(
                number=max((trial.number for trial in self._trials), default=-1) + 1,
                trial_id=place,
                state=TrialState.RUNNING,
                value=None,
                datetime_start=datetime.now(UTC),
                datetime_complete=None,
                params={},
                distributions={},
                user_attrs={},
                system_attrs={},
                intermediate_values={},
            )
        )
        return place

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        trial = self._trials[trial_id]
        trial.distributions = trial.distributions | {param_name: distribution}
        trial.params = trial.params | {param_name: distribution.to_external_repr(param_value_internal)}

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        trial = self._trials[trial_id]
        trial.system_attrs = trial.system_attrs | {key: value}

    def get_trial(self, trial_id: int) -> FrozenTrial:
        return copy.copy(self._trials[trial_id])

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        trials = [trial for trial in self._trials if states is None or trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials

    def _never(self, *_: object, **__: object) -> NoReturn:
        raise NotImplementedError("a proposal needs no more of a storage")

    delete_study = _never
    get_all_studies = _never
    get_study_user_attrs = _never
    set_study_user_attr = _never
    set_trial_intermediate_value = _never
    set_trial_state_values = _never
    set_trial_user_attr = _never
