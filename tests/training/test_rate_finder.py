import numpy as np
import pytest

from tests.training.networks import MLP, examples, training
from tuner.candidate import Settings
from tuner.errors import TrainingError
from tuner.models.network import Dense, sequence
from tuner.training import Examples
from tuner.training.fit import fit
from tuner.training.rate_finder import range_test, with_rate

AUTO = Settings.of("adam", learning_rate="auto", beta_1=0.8)


def test_the_rate_lies_below_the_one_at_which_the_loss_is_least() -> None:
    found = range_test(MLP, training(1), examples(MLP), seed=0)

    assert found.rate == pytest.approx(0.1 * found.rates[found.losses.argmin()])
    assert (np.diff(found.rates) > 0).all()
    assert len(found.rates) == len(found.losses) <= 100


def test_it_takes_the_place_of_auto_and_leaves_the_rest() -> None:
    resolved = with_rate(MLP, training(5, AUTO), examples(MLP), seed=0)

    assert resolved.optimizer["beta_1"] == 0.8
    assert 1e-4 < float(resolved.optimizer["learning_rate"]) < 0.1
    assert resolved.epochs == 5


def test_a_rate_that_is_given_stays() -> None:
    given = training(5)

    assert with_rate(MLP, given, examples(MLP), seed=0) is given


def test_the_same_seed_finds_the_same_rate() -> None:
    first, second = (range_test(MLP, training(1), examples(MLP), seed=3) for _ in range(2))

    assert first.rate == second.rate
    np.testing.assert_array_equal(first.losses, second.losses)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_a_network_learns_at_the_rate_found(optimizer: str) -> None:
    data, validation = examples(MLP), examples(MLP, 60, seed=1)
    found = with_rate(MLP, training(15, Settings.of(optimizer, learning_rate="auto")), data, seed=0)

    trained = fit(MLP, found, data, validation, seed=0)

    assert trained.history[trained.best_epoch - 1].val_measure > 0.8


def test_data_on_which_no_rate_works_are_an_error_of_the_trial() -> None:
    broken = Examples(np.full((20, 8), np.nan, np.float32), np.zeros(20, np.int64))

    with pytest.raises(TrainingError, match="no learning rate was found"):
        range_test(sequence((8,), [Dense(3, "softmax")]), training(1), broken, seed=0)
