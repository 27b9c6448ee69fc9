"""Families of networks, one per file: parameters in, a network of standard layers out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tuner.candidate import Settings
from tuner.config import validated
from tuner.errors import ConfigError, nearest
from tuner.models.autoencoder import AutoencoderFamily, NoFamily
from tuner.models.boxes import BoxesFamily
from tuner.models.centroids import CentroidsFamily
from tuner.models.conv1d import Conv1DFamily
from tuner.models.conv2d import Conv2DFamily
from tuner.models.dense import DenseFamily
from tuner.models.ds_cnn import DsCnnFamily
from tuner.models.family import Family
from tuner.models.handwritten import HandwrittenFamily
from tuner.models.mcunet import McuNetFamily
from tuner.models.mobilenet_v1 import MobileNetV1Family
from tuner.models.mobilenet_v2 import MobileNetV2Family
from tuner.models.network import Network, Output
from tuner.models.own import OWN
from tuner.models.pretrained import Pretrainable, Pretrained
from tuner.models.recurrent import LstmFamily
from tuner.models.resnet import ResNetFamily
from tuner.models.shapes import output_shapes
from tuner.models.tcn import TcnFamily
from tuner.models.transfer import TransferFamily

__all__ = ["FAMILIES", "Family", "build", "family", "input_scale", "pretrained"]

FAMILIES: Mapping[str, type[Family]] = MappingProxyType(
    {
        kind.type: kind
        for kind in (
            DenseFamily,
            Conv1DFamily,
            TcnFamily,
            LstmFamily,
            Conv2DFamily,
            DsCnnFamily,
            ResNetFamily,
            MobileNetV1Family,
            MobileNetV2Family,
            McuNetFamily,
            TransferFamily,
            CentroidsFamily,
            BoxesFamily,
            HandwrittenFamily,
            AutoencoderFamily,
            NoFamily,
        )
    }
)
"""Every family by the name that search spaces and candidates use."""


def build(architecture: Settings, input_shape: tuple[int, ...], output: Output | int) -> Network:
    """Return the network that a candidate's architecture describes.

    Args:
        architecture: a family and its parameters; those left out take the family's defaults.
        input_shape: of the features, without the batch.
        output: what the task wants the network to end in; a number stands for the probabilities of so many classes.

    Raises:
        BuildError: the parameters do not fit the input.
        ConfigError: there is no such family or parameter.
    """
    wanted = Output(output, "softmax") if isinstance(output, int) else output
    network = family(architecture).network(input_shape, wanted)
    output_shapes(network)
    return network


def family(architecture: Settings) -> Family:
    """Return the family with its parameters checked.

    Raises:
        ConfigError: there is no such family or parameter, or a value is outside its limits.
    """
    kind = FAMILIES.get(architecture.type)
    if kind is None:
        raise ConfigError(f"no architecture '{architecture.type}'", hint=nearest(architecture.type, FAMILIES))
    return validated(kind, architecture.nested(), source=f"architecture '{kind.type}'")


def pretrained(architecture: Settings, input_shape: tuple[int, ...]) -> Pretrained | None:
    """Return which layers of the architecture's network begin with weights learned elsewhere, if any do.

    Raises:
        BuildError: the parameters do not fit the input.
    """
    made = None if architecture.type in OWN else family(architecture)
    return made.pretrained(input_shape) if isinstance(made, Pretrainable) else None


def input_scale(architecture: Settings) -> tuple[float, float] | None:
    """Return mean and deviation by which features are to be standardised, if not by the training split's own."""
    own = OWN.get(architecture.type)
    if own is not None:
        return own.input_scale(architecture)
    made = family(architecture)
    return made.input_scale() if isinstance(made, Pretrainable) else None
