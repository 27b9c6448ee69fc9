"""Studies as a run would leave them, made up by a formula: real candidates, plausible costs and scores."""

import math

import numpy as np
import pytest

from tuner.estimate import Breakdown, DeviceCost, Estimate, Method, Part, Unit
from tuner.metrics import ClassificationScore, ClassScore
from tuner.record import (
    Appraisal,
    Artifact,
    BudgetSummary,
    DatasetSummary,
    Epoch,
    StudySummary,
    TrainingResult,
    Trial,
    Verdict,
)
from tuner.search import synthetic
from tuner.search.suggest import RandomSuggest, RecordingSuggest
from tuner.units import format_bytes, format_milliseconds

LABELS = ("biceps curl", "rowing", "<script>alert(1)</script>", "sit-up")
TITLES = {"small": "Small board & co", "medium": "Medium board", "large": "Large board"}
UNITS = {"ram": Unit.BYTES, "flash": Unit.BYTES, "latency": Unit.MILLISECONDS}


def appraisal(candidate, method):
    known = synthetic.cost(candidate)
    costs, verdicts = [], []
    for device, budgets in synthetic.BUDGETS.items():
        excess = {resource: known.constraints[f"{device}/{resource}"] for resource in budgets}
        need = {resource: known.usage[f"{device}/{resource}"] * budget for resource, budget in budgets.items()}
        parts = {
            resource: Breakdown(
                tuple(
                    Part(name, figure(share * amount, resource, method))
                    for name, share in (("network", 0.5), ("preprocessing", 0.2), ("input", 0.1), ("runtime", 0.2))
                )
            )
            for resource, amount in need.items()
        }
        costs.append(DeviceCost(device, parts["ram"], parts["flash"], parts["latency"], energy=None))
        reasons = tuple(
            f"{resource} needs {write(resource, need[resource])}, {device} leaves {write(resource, budgets[resource])}"
            f" (+{over:.0%})"
            for resource, over in excess.items()
            if over > 0
        )
        verdicts.append(Verdict(device, excess, reasons))
    return Appraisal(tuple(costs), tuple(verdicts))


def figure(value, resource, method):
    if resource == "latency":
        return Estimate.within(value, 0.3, UNITS[resource], method, "formula")
    return Estimate.exact(value, UNITS[resource], method, "formula")


def write(resource, value):
    return format_milliseconds(value) if resource == "latency" else format_bytes(value)


def score(accuracy, rng):
    support = 40
    confusion = np.zeros((len(LABELS), len(LABELS)), dtype=int)
    for row in range(len(LABELS)):
        right = rng.binomial(support, accuracy)
        confusion[row, row] = right
        confusion[row, (row + 1) % len(LABELS)] = support - right
    total = np.diag(confusion).sum() / confusion.sum()
    classes = tuple(ClassScore(label, total, total, total, support) for label in LABELS)
    return ClassificationScore(float(total), 1.0, classes, tuple(tuple(int(n) for n in row) for row in confusion))


def training(candidate, rng):
    accuracy = 1 - synthetic.error(candidate)
    curve = tuple(Epoch(1 / n, 1 - 0.5 / n, 1.1 / n, accuracy * (1 - 0.4 / n)) for n in range(1, 13))
    return TrainingResult(
        curve=curve,
        best_epoch=len(curve) - 1,
        float32=score(min(1.0, accuracy + 0.01), rng),
        converted=score(accuracy, rng),
        inspected=appraisal(candidate, Method.CONVERTED),
        feature_mean=(0.0,),
        feature_deviation=(1.0,),
        artifact=Artifact("0" * 64, 20_000),
        seconds={"train": 1.5, "convert": 0.2, "evaluate": 0.1},
    )


def trials(number, seed=0):
    rng = np.random.default_rng(seed)
    space = synthetic.SyntheticSpace()
    made = []
    for index in range(number):
        recording = RecordingSuggest(RandomSuggest(rng))
        candidate = space.sample(recording)
        predicted = appraisal(candidate, Method.PREDICTED)
        base = {"number": index, "parameters": recording.parameters, "candidate": candidate, "seed": index}
        base |= {"features": dict(synthetic.cost(candidate).features)}
        if not predicted.fits_any:
            reasons = "; ".join(reason for verdict in predicted.verdicts for reason in verdict.reasons)
            made.append(Trial(**base, predicted=predicted, reason=reasons))
        elif rng.random() < 0.04:
            made.append(Trial(**base, predicted=predicted, stage="train", reason="the loss became NaN in epoch 3"))
        else:
            made.append(Trial(**base, predicted=predicted, training=training(candidate, rng), attempts=1))
    return tuple(made)


def summary(name="exercises", stopped="60 candidates were trained, as many as asked for"):
    split = {"train": 90, "validation": 25, "test": 25}
    return StudySummary(
        name=name,
        task="classification",
        dataset=DatasetSummary(
            name="watch",
            path="data/watch",
            fingerprint="3f2a" * 16,
            labels=LABELS,
            axes=("accX", "accY", "accZ"),
            frequency_hz=50.0,
            split={part: dict.fromkeys(LABELS, math.ceil(count / len(LABELS))) for part, count in split.items()},
            split_rule="20 % of the groups each for validation and test",
        ),
        search_space="motion",
        space_size=None,
        budgets=tuple(
            BudgetSummary(device, TITLES[device], int(budget["ram"]), int(budget["flash"]), budget["latency"])
            for device, budget in synthetic.BUDGETS.items()
        ),
        objectives=("accuracy", "ram", "flash", "latency"),
        sampler="surrogate",
        seed=7,
        workers=2,
        elapsed_s=431.0,
        stopped=stopped,
        environment={"python": "3.11.7", "platform": "Linux", "cores": "2", "tensorflow": "2.21.0"},
    )


@pytest.fixture(scope="session")
def a_summary():
    return summary()


@pytest.fixture(scope="session")
def some_trials():
    return trials(60)


@pytest.fixture(scope="session")
def make_trials():
    return trials


@pytest.fixture(scope="session")
def make_summary():
    return summary
