from pathlib import Path

import pytest

from tuner.candidate import Settings
from tuner.devices.macs import graph_macs
from tuner.errors import BuildError, ConfigError
from tuner.graph import Graph
from tuner.models import FAMILIES, build
from tuner.models.lowering import lower
from tuner.models.network import (
    Activate,
    Add,
    BatchNorm,
    Conv1D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Network,
    Pool1D,
)
from tuner.tflite.read import read_graph


def _layers(network: Network) -> list[object]:
    return [node.layer for node in network.nodes]


def test_a_dense_network_halves_its_neurons_from_layer_to_layer() -> None:
    network = build(Settings.of("dense", layers=3, neurons=40), (33,), 4)

    assert _layers(network) == [Dense(40, "relu"), Dense(20, "relu"), Dense(10, "relu"), Dense(4, "softmax")]


def test_a_dense_network_keeps_its_width_when_it_does_not_shrink() -> None:
    network = build(Settings.of("dense", layers=2, neurons=16, shrink=1.0, dropout=0.25), (33,), 4)

    expected = [Dense(16, "relu"), Dropout(0.25), Dense(16, "relu"), Dropout(0.25), Dense(4, "softmax")]
    assert _layers(network) == expected


def test_a_dense_network_reads_features_of_any_shape_as_one_vector() -> None:
    network = build(Settings.of("dense", layers=0), (50, 6), 4)

    assert network.input_shape == (300,)
    assert _layers(network) == [Dense(4, "softmax")]


def test_a_convolution_block_pools_and_doubles_its_filters() -> None:
    network = build(Settings.of("conv1d", depth=2, filters=8, kernel=5), (50, 6), 3)

    assert _layers(network) == [
        Conv1D(8, 5, activation="relu"),
        Pool1D("max", 2, 2),
        Conv1D(16, 5, activation="relu"),
        Pool1D("max", 2, 2),
        Flatten(),
        Dense(3, "softmax"),
    ]


def test_batch_normalization_stands_between_a_convolution_and_its_activation() -> None:
    network = build(
        Settings.of("conv1d", depth=1, filters=8, kernel=3, pool="stride", batch_norm=True, head="global"), (50, 6), 3
    )

    expected = [Conv1D(8, 3, 2), BatchNorm(), Activate("relu"), GlobalAveragePool(), Dense(3, "softmax")]
    assert _layers(network) == expected


def test_a_convolution_on_flat_features_is_refused_with_a_way_out() -> None:
    with pytest.raises(BuildError, match=r"two dimensions \(time × channels\), got 1.*flat features suit 'dense'"):
        build(Settings.of("conv1d"), (33,), 3)


def test_more_poolings_than_the_window_is_long_are_refused() -> None:
    with pytest.raises(BuildError, match=r"4 blocks dividing time by 3 each leave nothing of 50 steps"):
        build(Settings.of("conv1d", depth=4, pool_size=3), (50, 6), 3)


def test_a_kernel_longer_than_the_window_is_refused() -> None:
    with pytest.raises(BuildError, match=r"a kernel of 9 is longer than the 5 steps"):
        build(Settings.of("conv1d", kernel=9, depth=1), (5, 6), 3)


def test_an_unknown_family_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no architecture 'conv1'. Hint: did you mean 'conv1d'"):
        build(Settings.of("conv1"), (50, 6), 3)


def test_an_unknown_parameter_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"'dense': unknown key 'layer'. Hint: did you mean 'layers'"):
        build(Settings.of("dense", layer=3), (33,), 3)


def test_a_value_outside_its_limits_is_named() -> None:
    with pytest.raises(ConfigError, match=r"'dense': dropout: input should be less than 1, found 1.5"):
        build(Settings.of("dense", dropout=1.5), (33,), 3)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_every_parameter_of_every_family_says_what_it_means(family: type) -> None:
    assert all(field.description for field in family.model_fields.values())


@pytest.mark.parametrize(
    ("family", "model", "input_shape", "classes"),
    [
        ("ds_cnn", "kws_ref_model", (49, 10), 12),
        ("mobilenet_v1", "vww_96_int8", (96, 96, 3), 2),
        ("resnet", "pretrainedResnet_quant", (32, 32, 3), 10),
    ],
)
def test_a_familys_defaults_are_the_published_network(
    family: str, model: str, input_shape: tuple[int, ...], classes: int, shared: Path
) -> None:
    published = read_graph(next((shared / "measurements" / "models").rglob(f"{model}.tflite")).read_bytes())

    ours = lower(build(Settings(family), input_shape, classes), Settings("int8"))

    assert graph_macs(ours) == graph_macs(published)
    assert _parameters(ours) == _parameters(published)


def _parameters(graph: Graph) -> int:
    return sum(tensor.elements for tensor in graph.tensors if tensor.constant)


def test_a_residual_block_adds_its_input_to_its_output() -> None:
    network = build(Settings.of("tcn", blocks=1, filters=6), (50, 6), 3)

    add = next(node for node in network.nodes if node.layer == Add("relu"))
    assert add.inputs[1] == "input"


def test_stages_are_given_by_number_and_part() -> None:
    stages = {"stages.0.width": 12, "stages.0.kernel": 7, "stages.1.width": 20}

    network = build(Settings("mcunet", tuple(stages.items())), (48, 48, 1), 3)

    assert DepthwiseConv2D((7, 7), (2, 2)) in _layers(network)
    assert [layer.filters for layer in _layers(network) if isinstance(layer, Conv2D)][-1] == 20


def test_an_unknown_part_of_a_stage_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"(?s)unknown key 'stages.0.widht'.*did you mean 'width'"):
        build(Settings("mcunet", (("stages.0.widht", 12),)), (48, 48, 1), 3)


@pytest.mark.parametrize("family", ["conv2d", "ds_cnn", "resnet", "mobilenet_v1", "mobilenet_v2", "mcunet"])
def test_a_two_dimensional_network_refuses_flat_features(family: str) -> None:
    with pytest.raises(BuildError, match=f"{family} needs an image or a spectrogram, got features of 1 dimension"):
        build(Settings(family), (33,), 3)
