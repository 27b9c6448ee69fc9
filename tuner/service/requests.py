"""From a study that somebody asks for over the network to one that may be made here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuner.config import NotYamlError, read_yaml, validated
from tuner.edited_text import Flaw, check_text
from tuner.errors import ConfigError, nearest
from tuner.messages.studies import StudyRequest
from tuner.search_space import space_names
from tuner.search_space.eon import is_eon
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
    if spec.blocks and not settings.allow_code:
        raise ForbiddenError("blocks: this server runs no code from the network", hint=_CODE_HINT)
    if spec.workers > settings.max_workers:
        raise ForbiddenError(f"workers: {spec.workers} are more than the {settings.max_workers} this server allows")
    wanted = spec.model_dump(mode="json")
    if said["dataset"]["path"] not in {entry.name for entry in datasets.all()}:
        wanted["dataset"]["path"] = str(confined(str(spec.dataset.path), settings.data_roots))
    wanted["blocks"] = [str(confined(str(block), settings.data_roots)) for block in spec.blocks]
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
    if not allow_code and not is_eon(space) and _brings_code(space):
        raise ForbiddenError("search_space: this server runs no code from the network", hint=_CODE_HINT)
    return dict(space)


def check_study(text: str) -> tuple[Flaw, ...]:
    """Return what is wrong with a study file somebody is editing; the data are not looked at."""
    return check_text(StudySpec, text).flaws


_CODE_HINT = "the operator may start it with --allow-code"
_CODE_KEYS = frozenset({"code", "file", "path", "source"})
"""Parameters by which an alternative names a Python file."""


def _brings_code(part: Any) -> bool:
    if isinstance(part, Mapping):
        return any(key in _CODE_KEYS or _brings_code(value) for key, value in part.items())
    if isinstance(part, list | tuple):
        return any(_brings_code(item) for item in part)
    return isinstance(part, str) and part.endswith(".py")


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
