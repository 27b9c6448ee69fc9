"""What an uploaded model needs on devices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, UploadFile

from tuner.errors import ModelError
from tuner.inspection.document import documents
from tuner.inspection.inspect import inspect
from tuner.messages.base import Name
from tuner.messages.profile import Profile
from tuner.service.routes.conventions import DeskOf, refusals

router = APIRouter(prefix="/profiles", tags=["profiles"], responses=refusals(404))


@router.post("")
def profile(
    desk: DeskOf,
    file: UploadFile,
    devices: Annotated[list[Name] | None, Form(max_length=200, description="All, if none are named.")] = None,
) -> Profile:
    """Say what a `.tflite` model needs on devices: RAM, flash, latency and energy, operator by operator.

    Files of other kinds are converted by `tuner profile`, on the machine where they lie.
    """
    name = Path(file.filename or "model.tflite").name[:200]
    if not name.lower().endswith((".tflite", ".lite")):
        raise ModelError(f"{name}: is no .tflite file", hint="`tuner profile` converts Keras and ONNX models")
    chosen = [desk.devices.get(device) for device in dict.fromkeys(devices or desk.devices.names())]
    inspections = inspect(file.file.read(), chosen)
    return Profile(
        model=name,
        model_bytes=inspections[0].graph.model_bytes,
        operators=len(inspections[0].graph.operators),
        devices=documents(inspections),
        unit_refuses=tuple(inspection.profile.name for inspection in inspections if inspection.unit_refuses),
    )
