"""A search space: what may be, and candidates drawn from it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tuner.candidate import Block, Candidate, Scalar, Settings, Training, Window
from tuner.models.own import OWN, ModelFile
from tuner.search.problem import Suggest
from tuner.search.suggest import RecordingSuggest
from tuner.search_space.schema import (
    Alternative,
    ArchitectureSpec,
    DataSpec,
    PreprocessingSpec,
    SpaceSpec,
    TrainingSpec,
    WindowSpec,
)
from tuner.search_space.tree import Part, draw, leaves, own_size, product
from tuner.search_space.values import Leaf, Options, Range, Shared

Choice = TypeVar("Choice", Alternative, PreprocessingSpec, ArchitectureSpec, WindowSpec)


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """Candidates by section: window, preprocessing, architecture, training, compression.

    Parameters are asked for under dotted names such as "architecture.dense.neurons", and only where the choices
    made before leave them open.
    """

    spec: SpaceSpec

    @property
    def name(self) -> str:
        """What reports call the space."""
        return self.spec.name

    @property
    def title(self) -> str:
        """What the space is for."""
        return self.spec.title

    @property
    def data(self) -> DataSpec | None:
        """Data that the space is made for."""
        return self.spec.data

    def architectures(self) -> tuple[tuple[str, str], ...]:
        """Return the families by the name that the space gives them, and their type."""
        return tuple((chosen.name, chosen.type) for chosen in self.spec.architecture)

    def sample(self, suggest: Suggest) -> Candidate:
        """Draw a candidate; the names asked of `suggest` are its parameters."""
        suggest = _Once(suggest)
        window = _window(self.spec.window, suggest)
        block = _chosen("preprocessing", self.spec.preprocessing, suggest)
        architecture = _chosen(*self._architectures(block.name), suggest)
        settings = _settings("architecture", architecture, suggest)
        finished = _finished(settings)
        stored = None if finished is None else finished.stored_as
        return Candidate(
            window=window,
            preprocessing=tuple(
                Block(_settings("preprocessing", part, suggest, name=name), part.axes) for name, part in block.parts
            ),
            architecture=settings,
            training=_UNTRAINED if finished is not None else _training(self.spec.training, suggest),
            compression=_drawn("compression", self.spec.compression, suggest) if stored is None else stored,
            anomaly=_settings("anomaly", _chosen(*self._anomalies(architecture.name), suggest), suggest),
        )

    def finished(self) -> tuple[Mapping[str, Scalar], ...]:
        """Return parameters of a candidate of each of the user's finished models, which are not left to chance."""
        found = []
        for alternative in self.spec.architecture:
            if _finished(Settings(alternative.type)) is not None:
                suggest = RecordingSuggest(_First(alternative))
                self.sample(suggest)
                found.append(suggest.parameters)
        return tuple(found)

    def size(self) -> int | None:
        """Number of candidates; `None` if a range is continuous."""
        spec, training = self.spec, self.spec.training
        chains = [
            (block, model, anomaly)
            for block in spec.preprocessing
            for model in spec.architectures_after(block.name)
            for anomaly in spec.anomalies_beside(model.name)
        ]
        total = 0
        for window, chain, *choices in itertools.product(
            spec.window, chains, training.optimizer, training.loss, training.augmentation, spec.compression
        ):
            parts: list[Part] = [leaf for _, _, leaf in _window_values(spec.window, window)]
            parts += _training_values(training).values()
            chosen = [*(part for _, part in chain[0].parts), *chain[1:], *choices]
            parts += [part for alternative in chosen for part in alternative.parameters.values()]
            shared = {leaf for part in parts for _, leaf in leaves({"": part}, "") if isinstance(leaf, Shared)}
            size = product(iter([own_size(iter(parts)), *(leaf.size for leaf in shared)]))
            if size is None:
                return None
            total += size
        return total

    def parameters(self) -> dict[str, Options | Range]:
        """Return everything that may be asked for, by name."""
        spec, training = self.spec, self.spec.training
        found = {name: leaf for window in spec.window for _, name, leaf in _window_values(spec.window, window)}
        if len(spec.window) > 1:
            found["window"] = Options(tuple(window.name for window in spec.window))
        found |= _alternatives("preprocessing", spec.preprocessing)
        for block in spec.preprocessing:
            for name, part in block.parts:  # of several blocks at once; of a single one they are there already
                found |= leaves(part.parameters, f"preprocessing.{name}")
        for block in spec.preprocessing:
            path, fitting = self._architectures(block.name)
            found |= _alternatives("architecture", fitting, choice=path)
        found |= _training_values(training) | _alternatives("training.optimizer", training.optimizer)
        found |= _alternatives("training.loss", training.loss)
        found |= _alternatives("training.augmentation", training.augmentation)
        found |= _alternatives("compression", spec.compression)
        for model in spec.architecture:
            place, blocks = self._anomalies(model.name)
            found |= _alternatives("anomaly", blocks, choice=place)
        values = {
            leaf.path if isinstance(leaf, Shared) else name: leaf.value if isinstance(leaf, Shared) else leaf
            for name, leaf in found.items()
        }
        return {name: value for name, value in values.items() if isinstance(value, Options | Range)}

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object that `load_space` reads back to an equal space."""
        return self.spec.model_dump(mode="json", exclude_defaults=True)

    def _architectures(self, preprocessing: str) -> tuple[str, Sequence[Alternative]]:
        """Return the families that go with a block, and the name of the choice among them.

        A sampler holds a parameter's options to be fixed, so a choice among fewer has a name of its own.
        """
        fitting = tuple(self.spec.architectures_after(preprocessing))
        if len(fitting) == len(self.spec.architecture):
            return "architecture", fitting
        return f"architecture.{'|'.join(family.name for family in fitting)}", fitting

    def _anomalies(self, architecture: str) -> tuple[str, Sequence[Alternative]]:
        """Return the anomaly blocks that go with a family, and the name of the choice among them."""
        fitting = tuple(self.spec.anomalies_beside(architecture))
        if len(fitting) == len(self.spec.anomaly):
            return "anomaly", fitting
        return f"anomaly.{'|'.join(block.name for block in fitting)}", fitting


def _window(alternatives: Sequence[WindowSpec], suggest: Suggest) -> Window:
    spec = _chosen("window", alternatives, suggest)
    drawn = {name: leaf.draw(suggest, path) for name, path, leaf in _window_values(alternatives, spec)}
    size = float(drawn["size_ms"])
    return Window(
        size_ms=size,
        stride_ms=float(drawn["stride_ms"]) if "stride_ms" in drawn else size * float(drawn["stride"]),
        frequency_hz=float(drawn["frequency_hz"]) if "frequency_hz" in drawn else None,
        zero_pad=bool(drawn["zero_pad"]),
    )


def _window_values(alternatives: Sequence[WindowSpec], spec: WindowSpec) -> Iterator[tuple[str, str, Leaf]]:
    """Yield key, parameter name and value of what a window says of itself."""
    prefix = "window" if len(alternatives) == 1 else f"window.{spec.name}"
    for key in ("size_ms", "stride", "stride_ms", "frequency_hz", "zero_pad"):
        leaf = getattr(spec, key)
        if leaf is not None:
            yield key, f"{prefix}.{key}", leaf


def _training(spec: TrainingSpec, suggest: Suggest) -> Training:
    return Training(
        optimizer=_drawn("training.optimizer", spec.optimizer, suggest),
        batch_size=int(spec.batch_size.draw(suggest, "training.batch_size")),
        epochs=int(spec.epochs.draw(suggest, "training.epochs")),
        patience=int(spec.patience.draw(suggest, "training.patience")),
        class_weights=bool(spec.class_weights.draw(suggest, "training.class_weights")),
        loss=_drawn("training.loss", spec.loss, suggest),
        augmentation=_drawn("training.augmentation", spec.augmentation, suggest),
    )


def _training_values(spec: TrainingSpec) -> dict[str, Leaf]:
    return {f"training.{name}": getattr(spec, name) for name in ("batch_size", "epochs", "patience", "class_weights")}


def _chosen(path: str, alternatives: Sequence[Choice], suggest: Suggest) -> Choice:
    if len(alternatives) == 1:
        return alternatives[0]
    name = suggest.choice(path, [alternative.name for alternative in alternatives])
    return next(alternative for alternative in alternatives if alternative.name == name)


def _alternatives(path: str, alternatives: Sequence[Alternative], *, choice: str = "") -> dict[str, Leaf]:
    """Return the parameters of alternatives; that of the choice among them is called `choice`, or as the path."""
    found: dict[str, Leaf] = {}
    if len(alternatives) > 1:
        found[choice or path] = Options(tuple(alternative.name for alternative in alternatives))
    for alternative in alternatives:
        found |= leaves(alternative.parameters, f"{path}.{alternative.name}")
    return found


def _settings(path: str, alternative: Alternative, suggest: Suggest, *, name: str = "") -> Settings:
    parameters = draw(alternative.parameters, suggest, f"{path}.{name or alternative.name}")
    return Settings(alternative.type, tuple(parameters))


def _drawn(path: str, alternatives: Sequence[Alternative], suggest: Suggest) -> Settings:
    return _settings(path, _chosen(path, alternatives, suggest), suggest)


_UNTRAINED = Training(Settings("none"), batch_size=1, epochs=0, patience=0)
"""The training of a finished model."""


def _finished(architecture: Settings) -> ModelFile | None:
    file = OWN.get(architecture.type)
    return None if file is None or file.is_code else file


@dataclass(frozen=True, slots=True)
class _First:
    """Chooses one architecture, what it goes with, and of all else what comes first."""

    architecture: ArchitectureSpec

    def choice(self, name: str, options: Sequence[Scalar]) -> Scalar:
        if name.partition(".")[0] == "architecture" and self.architecture.name in options:
            return self.architecture.name
        if name == "preprocessing" and self.architecture.after:
            return self.architecture.after[0]
        return options[0]

    def integer(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:  # noqa: ARG002
        return low

    def real(
        self,
        name: str,  # noqa: ARG002
        low: float,
        high: float,  # noqa: ARG002
        *,
        step: float | None = None,  # noqa: ARG002
        log: bool = False,  # noqa: ARG002
    ) -> float:
        return low


class _Once:
    """Asks for each name once: a shared parameter has one value in a candidate."""

    def __init__(self, inner: Suggest) -> None:
        self._inner = inner
        self._answers: dict[str, Scalar] = {}

    def choice(self, name: str, options: Sequence[Scalar]) -> Scalar:
        if name not in self._answers:
            self._answers[name] = self._inner.choice(name, options)
        return self._answers[name]

    def integer(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        if name not in self._answers:
            self._answers[name] = self._inner.integer(name, low, high, step=step, log=log)
        return int(self._answers[name])

    def real(self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False) -> float:
        if name not in self._answers:
            self._answers[name] = self._inner.real(name, low, high, step=step, log=log)
        return float(self._answers[name])
