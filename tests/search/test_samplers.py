"""What every sampler must do, whichever it is."""

from dataclasses import replace

import numpy as np
import pytest

from tuner.errors import ConfigError
from tuner.search import synthetic
from tuner.search.objectives import hypervolume_history
from tuner.search.problem import Cost, Observation, Prior
from tuner.search.samplers import DEFAULT, SAMPLERS, sampler
from tuner.search.suggest import FixedSuggest, RandomSuggest, RecordingSuggest

EVERY = pytest.mark.parametrize("name", sorted(SAMPLERS))
QUICK = {"surrogate": {"pool": 32, "growth": 2, "trees": 8, "limits": 64}, "gp": {"startup": 30}}


def make(name):
    if name == "gp":
        pytest.importorskip("torch", reason="PyTorch, which the sampler 'gp' needs, is not installed")
    return sampler(name, **QUICK.get(name, {}))


def run(name, problem, trials, history=()):
    proposer, history = make(name), list(history)
    while len(history) < trials:
        history.append(synthetic.observe(problem, proposer.propose(problem, history, len(history)), len(history)))
    return history


def with_state(history, state):
    return [replace(trial, state=state, error=None) for trial in history]


def is_valid(problem, parameters):
    recording = RecordingSuggest(FixedSuggest(parameters))
    problem.space.sample(recording)
    return recording.parameters == parameters


@pytest.fixture(scope="module")
def problem():
    return synthetic.problem(seed=3)


@pytest.fixture(scope="module")
def history(problem):
    return run("random", problem, 24)


@EVERY
def test_the_parameters_are_those_the_space_asks_for_and_no_others(name, problem):
    for trial in run(name, problem, 30):
        assert is_valid(problem, trial.parameters)


@EVERY
def test_the_same_arguments_give_the_same_proposal(name, problem, history):
    proposer = make(name)
    first = proposer.propose(problem, history, len(history))

    assert proposer.propose(problem, history, len(history)) == first
    assert make(name).propose(problem, history, len(history)) == first


@EVERY
def test_a_study_resumed_from_its_record_goes_on_as_if_it_had_never_stopped(name, problem):
    whole = run(name, problem, 28)

    assert run(name, problem, 28, history=whole[:17]) == whole


@EVERY
def test_what_a_sampler_saw_before_never_changes_a_proposal(name, problem, history):
    proposer = make(name)
    proposer.propose(problem, history[:12], 12)
    proposer.propose(problem, with_state(history, "failed"), 24)

    assert proposer.propose(problem, history, 24) == make(name).propose(problem, history, 24)


@EVERY
def test_seeds_and_numbers_give_different_proposals(name, problem, history):
    other_seed = synthetic.problem(seed=4)

    proposals = [
        make(name).propose(problem, history, 24),
        make(name).propose(problem, history, 25),
        make(name).propose(other_seed, history, 24),
    ]

    assert proposals[0] != proposals[1]
    assert proposals[0] != proposals[2]


@EVERY
@pytest.mark.parametrize("state", ["rejected", "failed", "pending"])
def test_a_history_without_any_complete_trial_is_no_obstacle(name, state, problem, history):
    assert is_valid(problem, make(name).propose(problem, with_state(history, state), len(history)))


@EVERY
def test_a_candidate_that_cannot_be_built_is_no_obstacle(name, problem, history):
    unbuilt = [*history, Observation(24, history[0].parameters, "failed", None, None)]

    assert is_valid(problem, make(name).propose(problem, unbuilt, 25))


@EVERY
def test_pending_trials_are_not_proposed_again(name, problem, history):
    proposer, running = make(name), list(history)
    for number in range(24, 30):
        parameters = proposer.propose(problem, running, number)
        candidate = problem.space.sample(FixedSuggest(parameters))
        running.append(Observation(number, parameters, "pending", problem.cost(candidate), None))

    assert len({repr(sorted(trial.parameters.items())) for trial in running}) == 30


@EVERY
def test_numbers_may_have_gaps(name, problem, history):
    assert is_valid(problem, make(name).propose(problem, history[::2], 40))


@pytest.mark.parametrize("name", ["nsga2", "surrogate", "tpe"])
def test_a_sampler_that_learns_ends_with_more_hypervolume_than_chance(name):
    problems = [synthetic.problem(seed=seed) for seed in range(5)]

    reached = [hypervolume_history(run(name, problem, 80), problem)[-1] for problem in problems]
    by_chance = [hypervolume_history(run("random", problem, 80), problem)[-1] for problem in problems]

    assert sum(reached) > sum(by_chance)


@pytest.mark.parametrize("name", ["nsga2", "surrogate", "tpe"])
def test_a_sampler_that_learns_comes_to_avoid_what_is_rejected(name):
    tight = synthetic.problem(seed=1, devices=("small",))
    history = run(name, tight, 60)
    rejected = [trial.state == "rejected" for trial in history]

    assert sum(rejected[-20:]) <= 10
    assert sum(trial.state == "rejected" for trial in run("random", tight, 60)[-20:]) >= 12


def test_the_surrogate_proposes_nothing_that_fits_no_device():
    for device in synthetic.BUDGETS:
        history = run("surrogate", synthetic.problem(seed=2, devices=(device,)), 25)
        assert {trial.state for trial in history} == {"complete"}


def test_the_surrogate_proposes_the_least_excess_where_nothing_fits(problem):
    def far_over(candidate):
        known = problem.cost(candidate)
        over = {name: share + 1 for name, share in known.usage.items()}
        return Cost(over, known.usage, known.features)

    hopeless = replace(problem, cost=far_over)
    proposer = make("surrogate")
    history = run("surrogate", hopeless, 4)
    random = run("random", hopeless, 24)

    assert is_valid(hopeless, proposer.propose(hopeless, history, 4))
    assert max(_least(trial) for trial in history) < min(_least(trial) for trial in random)


def test_the_surrogate_copes_with_a_space_in_which_nothing_can_be_built(problem):
    unbuildable = replace(problem, cost=lambda _: None)

    assert is_valid(unbuildable, make("surrogate").propose(unbuildable, [], 0))


def test_a_space_with_nothing_left_to_try_is_no_obstacle_to_the_surrogate(problem):
    proposer = make("surrogate")
    one = replace(problem, space=OneCandidate(problem.space))
    history = []
    for number in range(4):
        history.append(synthetic.observe(one, proposer.propose(one, history, number), number))

    assert [trial.parameters for trial in history] == [{"only": True}] * 4


def test_gaussian_processes_learn_once_they_have_seen_enough(problem, history):
    few = [trial for trial in history if trial.state == "complete"][:4]
    by_chance = make("gp").propose(problem, few, 24)

    learnt = sampler("gp", startup=4).propose(problem, few, 24)

    assert is_valid(problem, learnt)
    assert learnt != by_chance


def test_nsga3_crosses_the_survivors_of_the_last_generation():
    problem = synthetic.problem(seed=1, devices=("large",))
    history = run("random", problem, 24)

    proposals = [sampler("nsga3", population=8).propose(problem, history, number) for number in range(24, 30)]

    inherited = [
        max(sum(trial.parameters.get(name) == value for name, value in child.items()) for trial in history)
        for child in proposals
    ]
    drawn = [
        max(sum(trial.parameters.get(name) == value for name, value in other.parameters.items()) for trial in history)
        for other in run("random", problem, 30)[24:]
    ]
    assert sum(inherited) > sum(drawn)


class Small:
    """Six candidates: one choice leads to a further one."""

    def sample(self, suggest):
        if suggest.choice("deep", [False, True]):
            suggest.integer("depth", 1, 100, log=True)
        else:
            suggest.choice("width", ["narrow", "wide"])


def test_a_grid_goes_through_all_candidates_once_and_begins_again(problem):
    small = replace(problem, space=Small())
    grid = sampler("grid", levels=4)

    proposals = [grid.propose(small, [], number) for number in range(12)]

    assert len({repr(chosen) for chosen in proposals[:6]}) == 6
    assert proposals[6:] == proposals[:6]
    assert sorted(chosen["depth"] for chosen in proposals[:6] if chosen["deep"]) == [1, 5, 22, 100]


def test_a_low_discrepancy_sequence_fills_the_space_more_evenly_than_chance(problem):
    def most_frequent_window(name):
        windows = [trial.parameters["window_ms"] for trial in run(name, problem, 66)]
        return max(windows.count(window) for window in windows)

    assert most_frequent_window("qmc") <= 7  # 66 trials, 11 windows
    assert most_frequent_window("random") > 7


def test_the_default_sampler_is_one_of_them():
    assert sampler() == sampler(DEFAULT)


def test_an_unknown_sampler_is_named_with_the_nearest():
    with pytest.raises(ConfigError, match=r"no sampler 'tpee'. Hint: did you mean 'tpe'"):
        sampler("tpee")


def test_an_unknown_option_is_named_with_the_nearest():
    with pytest.raises(ConfigError, match=r"'tpe' has no option 'start_up'. Hint: did you mean 'startup'"):
        sampler("tpe", start_up=5)


def test_an_option_of_another_type_is_refused():
    with pytest.raises(ConfigError, match=r"'startup' of sampler 'tpe' is '5', expected a value like 10"):
        sampler("tpe", startup="5")


class OneCandidate:
    def __init__(self, space):
        self._candidate = space.sample(RandomSuggest(np.random.default_rng(0)))

    def sample(self, suggest):
        suggest.choice("only", [True])
        return self._candidate


def _least(trial):
    by_device = {}
    for name, excess in trial.cost.constraints.items():
        device = name.partition("/")[0]
        by_device[device] = max(excess, by_device.get(device, excess))
    return min(by_device.values())


def test_the_surrogate_makes_use_of_what_earlier_searches_learnt():
    earlier = run("random", synthetic.problem(seed=9), 60)
    # There everything is half as hard.
    known = tuple(Prior("earlier", trial.parameters, trial.error / 2) for trial in earlier if trial.state == "complete")

    reached, without = [], []
    for seed in range(3):
        problem = synthetic.problem(seed=seed, devices=("large",))
        without.append(hypervolume_history(run("surrogate", problem, 8), problem)[-1])
        warm = replace(problem, prior=known)
        reached.append(hypervolume_history(run("surrogate", warm, 8), warm)[-1])

    assert sum(reached) > sum(without)
