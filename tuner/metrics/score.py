"""What the scores of all tasks have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

SHARE = "share"
"""The unit of figures from 0 to 1 that are shown in percent."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a score, as it is shown."""

    key: str
    """Its name in tables and JSON: "macro_f1"."""
    name: str
    """Its name in prose: "macro F1"."""
    value: float
    unit: str = SHARE
    """`SHARE`, empty for a number without one, or the unit of what is predicted."""


_PLAIN = ("R²", "AUC")
"""Qualities that are written as numbers; the others are shares, written in percent."""


def quality_text(quality: float | None, metric: str) -> str:
    """Write a quality as its metric is written, "95.1%" or "0.951"; nothing as "–"."""
    if quality is None:
        return "–"
    return f"{quality:.3f}" if metric in _PLAIN else f"{quality:.1%}"


class AnyScore(Protocol):
    """How well predictions agree with the truth; each task has its own."""

    @property
    def quality(self) -> float:
        """What a study maximizes: 1 is perfect, and it is at most 1."""
        ...

    def figures(self) -> tuple[Figure, ...]:
        """Return what is shown of it, the quality first."""
        ...
