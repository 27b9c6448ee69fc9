"""Learned optimizers by name: their rules, parameters and limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tuner.candidate import Scalar, Settings
from tuner.errors import TrainingError
from tuner.training.learned.celo_adam import CeloAdam
from tuner.training.learned.controlled import Controlled, Tensors, shipped_parameters
from tuner.training.learned.published import SOURCES, published_weights
from tuner.training.learned.update import Rule
from tuner.training.learned.velo import Velo

LEARNED: Mapping[str, Mapping[str, Scalar]] = {"learned": {}} | {name: {"weights": ""} for name in SOURCES}
"""Parameters of each and their defaults. None has a learning rate: that is what they learned."""


def learned_rule(settings: Settings, shapes: Sequence[tuple[int, ...]]) -> Rule:
    """Return the rule of that name for tensors of these shapes.

    Raises:
        ConfigError: its published weights are not to be found, or are something else.
    """
    if settings.type == "learned":
        return Controlled(shipped_parameters(), Tensors.of(shapes))
    arrays = published_weights(settings)
    if settings.type == "celo-adam":
        return CeloAdam.of(arrays, shapes)
    return Velo.of(arrays, shapes, per_tensor=settings.type == "velo")


@dataclass(frozen=True, slots=True)
class Limits:
    """Trainings for which a rule is known to work; all ends included."""

    steps: tuple[int, int]
    batch: tuple[int, int] | None
    """None if its meta-training does not say."""
    source: str


LIMITS: Mapping[str, Limits] = {
    "learned": Limits((20, 10_000), (8, 1024), "meta-trained on 50 to 1,500 steps of 16 to 64 examples"),
    "velo": Limits((20, 150_000), None, "meta-trained on 200 to 200,000 steps"),
    "celo": Limits((20, 10_000), None, "meta-trained on 100 to 2,000 steps"),
    "celo-adam": Limits((20, 10_000), None, "meta-trained on 100 to 2,000 steps"),
}
"""Meta-training, and around it what is allowed: what was measured for `learned`, what is published for VeLO (150,000
steps: `learned_optimization.research.general_lopt.prefab`), five times the horizon for the two CELOs."""


def check_limits(settings: Settings, steps: int, batch: int) -> None:
    """Look whether a training lies within the limits of its optimizer, if that is a learned one.

    Raises:
        TrainingError: it does not.
    """
    limits = LIMITS.get(settings.type)
    if limits is None:
        return
    for what, value, allowed in (("steps", steps, limits.steps), ("examples in a batch", batch, limits.batch)):
        if allowed is not None and not allowed[0] <= value <= allowed[1]:
            raise TrainingError(
                f"optimizer '{settings.type}' is for {allowed[0]:,} to {allowed[1]:,} {what}, "
                f"this training has {value:,} ({limits.source})",
                hint="steps are epochs times batches in an epoch; optimizer 'adam' has no such limits",
            )
