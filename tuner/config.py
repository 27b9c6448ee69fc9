"""Files people write: YAML or JSON into typed models, and errors that name the file, the key and the nearest one."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from tuner.errors import ConfigError, InputError, nearest

Model = TypeVar("Model", bound=BaseModel)

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Six times faster where PyYAML was built with libyaml: a hundred device profiles are read at once."""


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML or JSON file.

    Raises:
        ConfigError: there is no such file, it is no YAML, or holds no mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file", hint=_similar_file(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    data = read_yaml(text, source=str(path))
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(data).__name__}")
    return data


def read_yaml(text: str, *, source: str) -> Any:
    """Return what a YAML or JSON text says.

    Raises:
        ConfigError: it is no YAML, or what it says is too deep or too large once its aliases are put in; `NotYaml`
            where the place is known.
    """
    try:
        _check_size(text)
        return yaml.load(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        raise NotYamlError(source, line, column, str(getattr(error, "problem", error))) from error
    except ValueError as error:  # a date, number or character that is none
        raise NotYamlError(source, 1, 1, str(error)) from error


class NotYamlError(ConfigError):
    """A text is not valid YAML."""

    def __init__(self, source: str, line: int, column: int, problem: str) -> None:
        super().__init__(f"{source}: line {line}, column {column}: not valid YAML: {problem}")
        self.source, self.line, self.column, self.problem = source, line, column, problem

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.source, self.line, self.column, self.problem)


_MOST_LEVELS = 100
_MOST_VALUES = 1_000_000


def _check_size(text: str) -> None:
    """Refuse what would exhaust stack or memory when it is built: libyaml itself ends the process at great depth.

    Raises:
        ValueError: levels or values are too many, or an alias stands inside of what it names.
    """
    sizes: dict[str, int] = {}
    stack: list[tuple[str | None, int]] = [(None, 0)]
    for event in yaml.parse(text, Loader=_LOADER):
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.CollectionStartEvent):
            stack.append((anchor, 1))
            if len(stack) > _MOST_LEVELS:
                raise ValueError(f"more than {_MOST_LEVELS} levels")
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, size = stack.pop()
        elif isinstance(event, yaml.AliasEvent):
            if any(anchor == open_ for open_, _ in stack):
                raise ValueError(f"'*{anchor}' stands inside of what it names")
            size, anchor = sizes.get(str(anchor), 1), None
        elif isinstance(event, yaml.ScalarEvent):
            size = 1
        else:
            continue
        if anchor is not None:
            sizes[anchor] = size
        parent, so_far = stack.pop()
        stack.append((parent, so_far + size))
        if so_far + size > _MOST_VALUES:
            raise ValueError(f"more than {_MOST_VALUES:,} values")


def validated(model: type[Model], data: Mapping[str, Any], *, source: str) -> Model:
    """Return the model that `data` describes.

    Raises:
        ConfigError: one line for every key that is unknown, missing or of the wrong kind, each naming `source`.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines, hints = [], []
        for problem in error.errors():
            message, hint = explain(model, problem)
            lines.append(f"{source}: {message}")
            if hint and hint not in hints:
                hints.append(hint)
        raise ConfigError("\n".join(lines), hint="; ".join(hints)) from error


def explain(model: type[BaseModel], problem: Any) -> tuple[str, str]:
    """Return one of a `ValidationError`'s problems in our words, and a hint."""
    location = problem["loc"]
    key = ".".join(str(step) for step in location)
    if problem["type"] == "extra_forbidden":
        name = str(location[-1])
        return f"unknown key '{key}'", nearest(name, _fields_at(model, location[:-1])) + _unit_hint(name)
    if problem["type"] == "missing":
        field = _fields_at(model, location[:-1]).get(str(location[-1]))
        meaning = field.description if field is not None else None
        return f"missing key '{key}'", f"'{location[-1]}' is: {meaning}" if meaning else ""
    cause = getattr(problem.get("ctx", {}).get("error"), "__cause__", None)
    if isinstance(cause, InputError):
        return f"{key}: {cause.message}", cause.hint
    found = problem["input"]
    if problem["type"] == "union_tag_invalid":
        tag = str(problem["ctx"]["tag"])
        return f"{key}: there is no '{tag}'", nearest(tag, re.findall(r"'([^']*)'", problem["ctx"]["expected_tags"]))
    if problem["type"] == "literal_error" and isinstance(found, str):
        return f"{key}: there is no '{found}'", nearest(found, re.findall(r"'([^']*)'", problem["ctx"]["expected"]))
    message = problem["msg"].removeprefix("Value error, ")
    shown = f", found {found!r}" if isinstance(found, str | int | float | bool) and repr(found) not in message else ""
    return f"{key}: {message[0].lower()}{message[1:]}{shown}" if key else message, ""


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> dict[str, FieldInfo]:
    """Return the fields that a model takes at a location in it, by the key they are written with."""
    models = [model]
    for step in location:
        fields = [found.model_fields[step] for found in models if isinstance(step, str) and step in found.model_fields]
        if fields:
            models = [inner for field in fields for inner in models_in(field.annotation)]
    return {field.alias or name: field for found in models for name, field in found.model_fields.items()}


_UNITS = {
    "Sizes are written like '128 KiB'.": ("b", "kb", "kib", "mb", "mib", "bytes"),
    "Frequencies are written like '80 MHz'.": ("hz", "khz", "mhz", "ghz"),
    "Durations are written like '10 ms'.": ("us", "ms", "s", "sec", "seconds"),
    "Powers are written like '25 mW'.": ("uw", "mw", "watts"),
}


def _unit_hint(key: str) -> str:
    """Say where the unit goes if somebody put it into the key."""
    unit = key.lower().rpartition("_")[2] if "_" in key else ""
    return next((f" {sentence}" for sentence, units in _UNITS.items() if unit in units), "")


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that a field's annotation holds, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from models_in(argument)


def _similar_file(path: Path) -> str:
    if not path.parent.is_dir():
        return f"the folder {path.parent} does not exist either"
    here = [entry.name for entry in path.parent.iterdir() if entry.suffix in {".yaml", ".yml", ".json"}]
    return nearest(path.name, here)
