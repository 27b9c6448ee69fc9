"""Where the weights of pretrained networks lie: among the study's models, or in the cache after a download."""

from __future__ import annotations

import os
import urllib.request
from pathlib import Path

from tuner.errors import ConfigError, InputError
from tuner.files import write_atomically
from tuner.models.own import OWN
from tuner.models.pretrained import IMAGENET, IMAGENET_SIZES, IMAGENET_WIDTHS

HOST = "https://storage.googleapis.com/tensorflow/keras-applications"
_TIMEOUT_S = 30


def weight_file(source: str, backbone: str, width: float, size: int) -> Path:
    """Return the file of a network's weights; those that Keras publishes are downloaded once.

    Args:
        source: the name of one of the study's `models`, or "imagenet".
        backbone: "mobilenet_v1" or "mobilenet_v2" where the weights are those of Keras.
        width: filters as a share of the paper's.
        size: height of the images; the weights learned on the nearest size are taken.

    Raises:
        ConfigError: there is no such file, or there are no such weights.
        InputError: the download failed.
    """
    if source != IMAGENET:
        if source not in OWN:
            raise ConfigError(
                f"weights: the study has no model '{source}'",
                hint=f"list the file under 'models' in the study file and write its name here, or write {IMAGENET}",
            )
        return OWN[source].path
    address = _address(backbone, width, size)
    path = cache_folder() / address.rpartition("/")[2]
    if not path.is_file():
        _download(address, path)
    return path


def cache_folder() -> Path:
    """Return the user's cache folder, `$XDG_CACHE_HOME/edge-tuner/weights` (by default below `~/.cache`)."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "edge-tuner" / "weights"


def _address(backbone: str, width: float, size: int) -> str:
    widths = IMAGENET_WIDTHS.get(backbone)
    if widths is None:
        raise ConfigError(
            f"weights: there are none of {backbone} from ImageNet", hint=f"only of {', '.join(IMAGENET_WIDTHS)}"
        )
    if width not in widths:
        raise ConfigError(
            f"weights: there are none of {backbone} with width {width:g} from ImageNet",
            hint=f"set width to one of {', '.join(f'{known:g}' for known in widths)}",
        )
    nearest = min(IMAGENET_SIZES[backbone], key=lambda known: abs(known - size))
    if backbone == "mobilenet_v1":
        written = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}[width]
        return f"{HOST}/mobilenet/mobilenet_{written}_{nearest}_tf_no_top.h5"
    kernels = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(width)}_{nearest}_no_top.h5"
    return f"{HOST}/mobilenet_v2/{kernels}"


def _download(address: str, path: Path) -> None:
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_S) as answer:  # the address is one of Keras' own
            content = answer.read()
    except OSError as error:
        raise InputError(
            f"the weights cannot be downloaded from {address}: {getattr(error, 'reason', error)}",
            hint=f"without a network, put the file into {path.parent}; or list it under 'models' in the study file and "
            "give its name as 'weights'",
        ) from error
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)
