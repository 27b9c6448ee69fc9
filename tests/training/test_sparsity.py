import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.training.networks import CONV2D, examples, training
from tuner.candidate import Settings
from tuner.training.fit import fit
from tuner.training.sparsity import Pruning, magnitude_mask, scheduled_sparsity
from tuner.training.weights import random_weights


@pytest.fixture(scope="module")
def tfmot():
    from tuner.training.runtime import quiet

    with quiet():
        import tensorflow_model_optimization
        from tensorflow_model_optimization.python.core.sparsity.keras import pruning_impl

    return tensorflow_model_optimization, pruning_impl


@pytest.mark.parametrize("sparsity", [0.1, 0.5, 0.77, 0.9, 0.999])
def test_masks_are_those_of_tensorflow_model_optimization(tfmot, sparsity):
    package, implementation = tfmot
    schedule = package.sparsity.keras.ConstantSparsity(sparsity, begin_step=0)
    theirs = implementation.Pruning(lambda: 0, [], schedule, (1, 1), "AVG")

    for name, weights in random_weights(CONV2D, 0).items():
        if name.endswith("kernel"):
            expected = theirs._update_mask(weights)[1].numpy().astype(bool)

            np.testing.assert_array_equal(magnitude_mask(weights, sparsity), expected)


def test_the_schedule_is_that_of_tensorflow_model_optimization(tfmot):
    package, _ = tfmot
    schedule = package.sparsity.keras.PolynomialDecay(0.0, 0.8, begin_step=0, end_step=7)

    ours = [scheduled_sparsity(epoch, 7, 0.8) for epoch in range(1, 8)]

    np.testing.assert_allclose(ours, [float(schedule(np.int64(epoch))[1]) for epoch in range(1, 8)], atol=1e-6)


@given(
    arrays.arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(-4, 4, width=32)),
    st.floats(0, 0.99),
)
def test_what_goes_is_never_greater_than_what_stays(kernel, sparsity):
    mask = magnitude_mask(kernel, sparsity)

    assert mask.any()
    assert np.abs(kernel[~mask]).max(initial=0) <= np.abs(kernel[mask]).min()
    assert (~mask).sum() <= round(sparsity * kernel.size + 0.5)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "adagrad", "sgd"])
def test_zeros_stay_zero_whatever_the_optimizer(optimizer):
    data, validation = examples(CONV2D, 60), examples(CONV2D, 30, seed=1)
    start = fit(CONV2D, training(1), data, validation, seed=0).weights
    further = training(4, Settings.of(optimizer, learning_rate=0.01))

    pruned = fit(CONV2D, further, data, validation, seed=0, start=start, constraint=Pruning(CONV2D, 0.75, 4))

    for name in ("conv2d_0/kernel", "conv2d_7/kernel", "dense_9/kernel"):
        assert np.mean(pruned.weights[name] == 0) == pytest.approx(0.75, abs=0.03)
        assert not np.array_equal(pruned.weights[name], start[name] * (pruned.weights[name] != 0))
    assert (pruned.weights["depthwiseconv2d_3/kernel"] != 0).all()
    assert pruned.best_epoch >= 2
