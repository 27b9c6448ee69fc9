import struct

import numpy as np
import pytest

from tuner.candidate import Settings
from tuner.errors import EvaluationError
from tuner.models.network import Conv2D, Dense, Flatten, sequence
from tuner.tflm import ArenaReport, Tflm
from tuner.training import Trained
from tuner.training.convert import convert, convert_untrained
from tuner.training.weights import random_weights

NETWORK = sequence((6, 5, 1), [Conv2D(4, (3, 3), activation="relu"), Flatten(), Dense(3, "softmax")])
FEATURES = np.random.default_rng(0).normal(size=(130, 6, 5, 1)).astype(np.float32)


def _converted(compression: str) -> bytes:
    made = Trained(NETWORK, random_weights(NETWORK, seed=0), history=(), best_epoch=0, seconds=0.0)
    return convert(made, Settings(compression), FEATURES)


@pytest.fixture(scope="module")
def int8() -> bytes:
    return _converted("int8")


@pytest.fixture(scope="module")
def float32() -> bytes:
    return _converted("float32")


@pytest.fixture
def tflm():
    with Tflm() as interpreter:
        yield interpreter


def test_the_arena_is_what_the_interpreter_allocates(tflm, int8, float32):
    reports = tflm.arena(int8), tflm.arena(float32)

    assert all(isinstance(report, ArenaReport) for report in reports)
    assert all(report.head + report.tail == report.total for report in reports)
    assert reports[0].head < reports[1].head


def test_real_numbers_are_quantized_and_turned_back(tflm, int8, float32):
    exact, quantized = tflm.predict(float32, FEATURES), tflm.predict(int8, FEATURES)

    assert exact.shape == quantized.shape == (130, 3)
    assert exact.dtype == quantized.dtype == np.float32
    np.testing.assert_allclose(quantized, exact, atol=0.1)
    np.testing.assert_allclose(exact.sum(axis=1), 1, atol=1e-5)


def test_integers_come_back_as_the_model_wrote_them(tflm, int8):
    stored = np.random.default_rng(0).integers(-128, 128, (5, 6, 5, 1), dtype=np.int8)

    outputs = tflm.predict(int8, stored)

    assert outputs.dtype == np.int8
    np.testing.assert_allclose(outputs.astype(int).sum(axis=1), 256 - 3 * 128, atol=2)


def test_no_inputs_give_no_outputs(tflm, int8):
    assert tflm.predict(int8, FEATURES[:0]).shape == (0, 3)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((2, 6, 4, 1), np.float32), r"takes inputs of shape \[6, 5, 1\], not \[6, 4, 1\]"),
        (np.zeros((2, 6, 5, 1), np.int16), "takes int8, not int16"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(tflm, int8, inputs, message):
    with pytest.raises(EvaluationError, match=message):
        tflm.predict(int8, inputs)


def test_what_is_no_model_is_refused_and_the_next_one_works(tflm, int8):
    with pytest.raises(EvaluationError, match="the interpreter refused the model"):
        tflm.arena(b"no model at all" * 100)

    assert tflm.arena(int8).total > 0


def test_a_model_that_kills_the_interpreter_is_reported_and_the_next_one_works(tflm, int8):
    with pytest.raises(EvaluationError, match="the interpreter's process ended with SIGABRT"):
        tflm.predict(_killing(int8), FEATURES[:1])

    assert tflm.predict(int8, FEATURES).shape == (130, 3)


def test_a_request_that_takes_too_long_is_given_up_and_the_next_one_works(int8):
    heavy = convert_untrained(
        sequence((64, 64, 16), [Conv2D(64, (7, 7)), Flatten(), Dense(2)]), Settings("int8"), seed=0
    )

    with Tflm(timeout_s=3) as tflm:
        with pytest.raises(EvaluationError, match=r"did not answer within 3 s"):
            tflm.predict(heavy, np.zeros((64, 64, 64, 16), np.float32))

        assert tflm.arena(int8).total > 0


def test_it_can_be_used_again_after_closing(int8):
    tflm = Tflm()
    first = tflm.arena(int8)
    tflm.close()

    with tflm:
        assert tflm.arena(int8) == first


def _killing(model: bytes) -> bytes:
    """A softmax whose beta is 0 instead of 1: its scale has no logarithm, which the interpreter asserts."""
    one, zero = struct.pack("<f", 1.0), struct.pack("<f", 0.0)
    assert model.count(one) == 1
    return model.replace(one, zero)
