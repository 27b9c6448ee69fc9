import pytest

from tuner.candidate import Settings
from tuner.errors import BuildError, ConfigError
from tuner.graph import Graph, Tensor
from tuner.models import build
from tuner.models.lowering import lower
from tuner.models.network import (
    Activate,
    Add,
    BatchNorm,
    Concatenate,
    Conv1D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    Network,
    Node,
    Pool1D,
    Reshape,
    sequence,
)

INT8 = Settings("int8")
FLOAT32 = Settings("float32")


def _kinds(graph: Graph) -> list[str]:
    return [operator.kind for operator in graph.operators]


def test_batch_normalization_relu_and_dropout_leave_no_operator_behind() -> None:
    layers = [Conv1D(8, 3), BatchNorm(), Activate("relu"), Dropout(0.2), Flatten(), Dense(3, "softmax")]

    graph = lower(sequence((20, 3), layers), INT8)

    assert _kinds(graph) == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
    assert graph.operators[0].options["fused_activation_function"] == "RELU"


def test_int8_weights_have_a_scale_per_output_channel_and_biases_are_32_bit() -> None:
    graph = lower(sequence((20, 3), [Conv1D(8, 5), Flatten(), Dense(3)]), INT8)

    _, weights, bias = graph.operators[0].inputs
    assert graph.tensors[weights] == Tensor((8, 1, 5, 3), "int8", constant=True, scales=8)
    assert graph.tensors[bias] == Tensor((8,), "int32", constant=True, scales=8)


def test_a_relu_whose_input_is_read_elsewhere_stays_an_operator() -> None:
    nodes = (
        Node("conv", Conv1D(3, 3), ("input",)),
        Node("relu", Activate("relu"), ("conv",)),
        Node("sum", Add("relu"), ("conv", "relu")),
    )

    graph = lower(Network((20, 3), nodes), FLOAT32)

    assert _kinds(graph) == ["CONV_2D", "RELU", "ADD"]
    assert graph.operators[2].options["fused_activation_function"] == "RELU"


def test_the_same_relu_twice_is_one() -> None:
    graph = lower(sequence((20, 3), [Conv1D(4, 3, activation="relu"), Activate("relu"), Activate("relu6")]), INT8)

    assert _kinds(graph) == ["CONV_2D", "RELU6"]


def test_equal_axes_are_stored_once() -> None:
    nodes = (
        Node("a", GlobalAveragePool(), ("input",)),
        Node("conv", Conv1D(3, 3), ("input",)),
        Node("b", GlobalAveragePool(), ("conv",)),
        Node("sum", Add(), ("a", "b")),
    )

    graph = lower(Network((20, 3), nodes), FLOAT32)

    assert graph.operators[0].inputs[1] == graph.operators[2].inputs[1]


def test_two_reshapes_in_a_row_are_one_and_one_that_changes_nothing_is_none() -> None:
    graph = lower(sequence((24,), [Reshape((12, 2)), Reshape((6, 4)), Conv1D(4, 3), Flatten(), Dense(3)]), INT8)

    assert _kinds(graph) == ["RESHAPE", "CONV_2D", "RESHAPE", "FULLY_CONNECTED"]
    assert _kinds(lower(sequence((24,), [Reshape((12, 2)), Flatten(), Dense(3)]), INT8)) == ["FULLY_CONNECTED"]


@pytest.mark.parametrize(
    ("layers", "kept"),
    [
        ([Dense(8), Dense(4, "tanh"), Dense(3)], [False, True, True]),
        ([Dense(8), Dense(4, "relu"), Dense(3)], [True, True, True]),
        ([Dense(8), Dense(4), Dense(3)], [True, False, True]),
        ([Dense(8), Dense(4), BatchNorm(), Activate("relu"), Dense(3)], [False, True, True]),
    ],
)
def test_the_bias_of_a_linear_dense_layer_goes_into_the_next(layers: list[Layer], kept: list[bool]) -> None:
    graph = lower(sequence((24,), layers), INT8)

    assert [o.inputs[2] != -1 for o in graph.operators if o.kind == "FULLY_CONNECTED"] == kept


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([Node("a", Flatten(), ("input",)), Node("b", Activate("tanh"), ("a",))], "must not directly follow a reshape"),
        (
            [
                Node("a", Conv1D(3, 3), ("input",)),
                Node("b", Activate("hard_swish"), ("a",)),
                Node("c", Add(), ("b", "a")),
            ],
            "hard_swish must be the only reader of 'a'",
        ),
        (
            [Node("a", Conv1D(3, 3, activation="tanh"), ("input",)), Node("b", Concatenate(), ("a", "input"))],
            "sigmoid and tanh have a scale of their own",
        ),
    ],
)
def test_what_the_converter_would_rearrange_is_refused(nodes: list[Node], message: str) -> None:
    with pytest.raises(BuildError, match=message):
        lower(Network((20, 3), tuple(nodes)), INT8)


@pytest.mark.parametrize(
    "layers",
    [
        [Conv1D(8, 3, activation="relu"), BatchNorm()],
        [Pool1D("max", 2, 2), BatchNorm()],
        [BatchNorm(), Conv1D(8, 3)],
    ],
)
def test_batch_normalization_that_cannot_be_folded_is_refused(layers: list[object]) -> None:
    with pytest.raises(BuildError, match=r"batch normalization must directly follow"):
        lower(sequence((20, 3), layers), INT8)


def test_an_unknown_compression_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no compression is called 'int'. Hint: did you mean 'int8'"):
        lower(sequence((20,), [Dense(3)]), Settings("int"))


def test_float_weights_take_four_times_the_flash_of_integers() -> None:
    network = build(Settings.of("dense", layers=1, neurons=512), (200,), 3)

    float32, int8 = lower(network, FLOAT32), lower(network, INT8)

    assert 3.5 < float32.model_bytes / int8.model_bytes < 4.0
