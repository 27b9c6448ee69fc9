"""What an uploaded model needs on devices."""

from __future__ import annotations

from tuner.inspection.document import DeviceDocument
from tuner.messages.base import Message


class Profile(Message):
    """A model on devices, as `tuner profile --json` tells."""

    model: str
    """The file's name."""
    model_bytes: int
    operators: int
    devices: tuple[DeviceDocument, ...]
    unit_refuses: tuple[str, ...]
    """Devices whose neural processing unit does not take the model; their figures are of the core alone."""
