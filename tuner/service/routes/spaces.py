"""Search spaces: list, look at one, check one's own, and how much of one fits devices."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
from fastapi import APIRouter

from tuner.config import read_yaml
from tuner.devices.budget import Budget, default_budget
from tuner.devices.profile import DeviceProfile
from tuner.edited_text import Checked, Flaw, Places
from tuner.errors import ConfigError, nearest
from tuner.messages.spaces import (
    DeviceShare,
    Needs,
    SpaceDetail,
    SpaceEntry,
    SpaceSurvey,
    SpaceValidation,
    SurveyBudget,
    SurveyRequest,
)
from tuner.messages.validation import Text
from tuner.package_data import data_folder
from tuner.report.words import detail
from tuner.search.suggest import RandomSuggest
from tuner.search_space import SearchSpace, load_space, space_names
from tuner.search_space.edit import check_space
from tuner.search_space.schema import DataSpec, SpaceSpec
from tuner.search_space.survey import Survey
from tuner.search_space.survey import survey as draw
from tuner.service.desk import Desk
from tuner.service.refusals import MissingError
from tuner.service.requests import CODE_HINT, NO_FILES, file_named_in, space_asked_for
from tuner.service.routes.conventions import DeskOf, NameOf, problems, refusals
from tuner.service.settings import Settings

router = APIRouter(prefix="/spaces", tags=["search spaces"], responses=refusals())


@router.get("")
def spaces() -> tuple[SpaceEntry, ...]:
    """Return the shipped spaces."""
    return tuple(_entry(load_space(name)) for name in space_names())


@router.post("/validate")
def validate(desk: DeskOf, space: Text) -> SpaceValidation:
    """Check a space somebody is editing, with messages at the line, and count its candidates."""
    checked = _checked(space.text, desk.settings)
    found = None if checked.model is None else SearchSpace(checked.model)
    return SpaceValidation(
        valid=found is not None,
        problems=problems(checked.flaws),
        size=None if found is None else _size(found),
        parameters={} if found is None else _parameters(found),
    )


@router.post("/survey", responses=refusals(404))
def survey(desk: DeskOf, request: SurveyRequest) -> SpaceSurvey:
    """Draw candidates from a space and cost each on every device, without training: which share keeps the budgets."""
    space = _space_of(request)
    profiles = [desk.devices.get(name) for name in request.devices]
    suggest = RandomSuggest(np.random.default_rng(request.seed))
    data = _data_of(desk, request, space)
    return _told(draw(space, suggest, data, profiles, count=request.samples, budget=_budgets(request)), profiles)


@router.get("/{name}", responses=refusals(404))
def space(name: NameOf) -> SpaceDetail:
    """Return a shipped space with its file, to start from."""
    if name not in space_names():
        raise MissingError(f"there is no search space '{name}'", hint=nearest(name, space_names()))
    found = load_space(name)
    return SpaceDetail(
        entry=_entry(found),
        text=(data_folder("search_spaces") / f"{name}.yaml").read_text(encoding="utf-8"),
        space=found.to_json(),
        parameters=_parameters(found),
    )


def _checked(text: str, settings: Settings) -> Checked[SpaceSpec]:
    """Check a text, but do not look at files that it names: looking at a network written in Python runs it."""
    with suppress(ConfigError):
        said = read_yaml(text, source="text")
        steps = None if settings.allow_code else file_named_in(said)
        if steps is not None:
            flaw = Flaw(*Places(text).of(steps), ".".join(map(str, steps)), NO_FILES, CODE_HINT)
            return Checked(None, said, (flaw,))
    return check_space(text)


def _entry(space: SearchSpace) -> SpaceEntry:
    spec = space.spec
    blocks = dict.fromkeys(part.type for block in spec.preprocessing for _, part in block.parts)
    return SpaceEntry(
        name=space.name,
        title=spec.title,
        parameters=len(space.parameters()),
        size=_size(space),
        preprocessing=tuple(blocks),
        architectures=tuple(dict.fromkeys(family.type for family in spec.architecture)),
        images=spec.data is not None and spec.data.image is not None,
    )


def _parameters(space: SearchSpace) -> dict[str, object]:
    return {name: value.to_json() for name, value in space.parameters().items()}


_MOST = 2**53


def _size(space: SearchSpace) -> int | None:
    """Return the number of candidates, at most what every JSON reader takes exactly."""
    size = space.size()
    return None if size is None else min(size, _MOST)


def _space_of(request: SurveyRequest) -> SearchSpace:
    if (request.space is None) == (request.text is None):
        raise ConfigError("either space or text is needed", hint="give the name of a shipped space, or a space in YAML")
    if request.space is not None:
        if request.space not in space_names():
            raise MissingError(
                f"there is no search space '{request.space}'", hint=nearest(request.space, space_names())
            )
        return load_space(request.space)
    said = read_yaml(request.text or "", source="search_space")
    if isinstance(said, list):
        return load_space(space_asked_for({"space": said}, allow_code=False))
    if not isinstance(said, dict):
        raise ConfigError(f"search_space: expected keys and values, found {type(said).__name__}")
    return load_space(space_asked_for(said, allow_code=False))


def _data_of(desk: Desk, request: SurveyRequest, space: SearchSpace) -> DataSpec:
    if request.data is not None:
        return DataSpec.model_validate(request.data.model_dump())
    if request.dataset is not None:
        found = desk.inspection(request.dataset)
        return DataSpec.model_validate(
            {
                "axes": len(found.axes),
                "frequency_hz": found.frequency_hz,
                "image": found.image_size,
                "classes": max(2, len(found.classes)),
            }
        )
    if space.spec.data is None:
        raise ConfigError(
            f"{space.name}: what candidates need depends on the data, and neither data nor dataset is given"
        )
    return space.spec.data


def _budgets(request: SurveyRequest) -> Callable[[DeviceProfile], Budget]:
    def budget(profile: DeviceProfile) -> Budget:
        board, wanted = default_budget(profile), request.budgets.get(profile.name, SurveyBudget())
        return Budget(
            wanted.ram_bytes or board.ram_bytes,
            wanted.flash_bytes or board.flash_bytes,
            wanted.latency_ms or board.latency_ms,
        )

    return budget


def _told(found: Survey, profiles: list[DeviceProfile]) -> SpaceSurvey:
    example = found.example
    return SpaceSurvey(
        drawn=found.drawn,
        built=found.built,
        devices=tuple(
            DeviceShare(
                device=profile.name,
                title=profile.title,
                fitting=found.fitting[profile.name],
                share=found.fitting[profile.name] / found.drawn,
            )
            for profile in profiles
        ),
        broken=dict(found.broken),
        example="" if example is None else detail(example.candidate),
        needs=()
        if example is None
        else tuple(
            Needs(
                device=cost.device,
                ram_bytes=cost.ram.total.value,
                flash_bytes=cost.flash.total.value,
                latency_ms=cost.latency.total.value,
            )
            for cost in example.costs
        ),
    )
