"""One point of a search space: everything that is decided before training starts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Settings(Mapping[str, Scalar]):
    """A named choice and its parameters: a preprocessing block, a family of networks, an optimizer.

    Reads like a mapping of its parameters; equal settings are equal whatever the order they were given in.
    """

    type: str
    parameters: tuple[tuple[str, Scalar], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", tuple(sorted(self.parameters)))

    @classmethod
    def of(cls, type_: str, /, **parameters: Scalar) -> Settings:
        """Write settings down in code; underscores in names stay as they are."""
        return cls(type_, tuple(parameters.items()))

    def __getitem__(self, name: str) -> Scalar:
        for key, value in self.parameters:
            if key == name:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)

    def nested(self) -> dict[str, Any]:
        """Return the parameters as the lists that they came from: "stages.0.width" is the width of the first stage."""
        root: dict[str, Any] = {}
        for name, value in self.parameters:
            *path, last = name.split(".")
            branch = root
            for step in path:
                branch = branch.setdefault(step, {})
            branch[last] = value
        return {name: _listed(value) for name, value in root.items()}

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object: the type and the parameters side by side."""
        return {"type": self.type, **dict(self.parameters)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Settings:
        """Read what `to_json` wrote."""
        return cls(data["type"], tuple((key, value) for key, value in data.items() if key != "type"))


@dataclass(frozen=True, slots=True)
class Window:
    """How recordings are cut into the examples a model sees."""

    size_ms: float
    stride_ms: float
    frequency_hz: float | None = None
    """Recordings are resampled to this rate first; `None` keeps their own."""
    zero_pad: bool = False
    """Recordings shorter than a window are padded with zeros at their end instead of left out."""


@dataclass(frozen=True, slots=True)
class Block:
    """One preprocessing block on a group of axes."""

    settings: Settings
    axes: tuple[str, ...] = ()
    """The axes it reads, in order; empty: all of them."""


@dataclass(frozen=True, slots=True)
class Training:
    """How the network is trained."""

    optimizer: Settings
    """E.g. "adam" with "learning_rate"."""
    batch_size: int
    epochs: int
    """At most; early stopping may end sooner."""
    patience: int
    """Epochs without a better validation loss after which training stops."""
    class_weights: bool = True
    """Weigh each class by the inverse of its share of the training examples."""
    loss: Settings = field(default_factory=lambda: Settings("auto"))
    """"auto": the task's standard loss."""
    augmentation: Settings = field(default_factory=lambda: Settings("none"))
    """What is done to training examples: "none", "series" or "image"; see `tuner.augmentation`."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object; it names an augmentation only where there is one, as before there were any."""
        settings = {"optimizer": self.optimizer, "loss": self.loss, "augmentation": self.augmentation}
        data = asdict(self) | {name: chosen.to_json() for name, chosen in settings.items()}
        if self.augmentation == Settings("none"):
            del data["augmentation"]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Training:
        """Read what `to_json` wrote."""
        settings = {
            name: Settings.from_json(data[name]) for name in ("optimizer", "loss", "augmentation") if name in data
        }
        return cls(**{**data, **settings})


@dataclass(frozen=True, slots=True)
class Candidate:
    """Input window, preprocessing, architecture, training and compression of one model."""

    window: Window
    preprocessing: tuple[Block, ...]
    architecture: Settings
    training: Training
    compression: Settings
    """"float32", "int8", …"""
    anomaly: Settings = field(default_factory=lambda: Settings("none"))
    """An anomaly block beside the network: "none", "kmeans" or "gmm"; see `tuner.anomaly`."""

    @property
    def id(self) -> str:
        """Twelve hex digits that are equal for equal candidates, on any machine."""
        return hashlib.sha256(canonical_json(self.to_json())).hexdigest()[:12]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `from_json` reads back to an equal candidate.

        It names an anomaly block only where there is one, as before there were any.
        """
        block = {} if self.anomaly == Settings("none") else {"anomaly": self.anomaly.to_json()}
        return {
            "window": asdict(self.window),
            "preprocessing": [
                {"axes": list(block.axes), "settings": block.settings.to_json()} for block in self.preprocessing
            ],
            "architecture": self.architecture.to_json(),
            "training": self.training.to_json(),
            "compression": self.compression.to_json(),
            **block,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Candidate:
        """Read what `to_json` wrote."""
        return cls(
            window=Window(**data["window"]),
            preprocessing=tuple(
                Block(Settings.from_json(block["settings"]), tuple(block["axes"])) for block in data["preprocessing"]
            ),
            architecture=Settings.from_json(data["architecture"]),
            training=Training.from_json(data["training"]),
            compression=Settings.from_json(data["compression"]),
            anomaly=Settings.from_json(data["anomaly"]) if "anomaly" in data else Settings("none"),
        )


def _listed(branch: Any) -> Any:
    """Turn mappings by number into lists."""
    if not isinstance(branch, dict):
        return branch
    inner = {name: _listed(value) for name, value in branch.items()}
    return [inner[name] for name in sorted(inner, key=int)] if all(name.isdigit() for name in inner) else inner


def canonical_json(data: object) -> bytes:
    """Return JSON that is the same for equal values: sorted keys, and 2.0 written like 2."""
    return json.dumps(_normal(data), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _normal(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _normal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_normal(item) for item in value]
    return value
