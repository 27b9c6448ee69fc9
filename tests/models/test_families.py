import pytest

from tuner.candidate import Settings
from tuner.errors import BuildError, ConfigError
from tuner.models import FAMILIES, build
from tuner.models.network import (
    Activate,
    BatchNorm,
    Conv1D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Network,
    Pool1D,
)


def _layers(network: Network) -> list[object]:
    return [node.layer for node in network.nodes]


def test_a_dense_network_halves_its_neurons_from_layer_to_layer() -> None:
    network = build(Settings.of("dense", layers=3, neurons=40), (33,), 4)

    assert _layers(network) == [Dense(40, "relu"), Dense(20, "relu"), Dense(10, "relu"), Dense(4, "softmax")]


def test_a_dense_network_keeps_its_width_when_it_does_not_shrink() -> None:
    network = build(Settings.of("dense", layers=2, neurons=16, shrink=1.0, dropout=0.25), (33,), 4)

    expected = [Dense(16, "relu"), Dropout(0.25), Dense(16, "relu"), Dropout(0.25), Dense(4, "softmax")]
    assert _layers(network) == expected


def test_a_dense_network_flattens_what_is_not_flat() -> None:
    assert _layers(build(Settings.of("dense", layers=0), (50, 6), 4)) == [Flatten(), Dense(4, "softmax")]


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
    with pytest.raises(ConfigError, match=r"'dense' has no parameter 'layer'. Hint: did you mean 'layers'"):
        build(Settings.of("dense", layer=3), (33,), 3)


def test_a_value_outside_its_limits_is_named() -> None:
    with pytest.raises(ConfigError, match=r"'dense': dropout is 1.5"):
        build(Settings.of("dense", dropout=1.5), (33,), 3)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_every_parameter_of_every_family_says_what_it_means(family: type) -> None:
    assert all(field.description for field in family.model_fields.values())
