"""The device profiles a server knows: the shipped ones, and those added to it."""

from __future__ import annotations

import threading
from pathlib import Path

from tuner.devices.profile import DeviceProfile, load_profile, profile_names, profile_yaml
from tuner.edited_text import check_text
from tuner.errors import ConfigError, nearest
from tuner.files import write_atomically
from tuner.messages.devices import DeviceDetail, DeviceEntry, DeviceValidation
from tuner.messages.validation import TextProblem
from tuner.service.refusals import ConflictError, MissingError


class Devices:
    """Profiles by name; added ones lie in a folder of the server's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "devices"
        self._lock = threading.Lock()

    def names(self) -> tuple[str, ...]:
        """Return all names: the server's own first."""
        return (*self._own(), *profile_names())

    def get(self, name: str) -> DeviceProfile:
        """Return a profile.

        Raises:
            MissingError: there is none of that name.
        """
        return load_profile(self.source(name))

    def source(self, name: str) -> str | Path:
        """Return what `load_profile` takes for a name: itself, or the path of an added profile.

        Raises:
            MissingError: there is none of that name.
        """
        if name in self._own():
            return self._folder / f"{name}.yaml"
        if name in profile_names():
            return name
        raise MissingError(f"there is no device '{name}'", hint=nearest(name, self.names()))

    def entry(self, name: str) -> DeviceEntry:
        """Return a profile in one line."""
        return _entry(self.get(name), own=name in self._own())

    def detail(self, name: str) -> DeviceDetail:
        """Return a profile in full."""
        profile = self.get(name)
        return DeviceDetail(
            entry=self.entry(name),
            profile=profile.model_dump(mode="json", exclude_none=True),
            text=profile_yaml(profile),
        )

    def validate(self, text: str) -> DeviceValidation:
        """Check a text, with messages at the line."""
        checked = check_text(DeviceProfile, text)
        return DeviceValidation(
            valid=checked.model is not None,
            problems=tuple(
                TextProblem(**{name: getattr(flaw, name) for name in TextProblem.model_fields})
                for flaw in checked.flaws
            ),
            entry=None if checked.model is None else _entry(checked.model, own=True),
        )

    def add(self, text: str) -> DeviceDetail:
        """Add a profile.

        Raises:
            ConfigError: it is wrong.
            ConflictError: there is one of that name.
        """
        checked = check_text(DeviceProfile, text)
        if checked.model is None:
            lines = (f"line {flaw.line}: {flaw.message}" for flaw in checked.flaws)
            hints = dict.fromkeys(flaw.hint for flaw in checked.flaws if flaw.hint)
            raise ConfigError("\n".join(lines), hint="; ".join(hints))
        name = checked.model.name
        with self._lock:
            if name in self.names():
                raise ConflictError(f"there is a device '{name}' already", hint="give the profile another `name:`")
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._folder / f"{name}.yaml", profile_yaml(checked.model))
        return self.detail(name)

    def _own(self) -> tuple[str, ...]:
        return tuple(sorted(path.stem for path in self._folder.glob("*.yaml")))


def _entry(profile: DeviceProfile, *, own: bool) -> DeviceEntry:
    return DeviceEntry(
        name=profile.name,
        title=profile.title,
        vendor=profile.vendor,
        mcu=profile.mcu,
        core=profile.core,
        clock_hz=profile.clock_hz,
        has_fpu=profile.has_fpu,
        ram_for_model_bytes=profile.ram_for_model,
        flash_for_model_bytes=profile.flash_for_model,
        runtime=profile.runtime.name,
        kernels=profile.kernels,
        npu=None if profile.npu is None else profile.npu.accelerator,
        active_power_mw=None if profile.power is None else profile.power.active,
        own=own,
    )
