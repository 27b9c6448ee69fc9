import numpy as np

from tests.training.networks import MLP, examples
from tuner.candidate import Settings
from tuner.tflite.stored import stored_weights
from tuner.training import Trained
from tuner.training.convert import convert
from tuner.training.weights import random_weights


def _model(form: str, change) -> bytes:
    weights = {name: change(values) for name, values in random_weights(MLP, 0).items()}
    return convert(Trained(MLP, weights, (), 0, 0.0), Settings(form), examples(MLP, 20).features)


def _pruned(values):
    return np.where(np.abs(values) < np.quantile(np.abs(values), 0.5), np.float32(0), values)


def test_zeros_are_counted_in_floats_and_integers():
    for form in ("float32", "int8", "int16x8"):
        assert stored_weights(_model(form, _pruned), {}).zeros > 0.49
        assert stored_weights(_model(form, lambda values: values), {}).zeros < 0.1


def test_the_file_deflates_better_with_zeros_though_it_is_as_large():
    dense, sparse = _model("int8", lambda values: values), _model("int8", _pruned)

    assert len(dense) == len(sparse)
    assert stored_weights(sparse, {}).deflated_bytes < 0.95 * stored_weights(dense, {}).deflated_bytes


def test_values_are_those_of_the_most_varied_kernel():
    assert stored_weights(_model("float32", np.sign), {"clusters": ("a",)}).values <= 3
