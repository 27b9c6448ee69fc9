import pickle
import time

import numpy as np
import pytest

from tests.training.networks import CLASSES, CONV1D, CONV2D, MLP, NETWORKS, examples, training
from tuner.candidate import Settings
from tuner.errors import BuildError, ConfigError, TrainingError, TrialTimeoutError
from tuner.models.network import Conv2D, Dense, Dropout, sequence
from tuner.training import Examples
from tuner.training.fit import fit
from tuner.training.layers import Pass, forward
from tuner.training.predict import predict_float
from tuner.training.runtime import tf

OPTIMIZERS = (
    Settings.of("adam", learning_rate=0.01),
    Settings.of("adamw", learning_rate=0.01, weight_decay=0.01),
    Settings.of("sgd", learning_rate=0.05),
    Settings.of("sgd", learning_rate=0.05, momentum=0.9, nesterov=True),
    Settings.of("rmsprop", learning_rate=0.005),
    Settings.of("adagrad", learning_rate=0.1),
    Settings.of("gradient_descent", learning_rate=0.5),
)


def _same(one, other) -> bool:
    return one.weights.keys() == other.weights.keys() and all(
        np.array_equal(one.weights[name], other.weights[name]) for name in one.weights
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_network_learns(name):
    network = NETWORKS[name]

    trained = fit(network, training(), examples(network), examples(network, 60, seed=1), seed=0)

    assert trained.history[trained.best_epoch - 1].val_measure > 0.8


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda settings: settings.type)
def test_every_optimizer_learns(optimizer):
    trained = fit(MLP, training(25, optimizer), examples(MLP), examples(MLP, 60, seed=1), seed=0)

    assert trained.history[trained.best_epoch - 1].val_measure > 0.8


def test_a_seed_decides_the_weights_to_the_bit():
    data, validation = examples(CONV2D), examples(CONV2D, 60, seed=1)

    first = fit(CONV2D, training(2), data, validation, seed=3)
    other_seed = fit(CONV2D, training(2), data, validation, seed=4)
    again = fit(CONV2D, training(2), data, validation, seed=3)

    assert _same(first, again)
    assert not _same(first, other_seed)
    assert [epoch.val_loss for epoch in first.history] == [epoch.val_loss for epoch in again.history]


def test_a_trial_in_between_leaves_no_trace():
    data, validation = examples(MLP), examples(MLP, 60, seed=1)

    first = fit(MLP, training(2), data, validation, seed=0)
    fit(CONV1D, training(1), examples(CONV1D), examples(CONV1D, 30, seed=1), seed=0)
    fit(MLP, training(3, Settings.of("adam", learning_rate=1.0)), data, validation, seed=5)
    again = fit(MLP, training(2), data, validation, seed=0)

    assert _same(first, again)


def test_the_best_epoch_is_kept_and_training_ends_when_patience_does():
    data = examples(MLP, 40, noise=3.0)
    validation = examples(MLP, 60, seed=1, noise=3.0)

    trained = fit(MLP, training(200, patience=3), data, validation, seed=0)

    losses = [epoch.val_loss for epoch in trained.history]
    assert trained.best_epoch == int(np.argmin(losses)) + 1
    assert len(losses) == trained.best_epoch + 3 < 200
    predicted = predict_float(trained, validation.features)
    kept = -np.log(predicted[np.arange(len(validation)), validation.truth]).mean()
    assert kept == pytest.approx(min(losses), rel=1e-4)


def test_class_weights_bring_a_rare_class_back():
    generator = np.random.default_rng(0)
    truth = (generator.random(400) < 0.05).astype(np.int64)
    features = (truth[:, None] * 0.7 + generator.normal(size=(400, 8))).astype(np.float32)
    data = Examples(features, truth)

    def share_predicted(class_weights: bool) -> float:
        trained = fit(MLP, training(8, class_weights=class_weights), data, data, seed=0)
        return float((predict_float(trained, features).argmax(axis=1) == 1).mean())

    assert share_predicted(class_weights=True) > 2 * share_predicted(class_weights=False)


def test_each_epoch_is_told_as_it_ends():
    told = []

    trained = fit(MLP, training(4), examples(MLP), examples(MLP, 60, seed=1), seed=0, on_epoch=told.append)

    assert tuple(told) == trained.history
    assert [epoch.number for epoch in told] == [1, 2, 3, 4]


def test_training_that_diverges_says_so_and_what_to_do():
    wild = training(5, Settings.of("sgd", learning_rate=1e30))

    with pytest.raises(TrainingError, match=r"diverged: .* in epoch 1\. Hint: a lower learning rate"):
        fit(MLP, wild, examples(MLP), examples(MLP, 60, seed=1), seed=0)


def test_training_ends_at_the_deadline():
    with pytest.raises(TrialTimeoutError, match="in epoch 1 "):
        fit(MLP, training(3), examples(MLP), examples(MLP), seed=0, deadline=time.monotonic() - 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": Settings.of("adan")}, "no optimizer is called 'adan'. Hint: did you mean 'adam'?"),
        ({"optimizer": Settings.of("adam", rate=1.0)}, "optimizer 'adam' has no parameter 'rate'"),
        ({"optimizer": Settings.of("adam", learning_rate=-1.0)}, "learning_rate is -1.0, expected more than 0"),
        ({"optimizer": Settings.of("sgd", nesterov="yes")}, "'nesterov' is 'yes', expected bool"),
        ({"optimizer": Settings.of("sgd", schedule="cosin")}, "Hint: did you mean 'cosine'?"),
        ({"loss": Settings.of("focus")}, "no loss is called 'focus'. Hint: did you mean 'focal'?"),
    ],
)
def test_settings_that_do_not_exist_are_refused_with_a_hint(changes, message):
    with pytest.raises(ConfigError) as refusal:
        fit(MLP, training(**changes), examples(MLP), examples(MLP), seed=0)

    assert message in str(refusal.value)


def test_a_layer_that_does_not_fit_is_named():
    network = sequence((8,), [Dense(4), Conv2D(4, (3, 3)), Dense(CLASSES, "softmax")])

    with pytest.raises(BuildError, match=r"layer 'conv2d_1': .* needs height × width × channels"):
        fit(network, training(), examples(network), examples(network), seed=0)


def test_nothing_to_validate_on_is_refused():
    with pytest.raises(TrainingError, match="0 to validate on"):
        fit(MLP, training(), examples(MLP), examples(MLP, 0), seed=0)


def test_fewer_examples_than_a_batch_still_train():
    trained = fit(MLP, training(2, batch_size=64), examples(MLP, 10), examples(MLP, 10), seed=0)

    assert len(trained.history) == 2


@pytest.mark.parametrize("loss", [Settings.of("cross_entropy", label_smoothing=0.1), Settings.of("focal", gamma=2.0)])
def test_other_losses_learn_too(loss):
    trained = fit(MLP, training(15, loss=loss), examples(MLP), examples(MLP, 60, seed=1), seed=0)

    assert trained.history[-1].val_measure > 0.8


def test_what_was_trained_pickles():
    trained = fit(MLP, training(1), examples(MLP), examples(MLP), seed=0)

    copy = pickle.loads(pickle.dumps(trained))

    assert _same(copy, trained)
    assert (copy.network, copy.history, copy.best_epoch) == (trained.network, trained.history, trained.best_epoch)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.999])
def test_dropout_drops_its_share_and_keeps_the_mean(rate):
    x = tf.ones((64, 50, 7))
    network = sequence((50, 7), [Dropout(rate)])

    (dropped, again, other) = (
        forward(network, x[:, tf.newaxis], Pass(lambda *_: None, training=True, seed=seed)).numpy()
        for seed in (1, 1, 2)
    )

    assert (dropped == 0).mean() == pytest.approx(rate, abs=0.01)
    assert dropped.mean() == pytest.approx(1, abs=0.2 if rate > 0.9 else 0.02)
    assert np.array_equal(dropped, again)
    assert not np.array_equal(dropped, other)


def test_training_goes_on_from_given_weights():
    data, validation = examples(MLP), examples(MLP, 60, seed=1)
    first = fit(MLP, training(5), data, validation, seed=0)

    more = fit(MLP, training(5), data, validation, seed=1, start=first.weights)

    least = min(epoch.val_loss for epoch in first.history)
    assert more.history[0].val_loss < first.history[0].val_loss
    assert more.best_epoch == 0 or more.history[more.best_epoch - 1].val_loss < least


def test_labels_that_the_network_has_no_output_for_fail_the_stage():
    data = examples(MLP)
    wrong = Examples(data.features, data.truth + CLASSES)

    with pytest.raises(TrainingError, match="training raised"):
        fit(MLP, training(1), wrong, data, seed=0)


def test_a_training_in_parts_goes_on_with_order_and_schedule():
    data, validation = examples(MLP), examples(MLP, 60, seed=1)
    # Plain gradient descent has no memory that a pause could lose.
    chosen = training(6, Settings.of("sgd", learning_rate=0.01, schedule="cosine"))

    whole = fit(MLP, chosen, data, validation, seed=3)
    first = fit(MLP, chosen, data, validation, seed=3, until=2)
    rest = fit(MLP, chosen, data, validation, seed=3, start=first.weights, after=2)

    assert [epoch.number for epoch in first.history] == [1, 2]
    assert [epoch.number for epoch in rest.history] == [3, 4, 5, 6]
    assert first.best_epoch == 2
    assert _same(whole, rest)


def test_a_further_part_that_improves_nothing_keeps_the_weights_it_began_with():
    data, validation = examples(MLP), examples(MLP, 60, seed=1)
    wild = training(4, Settings.of("sgd", learning_rate=0.05))
    start = fit(MLP, wild, data, validation, seed=3).weights

    further = fit(
        MLP, training(4, Settings.of("sgd", learning_rate=3.0)), data, validation, seed=3, start=start, after=3
    )

    assert further.best_epoch == 3
    assert all(np.array_equal(further.weights[name], start[name]) for name in start)
