"""Open, local, device-aware AutoML for microcontrollers.

Importing this package loads neither TensorFlow nor Ray; running a study does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.api import Study
    from tuner.candidate import Candidate
    from tuner.client import Client
    from tuner.devices.profile import DeviceProfile, load_profile
    from tuner.errors import InputError, NothingFitsError, StageError, StudyError, TunerError
    from tuner.estimate import Estimate
    from tuner.record import State, Trial

__version__ = "0.1.0"

_HOMES = {
    "Candidate": "tuner.candidate",
    "Client": "tuner.client",
    "DeviceProfile": "tuner.devices.profile",
    "Estimate": "tuner.estimate",
    "InputError": "tuner.errors",
    "NothingFitsError": "tuner.errors",
    "StageError": "tuner.errors",
    "State": "tuner.record",
    "Study": "tuner.api",
    "StudyError": "tuner.errors",
    "Trial": "tuner.record",
    "TunerError": "tuner.errors",
    "load_profile": "tuner.devices.profile",
}

__all__ = [
    "Candidate",
    "Client",
    "DeviceProfile",
    "Estimate",
    "InputError",
    "NothingFitsError",
    "StageError",
    "State",
    "Study",
    "StudyError",
    "Trial",
    "TunerError",
    "load_profile",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tuner' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)
