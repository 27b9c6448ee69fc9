"""What a sampler is asked and what it learns from: values only, so that any sampler can be put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tuner.candidate import Candidate, Scalar


class Suggest(Protocol):
    """Where a search space gets its choices from, by name: a sampler, a random generator, a record."""

    def choice(self, name: str, options: Sequence[Scalar]) -> Scalar:
        """Return one of the options."""
        ...

    def integer(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """Return a whole number between `low` and `high`, both included."""
        ...

    def real(self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False) -> float:
        """Return a number between `low` and `high`, both included."""
        ...


class Space(Protocol):
    """A search space, define-by-run: later choices may depend on earlier ones."""

    def sample(self, suggest: Suggest) -> Candidate:
        """Draw a candidate; the names asked of `suggest` are its parameters."""
        ...


@dataclass(frozen=True, slots=True)
class Cost:
    """What is known of a candidate before it is trained.

    `constraints` has one entry per device and resource, named "device/resource": the excess over the budget as a
    share of it; at most 0 if it fits. `usage` has the same keys with the need as a share of the budget.
    `features` describe the network to a model of its accuracy (MACs, parameters, depth).
    """

    constraints: Mapping[str, float]
    usage: Mapping[str, float]
    features: Mapping[str, float]


class CostModel(Protocol):
    """Costs a candidate on every device of the study without training it."""

    def __call__(self, candidate: Candidate) -> Cost | None:
        """Return the cost, or `None` if the candidate cannot be built."""
        ...


@dataclass(frozen=True, slots=True)
class Prior:
    """What an earlier search has learnt about a candidate."""

    source: str
    """The name of that search."""
    parameters: Mapping[str, Scalar]
    error: float
    """As a share of the error from which on a trial is worth nothing there."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A search: the space, what candidates cost, what to minimize and the seed."""

    space: Space
    cost: CostModel
    devices: tuple[str, ...]
    resources: tuple[str, ...]
    """The resources that are objectives beside the error, e.g. ("ram", "flash", "latency")."""
    seed: int
    worst_error: float = 1.0
    """The error from which on a trial is worth nothing, e.g. that of always naming the most frequent class."""
    prior: tuple[Prior, ...] = ()
    """What earlier searches of candidates like these have learnt; samplers may use it."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A trial as a sampler sees it."""

    number: int
    parameters: Mapping[str, Scalar]
    """What `Space.sample` asked for and got, by name."""
    state: Literal["complete", "rejected", "failed", "pending"]
    cost: Cost | None
    error: float | None
    """1 − the score of the task, to be minimized; `None` unless complete."""
    fidelity: float = 1.0
    """The share of its training that it has had."""
    rungs: int = 1
    """How often it was scored."""


class Sampler(Protocol):
    """Proposes the parameters of the next trial.

    A pure function of its arguments: the same problem, history and number give the same proposal, so a study
    resumed from its record goes on as if it had never stopped.
    """

    def propose(self, problem: Problem, history: Sequence[Observation], number: int) -> Mapping[str, Scalar]:
        """Return the parameters of trial `number`; `history` holds all earlier trials, pending ones too."""
        ...
