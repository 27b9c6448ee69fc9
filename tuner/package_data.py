"""Where the shipped search spaces and device profiles lie: in the checkout, or inside the installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def data_folder(name: str) -> Path:
    """Return the folder `name`, "search_spaces" or "device_profiles".

    A wheel carries it as `tuner/_data/<name>`; an editable install finds it beside the package.
    """
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
