"""What a parameter of a search space may be: one value, one of several, or anything within a range."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from tuner.candidate import Scalar
from tuner.search.problem import Suggest

_EXPONENT = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")
"""Numbers that YAML 1.1 takes for text, such as 1e-3."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Always the same value."""

    value: Scalar

    def draw(self, suggest: Suggest, name: str) -> Scalar:  # noqa: ARG002 (there is nothing to ask)
        """Return the value."""
        return self.value

    @property
    def size(self) -> int:
        """Number of values."""
        return 1

    def extremes(self) -> Iterator[Scalar]:
        """Yield values that must be allowed if all are."""
        yield self.value

    def to_json(self) -> Any:
        """Return what `parse_value` reads back."""
        return self.value


@dataclass(frozen=True, slots=True)
class Options:
    """One of several values, in no order."""

    values: tuple[Scalar, ...]

    def draw(self, suggest: Suggest, name: str) -> Scalar:
        """Return the value that was chosen."""
        return suggest.choice(name, self.values)

    @property
    def size(self) -> int:
        """Number of values."""
        return len(self.values)

    def extremes(self) -> Iterator[Scalar]:
        """Yield values that must be allowed if all are."""
        yield from self.values

    def to_json(self) -> Any:
        """Return what `parse_value` reads back."""
        return list(self.values)


@dataclass(frozen=True, slots=True)
class Range:
    """A number between two others, both included; whole if both are whole and the step is."""

    low: int | float
    high: int | float
    step: int | float | None = None
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether the numbers are integers."""
        return all(isinstance(number, int) for number in (self.low, self.high, self.step or 1))

    def draw(self, suggest: Suggest, name: str) -> Scalar:
        """Return the number that was chosen."""
        if self.whole:
            return suggest.integer(name, int(self.low), int(self.high), step=int(self.step or 1), log=self.log)
        return suggest.real(name, float(self.low), float(self.high), step=self.step, log=self.log)

    @property
    def size(self) -> int | None:
        """Number of values; `None` if they lie dense."""
        step = self.step or (1 if self.whole else None)
        return None if step is None else math.floor((self.high - self.low) / step + 1e-9) + 1

    def extremes(self) -> Iterator[Scalar]:
        """Yield values that must be allowed if all are."""
        yield from (self.low, self.high)

    def to_json(self) -> Any:
        """Return what `parse_value` reads back."""
        limits: dict[str, Any] = {"min": self.low, "max": self.high}
        if self.step is not None:
            limits["step"] = self.step
        return limits | ({"log": True} if self.log else {})


@dataclass(frozen=True, slots=True)
class Shared:
    """What a parameter of the whole space is: wherever it is named, it has the same value."""

    name: str
    value: Constant | Options | Range

    def draw(self, suggest: Suggest, name: str) -> Scalar:  # noqa: ARG002 (asked for under the name all share)
        """Return the value that was chosen."""
        return self.value.draw(suggest, self.path)

    @property
    def path(self) -> str:
        """The name it is asked for."""
        return f"parameters.{self.name}"

    @property
    def size(self) -> int | None:
        """Number of values."""
        return self.value.size

    def extremes(self) -> Iterator[Scalar]:
        """Yield values that must be allowed if all are."""
        return self.value.extremes()

    def to_json(self) -> Any:
        """Return the reference; the value stands elsewhere."""
        return f"${self.name}"


Leaf = Constant | Options | Range | Shared


def parse_value(raw: object) -> Leaf:
    """Read what a search space says of a parameter.

    Raises:
        ValueError: it is neither a value, nor a list of values, nor a range.
    """
    if isinstance(raw, Leaf):
        return raw
    if isinstance(raw, dict):
        return _range(raw)
    if isinstance(raw, list | tuple):
        values = tuple(_scalar(item) for item in raw)
        if not values:
            raise ValueError("the list of alternatives is empty")
        if len(set(map(repr, values))) < len(values):
            raise ValueError("an alternative is listed twice")
        return Constant(values[0]) if len(values) == 1 else Options(values)
    return Constant(_scalar(raw))


def _scalar(raw: object) -> Scalar:
    if isinstance(raw, str) and _EXPONENT.fullmatch(raw):
        return float(raw)
    if isinstance(raw, str | int | float | bool) and not (isinstance(raw, float) and not math.isfinite(raw)):
        return raw
    shown = "nothing" if raw is None else repr(raw)
    raise ValueError(f"expected a value, a list of values or a range {{min, max, step, log}}, found {shown}")


def _range(raw: dict[str, object]) -> Constant | Range:
    unknown = sorted(set(map(str, raw)) - {"min", "max", "step", "log"})
    if unknown:
        raise ValueError(f"a range has no '{unknown[0]}', it is written {{min, max, step, log}}")
    if not {"min", "max"} <= set(raw):
        raise ValueError("a range needs both min and max")
    low, high = _number("min", raw["min"]), _number("max", raw["max"])
    step = None if raw.get("step") is None else _number("step", raw["step"])
    log = raw.get("log", False)
    if not isinstance(log, bool):
        raise ValueError(f"log is {log!r}, expected true or false")  # noqa: TRY004 (pydantic reads ValueError)
    if low > high:
        raise ValueError(f"min {low} is more than max {high}")
    if step is not None and step <= 0:
        raise ValueError(f"step is {step}, expected more than 0")
    if log and step is not None:
        raise ValueError("a range is either logarithmic or in steps")
    if log and low <= 0:
        raise ValueError(f"a logarithmic range must begin above 0, min is {low}")
    return Constant(low) if low == high else Range(low, high, step, log)


def _number(name: str, raw: object) -> int | float:
    value = _scalar(raw)
    if isinstance(value, bool | str):
        raise ValueError(f"{name} is {value!r}, expected a number")  # noqa: TRY004
    return value


_SCALAR_SCHEMA = {"type": ["number", "string", "boolean"]}

VALUE_SCHEMA = {
    "anyOf": [
        _SCALAR_SCHEMA,
        {"type": "array", "items": _SCALAR_SCHEMA, "minItems": 1, "uniqueItems": True},
        {
            "type": "object",
            "properties": {
                "min": {"type": "number"},
                "max": {"type": "number"},
                "step": {"type": "number", "exclusiveMinimum": 0},
                "log": {"type": "boolean"},
            },
            "required": ["min", "max"],
            "additionalProperties": False,
        },
    ]
}
"""How a value is written, as JSON Schema."""

Value = Annotated[
    Leaf, PlainValidator(parse_value), PlainSerializer(lambda value: value.to_json()), WithJsonSchema(VALUE_SCHEMA)
]
"""A pydantic field that holds a value, a list of alternatives, or a range."""
