"""Device profiles: list, look at one, check and add one's own."""

from __future__ import annotations

from fastapi import APIRouter, status

from tuner.messages.devices import DeviceDetail, DeviceEntry, DeviceValidation
from tuner.messages.validation import Text
from tuner.service.routes.conventions import DeskOf, NameOf, refusals

router = APIRouter(prefix="/devices", tags=["devices"], responses=refusals())


@router.get("")
def devices(desk: DeskOf) -> tuple[DeviceEntry, ...]:
    """Return all boards: those added to this server, then the shipped ones."""
    return tuple(desk.devices.entry(name) for name in desk.devices.names())


@router.post("", status_code=status.HTTP_201_CREATED, responses=refusals(409))
def add(desk: DeskOf, profile: Text) -> DeviceDetail:
    """Add a board of one's own, written as `tuner devices new` writes it."""
    return desk.devices.add(profile.text)


@router.post("/validate")
def validate(desk: DeskOf, profile: Text) -> DeviceValidation:
    """Check a profile somebody is editing, with messages at the line."""
    return desk.devices.validate(profile.text)


@router.get("/{name}", responses=refusals(404))
def device(desk: DeskOf, name: NameOf) -> DeviceDetail:
    """Return one board with every figure and its source."""
    return desk.devices.detail(name)
