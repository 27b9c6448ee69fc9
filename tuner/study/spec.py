"""The study file: what to search, on what data, for which devices, within which limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tuner.config import read_mapping, validated
from tuner.errors import ConfigError
from tuner.search.halving import Halving
from tuner.units import Bytes, Milliseconds, Seconds

Objective = Literal["accuracy", "ram", "flash", "latency"]

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SplitSpec(_Section):
    """How recordings are divided; a test split that comes with the data is kept."""

    by: Literal["recording", "group", "time"] = "recording"
    """What never straddles two splits: one recording, one group (a person, a site), or a point in time."""
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.2
    test: Annotated[float, Field(gt=0, lt=1)] = 0.2
    folds: Annotated[int, Field(ge=2)] | None = None
    """Cross-validation: the search uses the first fold, members of the fronts are trained on the others at the end."""

    @model_validator(mode="after")
    def _folds_have_no_order(self) -> SplitSpec:
        if self.folds is not None and self.by == "time":
            raise ValueError("`folds` cannot go `by: time`: only the latest data may validate")
        return self


class DatasetSpec(_Section):
    """Where the data lies and how to read it."""

    path: Path
    """A file or folder; relative paths start at the study file."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What the reader needs to be told, e.g. `frequency: 50 Hz`; see `tuner datasets inspect`."""
    split: SplitSpec = SplitSpec()


class BudgetSpec(_Section):
    """What the model may use on a device; what is left out is what the board has, less what is reserved."""

    ram: Bytes | None = None
    flash: Bytes | None = None
    latency: Milliseconds | None = None


class SamplerSpec(_Section):
    """How candidates are chosen."""

    type: str = "auto"
    """"auto" is the recommended one; `tuner run --help` lists them all."""
    options: dict[str, Any] = Field(default_factory=dict)


class SchedulerSpec(_Section):
    """Whether candidates are trained in parts, and only those that help a front to the end."""

    type: Literal["none", "halving"] = "none"
    """"halving": asynchronous successive halving on epochs."""
    rungs: Annotated[int, Field(ge=2, le=6)] = 3
    """How often a candidate is scored if it is trained to the end."""
    reduction: Annotated[int, Field(ge=2, le=10)] = 3
    """Each rung trains so many times as long as the one before, and one in so many candidates goes on to the next."""

    @property
    def halving(self) -> Halving | None:
        """The scheduler; `None` trains every candidate to the end at once."""
        return Halving(self.rungs, self.reduction) if self.type == "halving" else None


class TargetSpec(_Section):
    """What is good enough to stop; all that is given has to hold."""

    accuracy: Annotated[float, Field(gt=0, le=1)] | None = None
    """Of the best converted model that fits the device, on the validation split."""
    hypervolume: Annotated[float, Field(gt=0, le=1)] | None = None
    """Of the device's front: the share of all wishes within the budgets that can be fulfilled."""
    devices: tuple[str, ...] = ()
    """As written under the study's `devices`; by default all."""

    @model_validator(mode="after")
    def _asks_for_something(self) -> TargetSpec:
        if self.accuracy is None and self.hypervolume is None:
            raise ValueError("a target needs `accuracy` or `hypervolume`")
        return self


class LimitsSpec(_Section):
    """When the study stops, and what one trial may use."""

    trials: Annotated[int, Field(ge=1)] = 60
    """Candidates to train; those rejected before training do not count."""
    samples: Annotated[int, Field(ge=1)] | None = None
    """Candidates to look at, rejected ones included; by default 20 per trial, at least 500."""
    time: Seconds | None = None
    """Working time of the study, over all its sessions."""
    compute: Seconds | None = None
    """Working time of all workers together, over all sessions."""
    target: TargetSpec | None = None
    """What ends the study when it is reached."""
    patience: Annotated[int, Field(ge=1)] | None = None
    """Trained candidates in a row without a gain in hypervolume that end the study."""
    trial_time: Seconds = 600.0
    trial_memory: Bytes = 4 * 1024**3

    def most_samples(self, trials: int) -> int:
        """Return the limit on candidates looked at for so many to train."""
        return self.samples if self.samples is not None else max(500, 20 * trials)


class StudySpec(_Section):
    """A study file, checked."""

    name: Annotated[str, Field(pattern=_NAME)]
    dataset: DatasetSpec
    task: str = ""
    """What is to be learnt, by the name of a task; empty: what the data set's labels ask for."""
    search_space: str | Path | dict[str, Any] = ""
    """The name of a shipped space, the path of a file, or the space itself; empty: one that suits data and task."""
    blocks: tuple[Path, ...] = ()
    """Python files with preprocessing blocks of one's own; they are run."""
    models: tuple[Path, ...] = ()
    """Models and weights of one's own: Python files that build models, which are run; Keras, ONNX and `.tflite` files
    and SavedModel folders."""
    devices: Annotated[tuple[str, ...], Field(min_length=1)]
    """Names of shipped profiles or paths of profiles of one's own."""
    budgets: dict[str, BudgetSpec] = Field(default_factory=dict)
    """By device, as written under `devices`."""
    objectives: Annotated[tuple[Objective, ...], Field(min_length=1)] = ("accuracy", "ram", "flash", "latency")
    sampler: SamplerSpec = SamplerSpec()
    scheduler: SchedulerSpec = SchedulerSpec()
    enqueue: tuple[dict[str, bool | int | float | str], ...] = ()
    """Candidates to try first, by the parameters of the search space; what one leaves open is drawn at random."""
    warm_start: tuple[str, ...] = ()
    """Earlier studies to begin with, by name or folder: what they learnt enters the model of the accuracy."""
    limits: LimitsSpec = LimitsSpec()
    repeats: Annotated[int, Field(ge=1)] = 1
    """Trainings of each member of the fronts, with a seed of its own each; fronts then go by the mean."""
    workers: Annotated[int, Field(ge=0)] = 2
    """Ray workers; 0 runs the trials in the driver's own process."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @field_validator("objectives")
    @classmethod
    def _accuracy_is_an_objective(cls, objectives: tuple[Objective, ...]) -> tuple[Objective, ...]:
        if "accuracy" not in objectives:
            raise ValueError("'accuracy' must be among the objectives")
        if len(set(objectives)) != len(objectives):
            raise ValueError("an objective is named twice")
        return objectives

    @model_validator(mode="after")
    def _devices_are_named_once(self) -> StudySpec:
        if len(set(self.devices)) != len(self.devices):
            raise ValueError("a device is named twice")
        for device in self.budgets:
            if device not in self.devices:
                raise ValueError(f"budgets.{device}: no such device in this study; devices: {', '.join(self.devices)}")
        for device in self.limits.target.devices if self.limits.target else ():
            if device not in self.devices:
                raise ValueError(
                    f"limits.target.devices: no device '{device}' in this study; devices: {', '.join(self.devices)}"
                )
        return self

    @property
    def resources(self) -> tuple[str, ...]:
        """The objectives beside accuracy."""
        return tuple(objective for objective in self.objectives if objective != "accuracy")


def read_spec(path: Path) -> StudySpec:
    """Read a study file; paths in it are made absolute, so that the study can be resumed from anywhere.

    Raises:
        ConfigError: the file is missing or wrong; the message names every key at fault.
    """
    spec = validated(StudySpec, read_mapping(path), source=str(path))
    here = path.absolute().parent
    data = _absolute(here, spec.dataset.path)
    if not data.exists():
        raise ConfigError(f"{path}: dataset.path: there is nothing at {data}")
    return spec.model_copy(
        update={
            "dataset": spec.dataset.model_copy(update={"path": data}),
            "blocks": tuple(_absolute(here, block) for block in spec.blocks),
            "models": tuple(_absolute(here, model) for model in spec.models),
            "devices": tuple(_file_or_name(here, device) for device in spec.devices),
            "budgets": {_file_or_name(here, device): budget for device, budget in spec.budgets.items()},
            "limits": _with_absolute_devices(here, spec.limits),
            "search_space": (
                spec.search_space
                if isinstance(spec.search_space, dict)
                else _file_or_name(here, str(spec.search_space))
            ),
        }
    )


def _with_absolute_devices(here: Path, limits: LimitsSpec) -> LimitsSpec:
    if limits.target is None:
        return limits
    devices = tuple(_file_or_name(here, device) for device in limits.target.devices)
    return limits.model_copy(update={"target": limits.target.model_copy(update={"devices": devices})})


def _absolute(here: Path, path: Path) -> Path:
    return path if path.is_absolute() else here / path


def _file_or_name(here: Path, text: str) -> str:
    is_file = text.endswith((".yaml", ".yml", ".json", ".py"))
    return str(_absolute(here, Path(text))) if is_file else text
