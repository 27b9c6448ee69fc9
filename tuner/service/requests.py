"""From a study that somebody asks for over the network to one that may be made here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuner.config import NotYamlError, read_yaml, validated
from tuner.edited_text import Flaw, check_text
from tuner.errors import ConfigError, nearest
from tuner.messages.studies import StudyRequest
from tuner.search_space import space_names
from tuner.service.datasets import Datasets
from tuner.service.devices import Devices
from tuner.service.paths import confined
from tuner.service.refusals import ForbiddenError
from tuner.service.settings import Settings
from tuner.study.spec import StudySpec


def study_asked_for(request: StudyRequest, settings: Settings, datasets: Datasets, devices: Devices) -> dict[str, Any]:
    """Return what the study file says, with names of this server put in as paths.

    Raises:
        ConfigError: it is no study file, or it names what there is not.
        ForbiddenError: it names files elsewhere, brings code, or asks for more than the operator allows.
    """
    said = _mapping(request)
    spec = validated(StudySpec, _with_dataset(said, datasets), source="study")
    for key in _FILES:
        if getattr(spec, key) and not settings.allow_code:  # Keras files may hold code too
            raise ForbiddenError(f"{key}: this server runs no code from the network", hint=CODE_HINT)
    if spec.workers > settings.max_workers:
        raise ForbiddenError(f"workers: {spec.workers} are more than the {settings.max_workers} this server allows")
    wanted = spec.model_dump(mode="json")
    if said["dataset"]["path"] not in {entry.name for entry in datasets.all()}:
        wanted["dataset"]["path"] = str(confined(str(spec.dataset.path), settings.data_roots))
    for key in _FILES:
        wanted[key] = [str(confined(str(file), settings.data_roots)) for file in getattr(spec, key)]
    wanted["search_space"] = space_asked_for(spec.search_space, allow_code=settings.allow_code)
    sources = {name: str(devices.source(name)) for name in spec.devices}
    wanted["devices"] = [sources[name] for name in spec.devices]
    wanted["budgets"] = {sources[name]: budget for name, budget in wanted["budgets"].items()}
    return wanted


def space_asked_for(space: str | Path | Mapping[str, Any], *, allow_code: bool) -> Any:
    """Return a search space that names no files of the server.

    Raises:
        ConfigError: there is no such shipped space.
        ForbiddenError: it brings code.
    """
    if not isinstance(space, Mapping):
        if str(space) not in space_names():
            raise ConfigError(
                f"search_space: there is no shipped space '{space}'",
                hint=f"{nearest(str(space), space_names())}; or give the space itself",
            )
        return str(space)
    included = space.get("include")
    if included is not None and included not in space_names():
        raise ConfigError(
            f"search_space.include: there is no shipped space '{included}'", hint=nearest(str(included), space_names())
        )
    steps = None if allow_code else file_named_in(space)
    if steps is not None:
        raise ForbiddenError(f"search_space.{'.'.join(map(str, steps))}: {NO_FILES}", hint=CODE_HINT)
    return dict(space)


def file_named_in(part: Any) -> tuple[int | str, ...] | None:
    """Return where a search space names a file of the server: weights, a finished model, or code that would be run."""
    if isinstance(part, Mapping):
        found = (
            (key, *steps)
            for key, value in part.items()
            if key not in _PROSE and (steps := file_named_in(value)) is not None
        )
        return next(found, None)
    if isinstance(part, list | tuple):
        found = ((place, *steps) for place, item in enumerate(part) if (steps := file_named_in(item)) is not None)
        return next(found, None)
    return () if isinstance(part, str) and _FILE.search(part) else None


def check_study(text: str) -> tuple[Flaw, ...]:
    """Return what is wrong with a study file somebody is editing; the data are not looked at."""
    return check_text(StudySpec, text).flaws


_FILES = ("blocks", "models")
"""Keys of a study file that name files with code."""
NO_FILES = "names a file, and this server takes neither files nor code by their path from the network"
CODE_HINT = "the operator may start it with --allow-code"
_FILE = re.compile(r"[/\\~]|\.[A-Za-z][A-Za-z0-9]{0,9}$")
"""A path, or a name with an ending; names of blocks, families and optimizers have neither."""
_PROSE = frozenset({"title", "description", "name", "include"})


def _mapping(request: StudyRequest) -> dict[str, Any]:
    if request.text is None:
        return dict(request.study)
    try:
        said = read_yaml(request.text, source="study")
    except NotYamlError as error:
        raise ConfigError(error.message, hint=error.hint) from error
    if not isinstance(said, dict):
        raise ConfigError(f"study: expected keys and values, found {type(said).__name__}")
    return said


def _with_dataset(said: Mapping[str, Any], datasets: Datasets) -> Mapping[str, Any]:
    """Put path and options in where `dataset.path` is the name of a data set of the server."""
    section = said.get("dataset")
    if not isinstance(section, dict):
        return said
    entry = next((entry for entry in datasets.all() if entry.name == section.get("path")), None)
    if entry is None:
        return said
    options = section.get("options", {})
    merged = {**entry.options, **options} if isinstance(options, dict) else options
    return {**said, "dataset": {**section, "path": entry.path, "options": merged}}
