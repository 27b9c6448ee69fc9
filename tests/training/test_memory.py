import psutil

from tests.training.networks import CLASSES, examples, training
from tuner.candidate import Settings
from tuner.models.network import Activate, BatchNorm, Conv1D, Dense, Flatten, sequence
from tuner.training.convert import convert
from tuner.training.fit import fit
from tuner.training.predict import predict_converted, predict_float

TRIALS = 12
GROWTH_BYTES = 4 << 20
"""Per trial, of which about 1.5 MiB is oneDNN's bounded cache of compiled kernels; a leaked trial is far more."""


def _trial(width: int) -> None:
    layers = [Conv1D(width, 5), BatchNorm(), Activate("relu"), Flatten(), Dense(CLASSES, "softmax")]
    network = sequence((40, 6), layers)
    data = examples(network)
    trained = fit(network, training(1), data, data, seed=0)
    model = convert(trained, Settings("int8"), data.features)
    predict_converted(model, data.features)
    predict_float(trained, data.features)


def test_memory_stays_level_over_trials_of_different_networks():
    for width in range(4, 9):
        _trial(width)
    before = psutil.Process().memory_info().rss

    for width in range(9, 9 + TRIALS):
        _trial(width)

    assert (psutil.Process().memory_info().rss - before) / TRIALS < GROWTH_BYTES
