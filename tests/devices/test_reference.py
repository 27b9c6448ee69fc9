from __future__ import annotations

from tuner.devices.profile import DeviceProfile
from tuner.devices.reference import profile_reference, reference_file


def test_the_reference_is_up_to_date_with_the_schema() -> None:
    """Run `python -m tuner.devices.reference` after a change of the schema."""
    assert reference_file().read_text(encoding="utf-8") == profile_reference()


def test_every_key_is_in_the_reference_with_its_meaning() -> None:
    text = profile_reference()

    for name, field in DeviceProfile.model_fields.items():
        assert f"| `{name}` |" in text
        assert field.description is not None
        assert field.description in text
