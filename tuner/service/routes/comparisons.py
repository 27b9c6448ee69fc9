"""Candidates and studies side by side."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from tuner.messages.base import Name
from tuner.messages.comparison import Comparison, ComparisonRequest, StudyComparison
from tuner.service.comparison import comparison_of, studies_compared
from tuner.service.routes.conventions import DeskOf, refusals

router = APIRouter(prefix="/comparisons", tags=["comparisons"], responses=refusals(404))


@router.post("")
def compare(desk: DeskOf, request: ComparisonRequest) -> Comparison:
    """Put trials side by side, of one study or several: scores, needs, fit on every device, differing settings."""
    return comparison_of([(desk.study(ref.study), ref.trial) for ref in request.trials])


@router.get("/studies")
def studies(
    desk: DeskOf, study: Annotated[list[Name], Query(min_length=1, max_length=12, description="Names of studies.")]
) -> StudyComparison:
    """Compare studies by the front each reached on each device."""
    return studies_compared([desk.study(name) for name in dict.fromkeys(study)])
