"""The only place that converts quantities people write, "64 KiB", "80 MHz", "10 ms", to numbers and back."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

from tuner.errors import InputError

_QUANTITY = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([A-Za-zµ%]*)\s*")

_BYTES = {"": 1, "B": 1, "kB": 1000, "KB": 1000, "MB": 1000**2, "GB": 1000**3}
_BYTES |= {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_HERTZ = {"": 1.0, "Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9}
_MILLIWATTS = {"uW": 1e-3, "µW": 1e-3, "mW": 1.0, "W": 1e3}
_SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_bytes(text: str | int) -> int:
    """Bytes of "64 KiB" (binary), "64 kB" (decimal) or a plain number."""
    if isinstance(text, int) and not isinstance(text, bool):
        return _whole(float(text), text)
    return _whole(_parse(text, _BYTES, "size", "64 KiB"), text)


def parse_hertz(text: str | float) -> float:
    """Hertz of "80 MHz" or a plain number."""
    return _parse(text, _HERTZ, "frequency", "80 MHz")


def parse_seconds(text: str | float) -> float:
    """Seconds of "10 ms", "30 m" or "2 h"; a plain number is refused, for nobody knows its unit."""
    return _parse(text, _SECONDS, "duration", "10 ms")


def parse_milliseconds(text: str | float) -> float:
    """Milliseconds of "10 ms" or "1 s"; a plain number is refused, for nobody knows its unit."""
    return _parse(text, {unit: 1e3 * seconds for unit, seconds in _SECONDS.items()}, "duration", "10 ms")


def parse_milliwatts(text: str | float) -> float:
    """Milliwatts of "25 mW" or "1.2 W"; a plain number is refused, for nobody knows its unit."""
    return _parse(text, _MILLIWATTS, "power", "25 mW")


def write_bytes(count: int) -> str:
    """Write a size so that `parse_bytes` reads it back exactly: "264 KiB", "2 MiB", "1000 B"."""
    for unit in ("GiB", "MiB", "KiB"):
        if count and count % _BYTES[unit] == 0:
            return f"{count // _BYTES[unit]} {unit}"
    return f"{count} B"


def write_hertz(hertz: float) -> str:
    """Write a frequency so that `parse_hertz` reads it back: "133 MHz", "1.5 GHz"."""
    unit = next((unit for unit in ("GHz", "MHz", "kHz") if hertz >= _HERTZ[unit]), "Hz")
    return f"{hertz / _HERTZ[unit]:.12g} {unit}"


def write_milliwatts(milliwatts: float) -> str:
    """Write a power so that `parse_milliwatts` reads it back: "24.5 mW"."""
    return f"{milliwatts:.12g} mW"


def write_seconds(seconds: float) -> str:
    """Write seconds so that `parse_seconds` reads the same number."""
    return f"{_plain(seconds)} s"


def write_milliseconds(milliseconds: float) -> str:
    """Write milliseconds so that `parse_milliseconds` reads the same number, but for the last digit."""
    return f"{_plain(milliseconds)} ms"


def format_bytes(count: float) -> str:
    """Write 131072 as "128.0 KiB"; below one KiB as bytes."""
    if abs(count) < 1024:
        return f"{count:.0f} B"
    if abs(count) < 1024**2:
        return f"{count / 1024:.1f} KiB"
    if abs(count) < 1024**3:
        return f"{count / 1024**2:.1f} MiB"
    return f"{count / 1024**3:.1f} GiB"


def format_milliseconds(milliseconds: float) -> str:
    """Write 0.0123 as "12.3 µs", 12.34 as "12.3 ms", 61000 as "61.0 s"."""
    if abs(milliseconds) < 1:
        return f"{milliseconds * 1e3:.3g} µs"
    if abs(milliseconds) < 1e4:
        return f"{milliseconds:.3g} ms" if abs(milliseconds) < 1000 else f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1e3:.1f} s"


def format_seconds(seconds: float) -> str:
    """Write 95.0 as "1 m 35 s"."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} m"


def _parse(text: str | float, units: dict[str, float] | dict[str, int], what: str, example: str) -> float:
    if isinstance(text, bool):
        raise InputError(f"'{text}' is not a {what}", hint=f"write it like '{example}'")
    match = _QUANTITY.fullmatch(str(text))
    if match is None or match[2] not in units:
        known = ", ".join(unit for unit in units if unit)
        raise InputError(f"'{text}' is not a {what}", hint=f"write it like '{example}'; units: {known}")
    return float(match[1]) * units[match[2]]


def _plain(number: float) -> str:
    """Return all digits, without an exponent."""
    return format(Decimal(repr(float(number))), "f")


def _whole(count: float, text: object) -> int:
    if count != int(count) or count < 0:
        raise InputError(f"'{text}' is not a whole number of bytes", hint="write it like '64 KiB'")
    return int(count)


def _validator(parse: object) -> BeforeValidator:
    def validate(value: object) -> object:
        try:
            return parse(value)  # type: ignore[operator]
        except InputError as error:
            raise ValueError(str(error)) from error

    return BeforeValidator(validate)


Bytes = Annotated[int, _validator(parse_bytes)]
"""A pydantic field written like "64 KiB"."""

Hertz = Annotated[float, _validator(parse_hertz)]
"""A pydantic field written like "80 MHz"."""

Seconds = Annotated[float, _validator(parse_seconds), PlainSerializer(write_seconds, when_used="json")]
"""A pydantic field written like "30 m"."""

Milliseconds = Annotated[float, _validator(parse_milliseconds), PlainSerializer(write_milliseconds, when_used="json")]
"""A pydantic field written like "10 ms"."""

Milliwatts = Annotated[float, _validator(parse_milliwatts)]
"""A pydantic field written like "25 mW"."""
