"""Search spaces of the EON Tuner, as they are: JSON arrays of impulses.

What has a counterpart is translated; what has none is an error that names its path, for a space that silently lost a
part would be another space.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from tuner.dsp.registry import BLOCKS
from tuner.errors import ConfigError, nearest

TEMPLATES: Mapping[str, str] = {"speech_keyword": "keyword", "visual": "image-classification"}
"""Templates that go by another name here; of others only the underscores differ."""

_BLOCK_LISTS = ("inputBlocks", "dspBlocks", "learnBlocks")
_LABELS = ("id", "title", "name", "description", "primaryVersion", "createdBy")
"""Keys that say what something is called rather than what it is."""

_INPUT = {
    "windowSizeMs": "size_ms",
    "windowIncreaseMs": "stride_ms",
    "windowIncreasePct": "stride",
    "frequencyHz": "frequency_hz",
    "padZeros": "zero_pad",
}
_DENSE = {"denseBaseNeurons": "neurons", "denseLayers": "layers", "dropout": "dropout"}
_CONVOLUTIONAL = {"dropout": "dropout"}
_FLAT = ("spectral-analysis", "flatten")
"""Blocks whose features a convolution cannot run along."""

_IMAGE_POLICY = "augmentationPolicyImage"
_SPECTROGRAM_POLICY = "augmentationPolicySpectrogram"

_IMAGE_POLICIES: Mapping[str, Mapping[str, Any]] = {
    "none": {"type": "none"},
    "all": {"type": "image", "flip": True, "crop": 0.17, "brightness": 0.8},
}
"""The reference's code mirrors, enlarges by up to 1.2 before it crops, and brightens by up to 0.2 of the full range:
0.8 deviations of pixels that have a usual deviation of a quarter of the range."""

_SPECTROGRAM_KEYS = ("freqMasking", "timeMasking", "gaussianNoise")
_STRENGTHS: Mapping[str, Mapping[str, float]] = {
    "freqMasking": {"none": 0.0, "low": 0.1, "high": 0.2},
    "timeMasking": {"none": 0.0, "low": 0.1, "high": 0.2},
    "gaussianNoise": {"none": 0.0, "low": 0.2, "high": 0.45},
}
_WARP = 0.1
"""The reference gives names, no amounts: masks of a tenth or a fifth of the bands and steps, noise in deviations of the
standardised features, and the middle of the time moved by at most a tenth are ours."""

_BATCH_SIZE = 32
_EPOCHS = 100
"""What the reference trains with unless told otherwise."""


def is_eon(data: object) -> bool:
    """Tell an EON Tuner space from one of ours."""
    if isinstance(data, list):
        return True
    return isinstance(data, Mapping) and any(key in data for key in ("space", *_BLOCK_LISTS))


def from_eon(data: object, source: str) -> dict[str, Any]:
    """Return the same space as `tuner.search_space.schema.SpaceSpec` writes it.

    Args:
        data: a list of impulses, one impulse, or a mapping that holds either under "space"; keys that begin with an
            underscore are comments.
        source: where it comes from, for messages.

    Raises:
        ConfigError: something has no counterpart; one line for each path.
    """
    translation = _Translation()
    space = translation.space(data)
    if translation.problems:
        lines = "\n".join(f"{source}: {path}: {reason}" for path, reason in translation.problems)
        raise ConfigError(lines, hint="remove what is named, or write the space in YAML: `tuner spaces` lists examples")
    return space


class _Translation:
    """One pass over a space that collects all that is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []

    def space(self, data: object) -> dict[str, Any]:
        if isinstance(data, Mapping) and "space" in data:
            self._only(data, ("space",), "")
            return self.space(data["space"])
        impulses = data if isinstance(data, list) else [data]
        if not impulses:
            self._problem("space", "is empty, expected at least one impulse")
            return {}
        spaces = [self._impulse(impulse, f"[{number}]") for number, impulse in enumerate(impulses)]
        return self._joined(spaces)

    def _problem(self, path: str, reason: str) -> None:
        self.problems.append((path, reason))

    def _only(self, data: Mapping[str, Any], known: tuple[str, ...], path: str) -> None:
        """Report keys that mean something else than `known` ones."""
        for key in data:
            if key not in known and key not in _LABELS and not key.startswith("_"):
                place = f"{path}.{key}" if path else key
                self._problem(place, f"has no counterpart here; {nearest(key, known)}")

    def _impulse(self, impulse: object, path: str) -> dict[str, Any]:
        if not isinstance(impulse, Mapping):
            self._problem(path, f"is {impulse!r}, expected an impulse")
            return {}
        self._only(impulse, _BLOCK_LISTS, path)
        blocks = {key: list(self._blocks(impulse, key, path)) for key in _BLOCK_LISTS}
        windows = [window for place, block in blocks["inputBlocks"] for window in self._windows(block, place)]
        sizes = [size for place, block in blocks["inputBlocks"] for size in self._dimensions(block, place)]
        preprocessing = [
            found for place, block in blocks["dspBlocks"] for found in self._preprocessing(block, place, sizes)
        ]
        learned = [(place, *self._learn(block, place)) for place, block in blocks["learnBlocks"]]
        trainings = [training for _, families, training in learned if families]
        for place, families, training in learned:
            if families and training != trainings[0]:
                self._problem(place, "trains differently from the first learn block; give each an impulse of its own")
        return {
            "window": windows,
            "preprocessing": preprocessing,
            "architecture": [family for _, families, _ in learned for family in families],
            "training": trainings[0] if trainings else {},
            "compression": ["float32", "int8"],
        }

    def _blocks(self, impulse: Mapping[str, Any], key: str, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the blocks with their paths; learn blocks stand in a list of lists in newer spaces."""
        found = impulse.get(key)
        if not isinstance(found, list) or not found:
            self._problem(f"{path}.{key}", "is missing or empty, expected a list of blocks")
            return
        for number, block in enumerate(found):
            place = f"{path}.{key}[{number}]"
            inner = enumerate(block) if isinstance(block, list) else [(None, block)]
            for position, part in inner:
                where = place if position is None else f"{place}[{position}]"
                if isinstance(part, Mapping):
                    yield where, part
                else:
                    self._problem(where, f"is {part!r}, expected a block")

    def _windows(self, block: Mapping[str, Any], path: str) -> Iterator[dict[str, Any]]:
        if block.get("type") == "image":
            self._only(block, ("type", "dimension"), path)
            yield {"size_ms": 1000, "stride": 1, "name": "image"}
            return
        if block.get("type") != "time-series":
            self._problem(f"{path}.type", f"is {block.get('type')!r}, expected 'time-series' or 'image'")
            return
        self._only(block, ("type", "window", *_INPUT), path)
        common = {_INPUT[key]: self._value(block[key], f"{path}.{key}") for key in _INPUT if key in block}
        if isinstance(common.get("stride"), list):
            common["stride"] = [share / 100 for share in common["stride"]]
        if "window" not in block:
            yield common
            return
        for number, window in enumerate(block["window"] if isinstance(block["window"], list) else [block["window"]]):
            place = f"{path}.window[{number}]"
            if not isinstance(window, Mapping):
                self._problem(place, f"is {window!r}, expected windowSizeMs and windowIncreaseMs")
                continue
            self._only(window, tuple(_INPUT), place)
            yield common | {_INPUT[key]: self._value(window[key], f"{place}.{key}") for key in _INPUT if key in window}

    def _dimensions(self, block: Mapping[str, Any], path: str) -> Iterator[tuple[int, int]]:
        for number, size in enumerate(block.get("dimension", ())):
            if isinstance(size, list) and len(size) == 2 and all(isinstance(pixels, int) for pixels in size):
                yield size[0], size[1]
            else:
                self._problem(f"{path}.dimension[{number}]", f"is {size!r}, expected [width, height]")

    def _preprocessing(
        self, block: Mapping[str, Any], path: str, sizes: list[tuple[int, int]]
    ) -> Iterator[dict[str, Any]]:
        kind = str(block.get("type")).replace("_", "-")
        if kind not in BLOCKS:
            self._problem(f"{path}.type", f"there is no block '{block.get('type')}' here; {nearest(kind, BLOCKS)}")
            return
        names = {_plain(name): name for name in BLOCKS[kind].public_names()}
        found: dict[str, Any] = {"type": kind}
        for key, value in block.items():
            if _plain(key) in names:
                found[names[_plain(key)]] = self._value(value, f"{path}.{key}")
            elif key != "type":
                self._only({key: value}, tuple(names.values()), path)
        if kind != "image" or not sizes:
            yield found
            return
        for width, height in sizes:
            yield found | {"name": f"image-{width}x{height}", "imageWidth": width, "imageHeight": height}

    def _learn(self, block: Mapping[str, Any], path: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        if block.get("type") != "keras":
            self._problem(f"{path}.type", f"'{block.get('type')}' has no counterpart here, only 'keras' has")
            return [], {}
        trained = ("learningRate", "trainingCycles", "batchSize", _IMAGE_POLICY, _SPECTROGRAM_POLICY)
        self._only(block, ("type", "dimension", *trained, *_DENSE), path)
        dimensions = block.get("dimension", ["dense"])
        families = []
        for dimension in dimensions if isinstance(dimensions, list) else [dimensions]:
            if dimension not in ("dense", "conv1d", "conv2d"):
                self._problem(f"{path}.dimension", f"'{dimension}' is neither dense nor conv1d nor conv2d")
                continue
            names = _DENSE if dimension == "dense" else _CONVOLUTIONAL
            family = {names[key]: self._value(block[key], f"{path}.{key}") for key in names if key in block}
            families.append({"type": dimension} | family)
        return families, self._training(block, path)

    def _training(self, block: Mapping[str, Any], path: str) -> dict[str, Any]:
        epochs = self._value(block.get("trainingCycles", _EPOCHS), f"{path}.trainingCycles")
        longest = max(epochs) if isinstance(epochs, list) else epochs["max"] if isinstance(epochs, dict) else epochs
        rate = self._value(block.get("learningRate", 0.0005), f"{path}.learningRate")
        return {
            "optimizer": {"type": "adam", "learning_rate": rate},
            "batch_size": self._value(block.get("batchSize", _BATCH_SIZE), f"{path}.batchSize"),
            "epochs": epochs,
            "patience": longest,  # the reference trains to the end and keeps the best epoch
            "augmentation": list(self._augmentations(block, path)),
        }

    def _augmentations(self, block: Mapping[str, Any], path: str) -> Iterator[Mapping[str, Any]]:
        if _SPECTROGRAM_POLICY in block:
            yield from self._spectrogram_policies(block[_SPECTROGRAM_POLICY], f"{path}.{_SPECTROGRAM_POLICY}")
            if _IMAGE_POLICY not in block:
                return
        policies = block.get(_IMAGE_POLICY, "none")
        for policy in policies if isinstance(policies, list) else [policies]:
            if isinstance(policy, str) and policy in _IMAGE_POLICIES:
                yield _IMAGE_POLICIES[policy]
            else:
                self._problem(f"{path}.{_IMAGE_POLICY}", f"is {policy!r}, expected 'all' or 'none'")

    def _spectrogram_policies(self, policies: object, path: str) -> Iterator[Mapping[str, Any]]:
        for policy in policies if isinstance(policies, list) else [policies]:
            if not isinstance(policy, Mapping):
                self._problem(path, f"is {policy!r}, expected enabled, warping, {', '.join(_SPECTROGRAM_KEYS)}")
                continue
            self._only(policy, ("enabled", "warping", *_SPECTROGRAM_KEYS), path)
            if not policy.get("enabled", True):
                yield {"type": "none"}
                continue
            amounts = [self._strength(policy, key, path) for key in _SPECTROGRAM_KEYS]
            names = ("frequency_mask", "time_mask", "noise")
            warp = _WARP if policy.get("warping") else 0.0
            yield {"type": "series", **dict(zip(names, amounts, strict=True)), "warp": warp}

    def _strength(self, policy: Mapping[str, Any], key: str, path: str) -> float:
        said = policy.get(key, "none")
        if not isinstance(said, str) or said not in _STRENGTHS[key]:
            self._problem(f"{path}.{key}", f"is {said!r}, expected 'none', 'low' or 'high'")
            return 0.0
        return _STRENGTHS[key][said]

    def _value(self, raw: Any, path: str) -> Any:
        """Read `[1, 2]`, `1`, or `{"value_type": "float", "bounds": [0.1, 0.5], "log_scale": true}`."""
        if not isinstance(raw, Mapping):
            return raw
        self._only(raw, ("value_type", "bounds", "log_scale"), path)
        bounds = raw.get("bounds")
        if not isinstance(bounds, list) or len(bounds) != 2:
            self._problem(f"{path}.bounds", f"is {bounds!r}, expected [lowest, highest]")
            return 0
        low, high = (int(bound) if raw.get("value_type") == "int" else float(bound) for bound in bounds)
        return {"min": low, "max": high, "log": bool(raw.get("log_scale", False))}

    def _joined(self, spaces: list[dict[str, Any]]) -> dict[str, Any]:
        """Put impulses into one space; each network goes with the preprocessing of its own impulse."""
        blocks: list[dict[str, Any]] = []
        families: list[dict[str, Any]] = []
        for number, space in enumerate(spaces):
            for key, section in (("window", "inputBlocks"), ("training", "learnBlocks")):
                if space.get(key) != spaces[0].get(key):
                    reason = "differ from those of the first impulse; put this one into a file of its own"
                    self._problem(f"[{number}].{section}", reason)
            own = [_added(block, blocks) for block in space.get("preprocessing", ())]
            for family in space.get("architecture", ()):
                after = [block["name"] for block in own if family["type"] == "dense" or block["type"] not in _FLAT]
                if own and not after:
                    self._problem(f"[{number}].learnBlocks", f"{family['type']} goes with none of the dspBlocks")
                _added(family | {"after": after}, families)
        return {**spaces[0], "preprocessing": blocks, "architecture": families}


def _added(item: dict[str, Any], others: list[dict[str, Any]]) -> dict[str, Any]:
    """Append to a list under a name that nothing in it has yet."""
    name = item.get("name", item["type"])
    taken = {other["name"] for other in others}
    number = next(number for number in itertools.count(1) if _numbered(name, number) not in taken)
    others.append(item | {"name": _numbered(name, number)})
    return others[-1]


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
