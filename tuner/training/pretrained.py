"""Weights of Keras files as weights of our networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuner.errors import ModelError
from tuner.models.network import BatchNorm, Conv1D, Conv2D, Dense, DepthwiseConv1D, DepthwiseConv2D, Network, Node
from tuner.training.layers import BATCH_NORM_EPSILON
from tuner.training.runtime import quiet
from tuner.training.weights import Weights, initial_weights

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Stored:
    """A layer of a file that has weights."""

    name: str
    kind: str
    """"kernel", "depthwise" or "normalization"."""
    arrays: Mapping[str, Array] = field(repr=False)
    """By role, as Keras calls them: kernel, depthwise_kernel, bias, gamma, beta, moving_mean, moving_variance."""


def load_weights(network: Network, layers: Iterable[str], path: Path, *, backbone: str, width: float) -> Weights:
    """Return the weights of a network's first layers, taken from a Keras file in the order in which they stand there.

    The file is a whole model (`.keras`, `.h5`), or weights alone (`.h5`; `.weights.h5` of MobileNets). Layers of it
    that come after those asked for are left alone. If the file's first layer reads three colours and the network's
    one, the three are added up, as if a grey image were given in colours.

    Args:
        network: whose layers they become.
        layers: names of its first layers.
        path: the file.
        backbone: which network of Keras the weights are of, if the file does not say.
        width: of that network.

    Raises:
        ModelError: the file cannot be read, or its layers are not those of the network.
    """
    shapes = {name: values.shape for name, values in initial_weights(network, seed=0).items()}
    wanted = set(layers)
    stored = iter(_layers(path, backbone, width))
    found: dict[str, Array] = {}
    carried: Array | None = None  # a bias that the normalization after it takes away
    for node in network.nodes:
        if node.name not in wanted or not isinstance(node.layer, _WEIGHTY):
            continue
        source = next(stored, None)
        if source is None:
            raise ModelError(f"{path.name}: has no weights for layer '{node.name}'", hint="cut the network earlier")
        roles, carried = _roles(node, source, carried)
        for role, values in roles.items():
            name = f"{node.name}/{role}"
            if name not in shapes:
                carried = values
                continue
            found[name] = _fitting(path, source, values, shapes[name])
    missing = {name: shape for name, shape in shapes.items() if name.rpartition("/")[0] in wanted and name not in found}
    return found | {name: np.zeros(shape, np.float32) for name, shape in missing.items()}  # biases the file has not


_WEIGHTY = (Dense, Conv1D, Conv2D, DepthwiseConv1D, DepthwiseConv2D, BatchNorm)


def _roles(node: Node, source: _Stored, carried: Array | None) -> tuple[dict[str, Array], Array | None]:
    depthwise = isinstance(node.layer, DepthwiseConv1D | DepthwiseConv2D)
    kind = "normalization" if isinstance(node.layer, BatchNorm) else "depthwise" if depthwise else "kernel"
    if source.kind != kind:
        raise ModelError(
            f"the weights' layer '{source.name}' has a {source.kind}, layer '{node.name}' of the network a {kind}",
            hint="the file must hold the same layers in the same order",
        )
    arrays = source.arrays
    if kind == "normalization":
        mean = arrays["moving_mean"] - (0 if carried is None else carried)
        size = mean.shape
        return {
            "gamma": arrays.get("gamma", np.ones(size, np.float32)),
            "beta": arrays.get("beta", np.zeros(size, np.float32)),
            "mean": mean,
            "variance": arrays["moving_variance"],
        }, None
    roles = {"kernel": arrays["depthwise_kernel" if depthwise else "kernel"]}
    return roles | ({"bias": arrays["bias"]} if "bias" in arrays else {}), None


def _fitting(path: Path, source: _Stored, values: Array, shape: tuple[int, ...]) -> Array:
    if values.ndim == len(shape) - 1:  # a 1-D kernel runs with height 1
        values = values[np.newaxis]
    if len(shape) == 4 and values.shape == (*shape[:2], 3, shape[3]) and shape[2] == 1:
        values = values.sum(axis=2, keepdims=True)
    if values.shape != shape:
        there, here = (" × ".join(map(str, sizes)) for sizes in (values.shape, shape))
        raise ModelError(
            f"{path.name}: layer '{source.name}' has weights of {there}, the network needs {here}",
            hint="the weights are of another width or network",
        )
    return values.astype(np.float32)


def _layers(path: Path, backbone: str, width: float) -> Iterator[_Stored]:
    try:
        stored = list(_read(path, backbone, width))
    except ModelError:
        raise
    except Exception as error:  # HDF5 and Keras raise whatever they meet
        reason = (str(error) or type(error).__name__).strip().partition("\n")[0]
        raise ModelError(f"{path.name}: no weights can be read from it: {reason}") from error
    return iter(stored)


def _read(path: Path, backbone: str, width: float) -> Iterator[_Stored]:
    import h5py  # noqa: PLC0415 - only weights need it

    if h5py.is_hdf5(path):
        with h5py.File(path) as file:
            weights = file.get("model_weights", file)
            if "layer_names" in weights.attrs:
                yield from _of_h5(weights)
                return
        model = _bare(path, backbone, width)
    else:
        from tuner.training.foreign import load_keras  # noqa: PLC0415 - takes seconds

        with quiet():
            model = load_keras(path)
    for layer in model.layers:
        arrays = {_role(weight.name): np.asarray(weight) for weight in layer.weights}
        if arrays:
            yield _stored(layer.name, arrays, getattr(layer, "epsilon", None))


def _of_h5(weights: Any) -> Iterator[_Stored]:
    """Read what Keras 2 writes: the layers in order, each with its weights in order."""
    for name in weights.attrs["layer_names"]:
        group = weights[name]
        arrays = {_role(_text(weight)): np.asarray(group[weight]) for weight in group.attrs["weight_names"]}
        if arrays:
            yield _stored(_text(name), arrays, None)


def _bare(path: Path, backbone: str, width: float) -> Any:
    """Return the network of Keras with the weights of a file that names no layers."""
    from tf_keras import applications  # noqa: PLC0415 - takes seconds

    kinds = {"mobilenet_v1": applications.MobileNet, "mobilenet_v2": applications.MobileNetV2}
    if backbone not in kinds:
        raise ModelError(f"{path.name}: does not say of which layers the weights are", hint="save the whole model")
    with quiet():
        model = kinds[backbone](input_shape=(224, 224, 3), alpha=width, include_top=False, weights=None)
        model.load_weights(path)
    return model


def _stored(name: str, arrays: Mapping[str, Array], epsilon: float | None) -> _Stored:
    if "moving_mean" not in arrays:
        return _Stored(name, "depthwise" if "depthwise_kernel" in arrays else "kernel", arrays)
    if epsilon is None:
        return _Stored(name, "normalization", arrays)
    moved = arrays["moving_variance"] + np.float32(epsilon - BATCH_NORM_EPSILON)
    return _Stored(name, "normalization", {**arrays, "moving_variance": moved})


def _role(name: str) -> str:
    return name.rpartition("/")[2].partition(":")[0]


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
