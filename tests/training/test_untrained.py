"""What is promised before training holds after it, for networks of every family."""

import pytest

from tests.models.test_lowering_against_tensorflow import PARAMETERS, random_networks
from tests.training.networks import examples, training
from tuner.candidate import Settings
from tuner.tflite.read import read_graph
from tuner.tflm import Tflm
from tuner.training import Examples
from tuner.training.convert import convert, convert_untrained
from tuner.training.fit import fit

OTHER_TRUTH = {"autoencoder", "boxes", "centroids"}
"""Families that learn no classes of whole examples; their graphs are held to the converter's with all others."""


@pytest.mark.parametrize("family", [name for name in PARAMETERS if name not in OTHER_TRUTH])
def test_the_arena_and_size_of_a_trained_model_are_those_of_the_untrained_one(family):
    network = next(random_networks(family, 1, Settings("int8")))
    data = examples(network, 24)
    data = Examples(data.features, data.truth % 2)  # some of the networks have two classes only
    trained = fit(network, training(1), data, data, seed=0)

    model = convert(trained, Settings("int8"), data.features)
    untrained = convert_untrained(network, Settings("int8"), seed=1)

    assert read_graph(model) == read_graph(untrained)
    with Tflm() as tflm:
        assert tflm.arena(model) == tflm.arena(untrained)
