"""Making a study: everything it depends on is opened, checked and written down before the first trial."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tuner.data import open_dataset
from tuner.data.dataset import Dataset
from tuner.data.splits import Splits, folds, split
from tuner.devices.budget import Budget, default_budget
from tuner.devices.profile import DeviceProfile, load_profile
from tuner.dsp.custom import BlockFile
from tuner.errors import ConfigError, DataError
from tuner.models import FAMILIES
from tuner.models.network import Form
from tuner.models.own import ModelFile
from tuner.record import BudgetSummary, DatasetSummary
from tuner.search.enqueued import check_enqueued
from tuner.search.samplers import DEFAULT, sampler
from tuner.search_space import PythonSpace, SearchSpace, load_space, open_space, stored_space
from tuner.search_space.known import check_published_weights
from tuner.study.earlier import priors
from tuner.study.history import Creation, History
from tuner.study.spec import BudgetSpec, DatasetSpec, StudySpec
from tuner.study.suiting import suiting_space
from tuner.tasks import Task, task_named, task_of
from tuner.trial.task import Target
from tuner.units import format_bytes, format_milliseconds

_PACKAGES = (
    "edge-tuner",
    "tensorflow",
    "tf-keras",
    "tensorflow-model-optimization",
    "tflite-micro",
    "optuna",
    "ray",
    "numpy",
    "scikit-learn",
    "scipy",
)


def create(spec: StudySpec, *, earlier: Sequence[History] = ()) -> Creation:
    """Open and check all that a study names.

    Args:
        spec: the study file.
        earlier: the studies it begins with.

    Raises:
        InputError: data, space, devices, budgets or sampler are wrong; the message says which and why.
    """
    dataset = open_study_dataset(spec.dataset)
    blocks = tuple(BlockFile.of(path) for path in spec.blocks)
    for file in blocks:
        file.load()
    models = tuple(ModelFile.of(path) for path in spec.models)
    for model in models:
        model.make_known()
    space, why = _space(spec, dataset)
    if isinstance(space, SearchSpace):
        check_published_weights(space.spec.training.optimizer)
    task = task_named(spec.task) if spec.task else task_of(dataset, forms_of(space).values())
    splits, *others = _splits(dataset, spec)
    for fold in (splits, *others):
        task.check(dataset, fold)
    _check_forms(space, task)
    targets = _targets(spec)
    sampler(sampler_name(spec), **spec.sampler.options)
    check_enqueued(space, spec.enqueue, spec.seed)
    return Creation(
        spec=spec.model_copy(update={"task": task.name}).model_dump(mode="json"),
        dataset=_summary(dataset, splits),
        splits={"train": splits.train, "validation": splits.validation, "test": splits.test},
        blocks=blocks,
        search_space=space.to_json(),
        space_name=space.name,
        space_size=space.size(),
        profiles=tuple(target.profile.model_dump(mode="json") for target in targets),
        budgets=tuple(_budget_summary(target) for target in targets),
        sampler=sampler_name(spec),
        environment=environment(),
        space_reason=why,
        folds=tuple(fold.validation for fold in (splits, *others)) if others else (),
        models=models,
        prior=priors(earlier, space),
    )


def _space(spec: StudySpec, dataset: Dataset) -> tuple[SearchSpace | PythonSpace, str]:
    """Return the space that the study names, or one that suits, and why it was chosen."""
    if spec.search_space:
        return open_space(spec.search_space), ""
    suiting = suiting_space(dataset, task_named(spec.task) if spec.task else task_of(dataset))
    return load_space(suiting.space), suiting.reason


def open_study_dataset(spec: DatasetSpec) -> Dataset:
    """Open the data set as the study file says."""
    return open_dataset(spec.path, **spec.options)


def targets_of(creation: Creation) -> tuple[Target, ...]:
    """Return the devices as they were when the study was made."""
    return tuple(
        Target(
            DeviceProfile.model_validate(profile),
            Budget(budget.ram_bytes, budget.flash_bytes, budget.latency_ms),
        )
        for profile, budget in zip(creation.profiles, creation.budgets, strict=True)
    )


def space_of(creation: Creation) -> SearchSpace | PythonSpace:
    """Return the search space as it was when the study was made."""
    return stored_space(creation.search_space)


def sampler_name(spec: StudySpec) -> str:
    """Return the sampler's name, with "auto" resolved."""
    return DEFAULT if spec.sampler.type == "auto" else spec.sampler.type


def environment() -> Mapping[str, str]:
    """Return what shapes results beside the study file: versions, platform, cores."""
    found = {"python": platform.python_version(), "platform": platform.platform(), "cores": str(os.cpu_count())}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _splits(dataset: Dataset, spec: StudySpec) -> tuple[Splits, ...]:
    """Return the one split, or those of a cross-validation."""
    wanted = spec.dataset.split
    if wanted.folds is None or wanted.by == "time":
        return (split(dataset, by=wanted.by, validation=wanted.validation, test=wanted.test, seed=spec.seed),)
    return folds(dataset, count=wanted.folds, by=wanted.by, test=wanted.test, seed=spec.seed)


def forms_of(space: SearchSpace | PythonSpace) -> Mapping[str, Form]:
    """Return what the networks of each of a space's families give, by its name; users' models tell when built."""
    return {name: FAMILIES[type_].form for name, type_ in space.architectures() if type_ in FAMILIES}


def _check_forms(space: SearchSpace | PythonSpace, task: Task) -> None:
    wanted = task.output(2).form
    for name, form in forms_of(space).items():
        if form != wanted:
            raise ConfigError(
                f"search_space: the networks of architecture '{name}' give {form}, {task.name} needs {wanted}",
                hint="the shipped spaces for objects are object-detection-centroids and object-detection-boxes"
                if wanted != "values"
                else f"'{name}' is for images with boxes around objects",
            )


def _targets(spec: StudySpec) -> tuple[Target, ...]:
    profiles = [load_profile(device) for device in spec.devices]
    names = Counter(profile.name for profile in profiles)
    if twice := [name for name, count in names.items() if count > 1]:
        raise ConfigError(f"devices: '{twice[0]}' is the name of two profiles", hint="give one of them another `name:`")
    return tuple(
        Target(profile, _budget(profile, spec.budgets.get(device, BudgetSpec())))
        for device, profile in zip(spec.devices, profiles, strict=True)
    )


def _budget(profile: DeviceProfile, wanted: BudgetSpec) -> Budget:
    """Return what the study allows, at most what the board has."""
    board = default_budget(profile)
    for resource, asked, there in (("ram", wanted.ram, board.ram_bytes), ("flash", wanted.flash, board.flash_bytes)):
        if asked is not None and asked > there:
            raise ConfigError(
                f"budgets.{profile.name}.{resource}: {format_bytes(asked)} is more than the board has for a model, "
                f"{format_bytes(there)}",
                hint=f"`tuner devices {profile.name}` shows its memories and what is reserved",
            )
    return Budget(
        ram_bytes=board.ram_bytes if wanted.ram is None else wanted.ram,
        flash_bytes=board.flash_bytes if wanted.flash is None else wanted.flash,
        latency_ms=board.latency_ms if wanted.latency is None else wanted.latency,
    )


def _budget_summary(target: Target) -> BudgetSummary:
    profile, budget = target.profile, target.budget
    return BudgetSummary(profile.name, profile.title, budget.ram_bytes, budget.flash_bytes, budget.latency_ms)


def budget_sentence(budget: BudgetSummary) -> str:
    """Return "ram ≤ 100.0 KiB, flash ≤ 1.0 MiB, latency ≤ 20 ms"."""
    parts = [f"ram ≤ {format_bytes(budget.ram_bytes)}", f"flash ≤ {format_bytes(budget.flash_bytes)}"]
    if budget.latency_ms is not None:
        parts.append(f"latency ≤ {format_milliseconds(budget.latency_ms)}")
    return ", ".join(parts)


def _summary(dataset: Dataset, splits: Splits) -> DatasetSummary:
    counts: dict[str, Mapping[str, int]] = {}
    for name in ("train", "validation", "test"):
        chosen = dataset.select(getattr(splits, name))
        counts[name] = dict(Counter(label for recording in chosen for label in recording.classes or ("",)))
    return DatasetSummary(
        name=dataset.name,
        path=str(dataset.root),
        fingerprint=dataset.fingerprint,
        labels=dataset.labels,
        axes=dataset.axes,
        frequency_hz=dataset.frequency_hz,
        split=counts,
        split_rule=splits.scheme,
        recordings={part: len(getattr(splits, part)) for part in counts},
    )


def check_unchanged(dataset: Dataset, creation: Creation) -> None:
    """Refuse to go on with other data than the study was made with.

    Raises:
        DataError: the data set's fingerprint has changed.
    """
    if dataset.fingerprint != creation.dataset.fingerprint:
        raise DataError(
            f"{dataset.root}: the data has changed since study '{_name(creation)}' was made",
            hint="restore the data, or begin a new study",
        )


def _name(creation: Creation) -> Any:
    return creation.spec["name"]
