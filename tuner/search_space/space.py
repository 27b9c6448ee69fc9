"""A search space: what may be, and candidates drawn from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tuner.candidate import Block, Candidate, Settings, Training, Window
from tuner.search.problem import Suggest
from tuner.search_space.schema import Alternative, SpaceSpec, TrainingSpec, WindowSpec
from tuner.search_space.values import Constant, Options, Range

Choice = TypeVar("Choice", bound=Alternative)


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

    def sample(self, suggest: Suggest) -> Candidate:
        """Draw a candidate; the names asked of `suggest` are its parameters."""
        window = _window(self.spec.window, suggest)
        block = _chosen("preprocessing", self.spec.preprocessing, suggest)
        path, fitting = self._architectures(block.name)
        return Candidate(
            window=window,
            preprocessing=(Block(_settings("preprocessing", block, suggest), block.axes),),
            architecture=_settings("architecture", _chosen(path, fitting, suggest), suggest),
            training=_training(self.spec.training, suggest),
            compression=_drawn("compression", self.spec.compression, suggest),
        )

    def size(self) -> int | None:
        """Number of candidates; `None` if a range is continuous."""
        window, training = self.spec.window, self.spec.training
        values = [window.size_ms, window.stride, window.stride_ms, window.frequency_hz, window.zero_pad]
        values += [training.batch_size, training.epochs, training.patience, training.class_weights]
        models = [
            _product([_size([block]), _size(self._architectures(block.name)[1])]) for block in self.spec.preprocessing
        ]
        choices = [_size(training.optimizer), _size(training.loss), _size(self.spec.compression)]
        return _product([*(value.size for value in values if value is not None), *choices, _sum(models)])

    def parameters(self) -> dict[str, Options | Range]:
        """Return everything that may be asked for, by name."""
        spec, training = self.spec, self.spec.training
        found: dict[str, Constant | Options | Range | None] = {
            f"window.{name}": getattr(spec.window, name) for name in type(spec.window).model_fields
        }
        found |= _alternatives("preprocessing", spec.preprocessing)
        for block in spec.preprocessing:
            path, fitting = self._architectures(block.name)
            found |= _alternatives("architecture", fitting, choice=path)
        found |= _alternatives("training.optimizer", training.optimizer)
        for name in ("batch_size", "epochs", "patience", "class_weights"):
            found[f"training.{name}"] = getattr(training, name)
        found |= _alternatives("training.loss", training.loss) | _alternatives("compression", spec.compression)
        return {name: value for name, value in found.items() if isinstance(value, Options | Range)}

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


def _window(spec: WindowSpec, suggest: Suggest) -> Window:
    size = float(spec.size_ms.draw(suggest, "window.size_ms"))
    if spec.stride_ms is not None:
        stride = float(spec.stride_ms.draw(suggest, "window.stride_ms"))
    else:
        assert spec.stride is not None
        stride = size * float(spec.stride.draw(suggest, "window.stride"))
    frequency = spec.frequency_hz
    return Window(
        size_ms=size,
        stride_ms=stride,
        frequency_hz=None if frequency is None else float(frequency.draw(suggest, "window.frequency_hz")),
        zero_pad=bool(spec.zero_pad.draw(suggest, "window.zero_pad")),
    )


def _training(spec: TrainingSpec, suggest: Suggest) -> Training:
    return Training(
        optimizer=_drawn("training.optimizer", spec.optimizer, suggest),
        batch_size=int(spec.batch_size.draw(suggest, "training.batch_size")),
        epochs=int(spec.epochs.draw(suggest, "training.epochs")),
        patience=int(spec.patience.draw(suggest, "training.patience")),
        class_weights=bool(spec.class_weights.draw(suggest, "training.class_weights")),
        loss=_drawn("training.loss", spec.loss, suggest),
    )


def _chosen(path: str, alternatives: Sequence[Choice], suggest: Suggest) -> Choice:
    if len(alternatives) == 1:
        return alternatives[0]
    name = suggest.choice(path, [alternative.name for alternative in alternatives])
    return next(alternative for alternative in alternatives if alternative.name == name)


def _alternatives(
    path: str, alternatives: Sequence[Alternative], *, choice: str = ""
) -> dict[str, Constant | Options | Range]:
    """Return the parameters of alternatives; that of the choice among them is called `choice`, or as the path."""
    found: dict[str, Constant | Options | Range] = {}
    if len(alternatives) > 1:
        found[choice or path] = Options(tuple(alternative.name for alternative in alternatives))
    for alternative in alternatives:
        found |= {f"{path}.{alternative.name}.{name}": value for name, value in alternative.parameters.items()}
    return found


def _settings(path: str, alternative: Alternative, suggest: Suggest) -> Settings:
    drawn = (
        (name, value.draw(suggest, f"{path}.{alternative.name}.{name}"))
        for name, value in alternative.parameters.items()
    )
    return Settings(alternative.type, tuple(drawn))


def _drawn(path: str, alternatives: Sequence[Alternative], suggest: Suggest) -> Settings:
    return _settings(path, _chosen(path, alternatives, suggest), suggest)


def _size(alternatives: Iterable[Alternative]) -> int | None:
    return _sum(_product(value.size for value in alternative.parameters.values()) for alternative in alternatives)


def _product(sizes: Iterable[int | None]) -> int | None:
    known = list(sizes)
    return None if None in known else math.prod(size for size in known if size is not None)


def _sum(sizes: Iterable[int | None]) -> int | None:
    known = list(sizes)
    return None if None in known else sum(size for size in known if size is not None)
