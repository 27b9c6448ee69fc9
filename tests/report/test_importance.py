from types import SimpleNamespace

import numpy as np

from tuner.report.importance import LEAST_TRIALS, importances


def trials(score, count=120, seed=0):
    """Trials as far as importance looks at them: parameters and a score."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        parameters = {"block": str(rng.choice(["raw", "spectral"])), "rate": 10 ** rng.uniform(-4, -1), "idle": 5}
        parameters["noise"] = float(rng.random())
        if parameters["block"] == "spectral":
            parameters["fft"] = int(rng.choice([16, 64, 256]))
        made.append(SimpleNamespace(parameters=parameters, score=score(parameters, rng)))
    return made


def by_block_and_rate(parameters, rng):
    return 0.9 - 0.3 * (parameters["block"] == "raw") - 0.05 * abs(np.log10(parameters["rate"]) + 2.5)


def test_what_the_score_is_made_of_is_found_in_its_order():
    found = importances(trials(by_block_and_rate))

    names = [importance.name for importance in found.parameters]
    assert names[0] == "block"
    assert names.index("rate") < names.index("noise")
    assert found.explained > 0.8


def test_a_parameter_that_never_changes_is_left_out():
    assert "idle" not in [importance.name for importance in importances(trials(by_block_and_rate)).parameters]


def test_a_score_by_chance_is_explained_by_nothing():
    found = importances(trials(lambda _, rng: float(rng.random())))

    assert found.explained < 0.2


def test_too_few_trials_tell_nothing():
    assert importances(trials(by_block_and_rate, count=LEAST_TRIALS - 1)) is None


def test_equal_scores_tell_nothing():
    assert importances(trials(lambda *_: 0.5)) is None


def test_equal_parameters_tell_nothing():
    alike = [SimpleNamespace(parameters={"idle": 5}, score=float(score)) for score in np.linspace(0, 1, 30)]

    assert importances(alike) is None


def test_the_same_trials_give_the_same_importance():
    assert importances(trials(by_block_and_rate)) == importances(trials(by_block_and_rate))
