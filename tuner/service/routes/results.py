"""What a study found: fronts, its course, importance, rejections, and the model to take."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from tuner.messages.fronts import Axis, Front, HypervolumeHistory, Importance, Quality, Rejections
from tuner.messages.selection import Selection, SelectionRequest
from tuner.service.analysis import front_of, hypervolume_of, rejections_of
from tuner.service.routes.conventions import DeskOf, DeviceOf, StudyOf, refusals
from tuner.service.selection import selection_of

router = APIRouter(prefix="/studies/{name}", tags=["results"], responses=refusals(404))


@router.get("/fronts/{device}", response_model=Front)
def front(
    study: StudyOf,
    device: DeviceOf,
    x: Annotated[Axis, Query(description="Horizontal axis of `stairs`.")] = "latency",
    y: Annotated[Axis, Query(description="Vertical axis of `stairs`.")] = "quality",
    of: Annotated[Quality, Query(description="Which quality.")] = "validation",
    compression: Annotated[str | None, Query(max_length=64, description="Only candidates of this form.")] = None,
    infeasible: Annotated[bool, Query(description="Also those that do not fit or were never trained.")] = False,
) -> Response:
    """Return the trials on a device as points, and its Pareto front."""
    return front_of(study, device, x=x, y=y, of=of, compression=compression, infeasible=infeasible)


@router.get("/hypervolume", response_model=HypervolumeHistory)
def hypervolume(study: StudyOf) -> Response:
    """Return how each device's front grew."""
    return hypervolume_of(study)


@router.get("/importance")
def importance(desk: DeskOf, study: StudyOf) -> Importance:
    """Return which parameters the quality hangs on; of a study that runs, it may be half a minute old."""
    return desk.importance.of(study)


@router.get("/rejections", response_model=Rejections)
def rejections(study: StudyOf) -> Response:
    """Return what was rejected or failed, by cause."""
    return rejections_of(study)


@router.post("/selection", responses=refusals(404, 409))
def selection(study: StudyOf, request: SelectionRequest) -> Selection:
    """Choose a model for a device, and tell what a little more would buy; 409 if none keeps the limits."""
    return selection_of(study, request)
