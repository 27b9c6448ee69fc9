"""Errors, candidates, estimates, metrics: the values everything else is made of."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from tuner import errors
from tuner.candidate import Block, Candidate, Settings, Training, Window
from tuner.devices.macs import graph_macs
from tuner.estimate import Breakdown, Estimate, Method, Part, Unit
from tuner.graph import Graph, Operator, Tensor
from tuner.metrics import classification_score

scalars = st.text(max_size=5) | st.integers(-1000, 1000) | st.booleans() | st.floats(-1e6, 1e6)
settings = st.builds(
    lambda kind, parameters: Settings(kind, tuple(parameters.items())),
    st.sampled_from(["dense", "raw", "adam"]),
    st.dictionaries(st.text(min_size=1, max_size=5).filter(lambda name: name != "type"), scalars, max_size=3),
)
candidates = st.builds(
    Candidate,
    window=st.builds(Window, st.floats(1, 1e5), st.floats(1, 1e5), st.none() | st.floats(1, 1e5), st.booleans()),
    preprocessing=st.lists(st.builds(Block, settings, st.just(("x",))), min_size=1, max_size=2).map(tuple),
    architecture=settings,
    training=st.builds(
        Training,
        optimizer=settings,
        batch_size=st.just(16),
        epochs=st.just(3),
        patience=st.just(2),
        loss=settings,
        augmentation=st.just(Settings("none")) | settings,
    ),
    compression=settings,
)


@given(candidates)
def test_a_candidate_reads_back_equal_with_an_equal_id(candidate: Candidate) -> None:
    again = Candidate.from_json(candidate.to_json())

    assert again == candidate
    assert again.id == candidate.id


def test_equal_candidates_have_equal_ids_whatever_type_their_numbers_have() -> None:
    def candidate(size_ms: float) -> Candidate:
        optimizer = Settings.of("adam", learning_rate=1)
        return Candidate(
            Window(size_ms, 500), (Block(Settings("raw")),), Settings("dense"), Training(optimizer, 16, 3, 2),
            Settings("int8"),
        )  # fmt: skip

    assert candidate(1000).id == candidate(1000.0).id
    assert candidate(1000).id != candidate(1001).id


def test_candidates_from_before_augmentation_read_as_ones_without_and_keep_their_id() -> None:
    plain = Candidate(
        Window(1000, 500), (Block(Settings("raw")),), Settings("dense"), Training(Settings("adam"), 16, 3, 2),
        Settings("int8"),
    )  # fmt: skip

    written = plain.to_json()

    assert "augmentation" not in written["training"]
    assert Candidate.from_json(written).training.augmentation == Settings("none")
    assert plain.id == "f91f16711f0d"


def test_settings_are_equal_in_any_order() -> None:
    assert Settings.of("dense", a=1, b=2) == Settings.of("dense", b=2, a=1)
    assert Settings.of("dense", a=1)["a"] == 1
    with pytest.raises(KeyError):
        Settings.of("dense", a=1)["b"]


@pytest.mark.parametrize("kind", [errors.InputError, errors.BuildError, errors.StoreError, errors.TrialTimeoutError])
def test_errors_keep_their_hint_across_processes(kind: type[errors.TunerError]) -> None:
    error = pickle.loads(pickle.dumps(kind("it is wrong", hint="mend it")))

    assert (type(error), error.message, error.hint) == (kind, "it is wrong", "mend it")
    assert str(error) == "it is wrong. Hint: mend it"


@pytest.mark.parametrize(("value", "low", "high"), [(float("nan"), 0, 1), (1, 2, 3), (1, 0, float("inf"))])
def test_a_figure_that_is_no_number_or_outside_its_interval_is_refused(value: float, low: float, high: float) -> None:
    with pytest.raises(ValueError, match="an estimate must"):
        Estimate(value, low, high, Unit.BYTES, Method.PREDICTED, "a test")


def test_a_total_is_as_trusted_as_its_least_trusted_part() -> None:
    exact = Estimate.exact(10, Unit.BYTES, Method.CONVERTED, "the file")
    guessed = Estimate.within(20, 0.5, Unit.BYTES, Method.PREDICTED, "a model")

    total = Breakdown((Part("model", exact), Part("code", guessed))).total

    assert (total.value, total.high, total.method) == (30, 40, Method.PREDICTED)
    assert total.low == pytest.approx(10 + 20 / 1.5)
    assert total.source == "the file; a model"


def test_parts_of_different_units_do_not_add_up() -> None:
    first = Part("a", Estimate.exact(1, Unit.BYTES, Method.PREDICTED, ""))
    second = Part("b", Estimate.exact(1, Unit.MILLISECONDS, Method.PREDICTED, ""))

    with pytest.raises(ValueError, match="one unit"):
        Breakdown((first, second))


@given(st.integers(1, 60), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_scores_agree_with_scikit_learn(count: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, count)
    probabilities = rng.dirichlet(np.ones(classes), count).astype(np.float32)
    labels = tuple("abcde"[:classes])

    score = classification_score(probabilities, truth, labels)

    predicted = probabilities.argmax(axis=1)
    known = range(classes)
    assert score.accuracy == pytest.approx(sklearn_metrics.accuracy_score(truth, predicted))
    assert score.confusion == tuple(
        tuple(row) for row in sklearn_metrics.confusion_matrix(truth, predicted, labels=known)
    )
    expected = sklearn_metrics.f1_score(truth, predicted, labels=known, average=None, zero_division=0)
    assert [part.f1 for part in score.classes] == pytest.approx(list(expected))
    assert score.macro_f1 == pytest.approx(expected.mean())


def test_no_examples_have_no_score() -> None:
    with pytest.raises(ValueError, match="no examples"):
        classification_score(np.zeros((0, 2), np.float32), np.zeros(0, np.int64), ("a", "b"))


def test_macs_are_counted_per_output() -> None:
    tensors = (
        Tensor((1, 8, 8, 4), "int8"),
        Tensor((16, 3, 3, 4), "int8", constant=True),
        Tensor((1, 8, 8, 16), "int8"),
        Tensor((1, 3, 3, 16), "int8", constant=True),
        Tensor((1, 8, 8, 16), "int8"),
    )
    operators = (Operator("CONV_2D", (0, 1), (2,)), Operator("DEPTHWISE_CONV_2D", (2, 3), (4,)))

    graph = Graph(tensors, operators, (0,), (4,), 0)

    assert graph_macs(graph) == 8 * 8 * 16 * 3 * 3 * 4 + 8 * 8 * 16 * 3 * 3
