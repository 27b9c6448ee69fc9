import numpy as np
import pytest

from tests.training.networks import CONV1D, CONV2D, examples, training
from tuner.compression import Int8Aware
from tuner.training import Trained
from tuner.training.clustering import centroids, cluster, spaced
from tuner.training.constraint import Fixed, preserving
from tuner.training.fit import fit
from tuner.training.folding import fold
from tuner.training.quantize_aware import quantize_aware
from tuner.training.weights import random_weights


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("clusters", [2, 5, 16])
def test_values_begin_where_those_of_tensorflow_model_optimization_do(clusters, sparse):
    from tuner.training.runtime import quiet

    with quiet():
        from tensorflow_model_optimization.python.core.clustering.keras import clustering_centroids
    kernel = random_weights(CONV2D, 0)["conv2d_7/kernel"]
    kernel = np.where(np.abs(kernel) < 0.1, np.float32(0), kernel) if sparse else kernel

    theirs = clustering_centroids.LinearCentroidsInitialisation(kernel, clusters, preserve_sparsity=sparse)

    np.testing.assert_allclose(spaced(kernel, clusters, sparse=sparse), theirs.get_cluster_centroids(), atol=1e-6)


def test_values_move_to_where_the_error_is_least():
    kernel = random_weights(CONV2D, 0)["conv2d_7/kernel"]

    def error(values):
        return np.square(kernel[..., np.newaxis] - values).min(axis=-1).mean()

    assert error(centroids(kernel, 8, sparse=False)) <= error(spaced(kernel, 8, sparse=False))


@pytest.mark.parametrize("sparse", [False, True])
def test_a_kernel_takes_few_values_and_training_keeps_them_few(sparse):
    data, validation = examples(CONV1D, 60), examples(CONV1D, 30, seed=1)
    start, held = cluster(CONV1D, random_weights(CONV1D, 0), 6, sparse=sparse)

    trained = fit(CONV1D, training(3), data, validation, seed=0, start=start, constraint=Fixed(held))

    assert trained.best_epoch > 0
    for name in held.ties:
        values = np.unique(trained.weights[name])
        assert len(values) <= 6
        assert not np.array_equal(values, np.unique(start[name]))
        if sparse:
            np.testing.assert_array_equal(trained.weights[name] == 0, start[name] == 0)


def test_quantization_aware_training_keeps_zeros_and_equal_weights():
    data, validation = examples(CONV2D, 60), examples(CONV2D, 30, seed=1)
    start, _ = cluster(CONV2D, random_weights(CONV2D, 0), 5, sparse=True)
    form = Int8Aware(sparsity=0.1, clusters=5, epochs=3)

    aware = quantize_aware(Trained(CONV2D, start, (), 0, 0.0), training(3), data, validation, form=form, seed=0)

    network, folded = fold(CONV2D, start)
    before = preserving(network, folded, sparse=True, clustered=True)
    after = preserving(network, aware.weights, sparse=True, clustered=True)
    assert not np.array_equal(aware.weights["conv2d_0/kernel"], folded["conv2d_0/kernel"])
    for name, ties in before.ties.items():
        np.testing.assert_array_equal(after.masks[name], before.masks[name])
        for number in np.unique(ties):
            assert len(np.unique(aware.weights[name][ties == number])) == 1
