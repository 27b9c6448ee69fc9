"""A search space somebody is editing: what is wrong with it, and at which line."""

from __future__ import annotations

from dataclasses import replace

from tuner.config import NotYamlError, read_yaml
from tuner.edited_text import Checked, Flaw, Places, check_text, flaw_of
from tuner.errors import ConfigError, nearest
from tuner.search_space.eon import is_eon
from tuner.search_space.load import alternatives_of, load_space, space_names
from tuner.search_space.schema import SpaceSpec


def check_space(text: str) -> Checked[SpaceSpec]:
    """Hold a text against what a space may be; it may include shipped spaces, but no files.

    Spaces of the EON Tuner are read too; what is wrong with one is told for the text as a whole.
    """
    try:
        data = read_yaml(text, source="text")
    except NotYamlError:
        return check_text(SpaceSpec, text)  # says where
    if is_eon(data) or (isinstance(data, dict) and "include" in data):
        return _as_a_whole(text, data)
    checked = check_text(SpaceSpec, text, defaults={"name": "custom"})
    if checked.model is None:
        return checked
    places, flaws = Places(text), []
    for section, steps, alternative in alternatives_of(checked.model):
        try:
            section.check(alternative)
        except ConfigError as error:
            flaws.append(flaw_of(error, places, steps))
    return replace(checked, model=None if flaws else checked.model, flaws=tuple(flaws))


def _as_a_whole(text: str, data: object) -> Checked[SpaceSpec]:
    included = data.get("include") if isinstance(data, dict) else None
    if included is not None and included not in space_names():
        hint = nearest(str(included), space_names())
        flaw = Flaw(*Places(text).of(["include"]), "include", f"there is no shipped space '{included}'", hint)
        return Checked(None, data, (flaw,))
    try:
        return Checked(load_space(data if isinstance(data, dict) else {"space": data}).spec, data, ())
    except ConfigError as error:
        return Checked(None, data, (Flaw(1, 1, "", error.message, error.hint),))
