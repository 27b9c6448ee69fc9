"""Weights of learned optimizers that others published: where they are, what is in them, how they are read.

They are loaded, not shipped: from the optimizer's parameter `weights`, or from an environment variable. Both forms
are read in which they are published, without running any code in them: Flax's serialization (MessagePack) and npz.
Importing this module loads no TensorFlow, so a search space can be checked without it.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from tuner.candidate import Settings
from tuner.errors import ConfigError

Arrays = Mapping[str, NDArray[np.float32]]
"""By path in the published tree, "rnn_params|rnn|linear|w"."""

SEPARATOR = "|"
"""Between the parts of a path; names themselves contain slashes."""

_FLAX_ARRAY = 1
"""MessagePack extension by which Flax marks an array: its shape, type and bytes."""


@dataclass(frozen=True, slots=True)
class Source:
    """A published optimizer."""

    variable: str
    """Environment variable with the path of the file."""
    where: str
    """Where to get the file."""
    hidden: int
    """Units of the LSTM."""
    features: int
    """Per tensor, what the LSTM reads."""
    blends: int
    """How many per-parameter networks are blended into one; 0 if there is none."""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every array in the file."""
        hidden = self.hidden
        shapes: dict[str, tuple[int, ...]] = {
            "lstm_init_state|hidden": (1, hidden),
            "lstm_init_state|cell": (1, hidden),
        }
        for name in ("linear", "linear_1", "linear_2"):
            shapes |= {f"rnn_params|{name}|w": (self.features, hidden), f"rnn_params|{name}|b": (hidden,)}
        shapes |= {"rnn_params|rnn|linear|w": (2 * hidden, 4 * hidden), "rnn_params|rnn|linear|b": (4 * hidden,)}
        shapes |= {"rnn_params|step_size|w": (hidden, 1), "rnn_params|step_size|b": (1,)}
        if self.blends:
            blends = self.blends
            shapes |= {
                "rnn_params|rnn_to_controls|w": (hidden, blends),
                "rnn_params|rnn_to_controls|b": (blends,),
            }
            inputs = {f"ff_mod_stack|~|w0__{place}": (blends, size, 4) for place, size in enumerate(INPUT_SIZES)}
            shapes |= inputs | {"ff_mod_stack|~|w1": (blends, 4, 4), "ff_mod_stack|~|w2": (blends, 4, 3)}
            shapes |= {f"ff_mod_stack|~|b{layer}": (blends, size) for layer, size in enumerate((4, 4, 3))}
        return shapes


INPUT_SIZES = (1, 1, 1, 3, 1, 3, 1, 3, 1, 3, 3, 3, 3, 3)
"""What the per-parameter network reads, in groups; see `tuner.training.learned.velo`."""

SOURCES: Mapping[str, Source] = {
    "velo": Source("TUNER_VELO_WEIGHTS", "https://huggingface.co/amoudgl/velo-4000 (theta.state, 9 MB)", 512, 30, 256),
    "celo": Source("TUNER_CELO_WEIGHTS", "https://huggingface.co/amoudgl/celo (theta.state, 150 KB)", 64, 18, 1),
    "celo-adam": Source(
        "TUNER_CELO_ADAM_WEIGHTS", "https://huggingface.co/amoudgl/celo-adam (theta.state, 150 KB)", 64, 18, 0
    ),
}


def published_weights(settings: Settings) -> Arrays:
    """Return the arrays of a published optimizer, from its parameter `weights` or its environment variable.

    Raises:
        ConfigError: neither names a file, or the file is not what was published under that name.
    """
    source = SOURCES[settings.type]
    given = str(settings.get("weights", "")) or os.environ.get(source.variable, "")
    if not given:
        raise ConfigError(
            f"optimizer '{settings.type}' needs its published weights, which are not part of this package",
            hint=f"get {source.where} and name the file in {source.variable} or in the optimizer's parameter 'weights'",
        )
    return _read(settings.type, Path(given).expanduser())


@lru_cache(maxsize=4)
def _read(name: str, path: Path) -> Arrays:
    try:
        arrays = _npz(path) if zipfile.is_zipfile(path) else _flax(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"optimizer '{name}': {path}: {error.strerror or error}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(
            f"optimizer '{name}': {path} is neither Flax's serialization nor npz",
            hint=f"get {SOURCES[name].where}",
        ) from error
    return _checked(name, path, arrays)


def _checked(name: str, path: Path, arrays: dict[str, NDArray[Any]]) -> Arrays:
    expected = SOURCES[name].shapes()
    found = {key: value.shape for key, value in arrays.items()}
    if found != expected:
        wrong = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
        raise ConfigError(
            f"optimizer '{name}': {path} holds other weights: '{wrong[0]}' is {found.get(wrong[0], 'missing')}, "
            f"expected {expected.get(wrong[0], 'nothing of that name')}",
            hint=f"get {SOURCES[name].where}",
        )
    for key, value in arrays.items():
        if not np.isfinite(value).all():
            raise ConfigError(f"optimizer '{name}': {path}: '{key}' is not finite")
    return {key: value.astype(np.float32) for key, value in arrays.items()}


def _npz(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _flax(content: bytes) -> dict[str, NDArray[Any]]:
    tree = msgpack.unpackb(content, ext_hook=_array, strict_map_key=False)
    # Google's own checkpoints hold the weights under "params", beside a name and a number.
    return dict(_leaves(tree.get("params", tree), ""))


def _array(code: int, data: bytes) -> NDArray[Any]:
    if code != _FLAX_ARRAY:
        raise ValueError(f"MessagePack extension {code} is no array")
    shape, kind, values = msgpack.unpackb(data)
    return np.frombuffer(values, np.dtype(kind)).reshape(shape)


def _leaves(tree: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, NDArray[Any]]]:
    for name, value in tree.items():
        path = f"{prefix}{name.replace('/', SEPARATOR)}"
        if isinstance(value, Mapping):
            yield from _leaves(value, path + SEPARATOR)
        else:
            yield path, np.asarray(value)
