"""Trials and sessions as JSON objects, and back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from tuner.errors import StoreError

Value = TypeVar("Value")


def encode(value: object) -> dict[str, Any]:
    """Return a JSON object for a value of any record type."""
    kind: Any = type(value)
    data: dict[str, Any] = _adapter(kind).dump_python(value, mode="json")
    return data


def decode(kind: type[Value], data: Mapping[str, Any]) -> Value:
    """Read what `encode` wrote.

    Raises:
        StoreError: it is not a value of that type.
    """
    try:
        adapter: TypeAdapter[Value] = _adapter(cast("Any", kind))
        return adapter.validate_python(data)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(step) for step in problem["loc"])
        raise StoreError(f"the record holds no valid {kind.__name__}: {where}: {problem['msg']}") from error


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
