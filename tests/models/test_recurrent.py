import pytest

from tuner.candidate import Settings
from tuner.errors import BuildError
from tuner.models import build
from tuner.models.lowering import lower
from tuner.models.network import LSTM, Conv1D, Dense, Dropout, sequence


def test_layers_but_the_last_give_every_step():
    network = build(Settings.of("lstm", layers=2, units=8, filters=4, dropout=0.2), (50, 6), 3)

    assert [node.layer for node in network.nodes] == [
        Conv1D(4, 5, 2, activation="relu"),
        LSTM(8, sequence=True),
        LSTM(8),
        Dropout(0.2),
        Dense(3, "softmax"),
    ]


def test_a_layer_is_one_operator_with_a_state():
    graph = lower(sequence((20, 3), [LSTM(8), Dense(2, "softmax")]), Settings("int8"))

    assert [operator.kind for operator in graph.operators] == [
        "RESHAPE",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "STRIDED_SLICE",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]
    assert [(tensor.shape, tensor.dtype) for tensor in graph.tensors if tensor.variable] == [
        ((1, 8), "int8"),
        ((1, 8), "int16"),
    ]


def test_one_after_the_other_needs_no_reshape_in_between():
    graph = lower(sequence((20, 3), [LSTM(8, sequence=True), LSTM(4), Dense(2, "softmax")]), Settings("int8"))

    assert [operator.kind for operator in graph.operators].count("RESHAPE") == 1


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("int16x8", r"layer 'lstm_0': an LSTM does not exist in 16 bits \(int16x8\)"),
        ("int8-qat", r"layer 'lstm_0': quantization-aware training \(int8-qat\) does not know what an LSTM rounds"),
    ],
)
def test_forms_that_it_cannot_have_are_refused_by_name(form: str, message: str):
    with pytest.raises(BuildError, match=message):
        lower(sequence((20, 3), [LSTM(8), Dense(2, "softmax")]), Settings(form))


def test_flat_features_are_refused():
    with pytest.raises(BuildError, match="lstm needs features of two dimensions"):
        build(Settings("lstm"), (20,), 3)


def test_it_can_be_written_by_hand():
    layers = (
        ("layers.0.type", "lstm"),
        ("layers.0.units", 7),
        ("layers.0.sequence", True),
        ("layers.1.type", "global_average_pool"),
    )

    network = build(Settings("layers", layers), (20, 3), 2)

    assert network.nodes[0].layer == LSTM(7, sequence=True)
