from __future__ import annotations

from pathlib import Path

import pytest

from tuner.devices.profile import load_profile, profile_names, profile_yaml


@pytest.mark.parametrize("name", profile_names())
def test_a_shipped_profile_is_named_like_its_file_and_formatted_canonically(name: str) -> None:
    path = Path(__file__).parents[2] / "device_profiles" / f"{name}.yaml"

    profile = load_profile(name)

    assert profile.name == name
    assert path.read_text(encoding="utf-8") == profile_yaml(profile)
