"""What every learned update rule is given and gives, as plain tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Tensor = Any

Slots = tuple[Tensor, ...]
"""What a rule keeps between steps."""


@dataclass(frozen=True, slots=True)
class Now:
    """One step of training, as a rule sees it; N weights in one flat vector."""

    weights: Tensor
    """N."""
    gradient: Tensor
    """N."""
    loss: Tensor
    """Of the batch that the gradient is from."""
    count: Tensor
    """Number of this step since training began, as a float; the first is 1."""
    total: Tensor
    """Steps that the training has if nothing ends it early, as a float."""


class Rule(Protocol):
    """An update rule for tensors of given shapes."""

    def first(self) -> tuple[NDArray[np.float32], ...]:
        """Return the slots before the first step."""
        ...

    def moved(self, now: Now, slots: Slots) -> tuple[Tensor, Slots]:
        """Return the weights and the slots after a step."""
        ...


class BuildRule(Protocol):
    """Makes the rule for tensors of these shapes, as they follow each other in the vector."""

    def __call__(self, shapes: Sequence[tuple[int, ...]]) -> Rule:
        """Make it."""
        ...
