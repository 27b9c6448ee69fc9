"""What a search space file holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tuner.errors import nearest
from tuner.search_space.tree import Part, PartValue
from tuner.search_space.values import Constant, Leaf, Shared, Value, parse_value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSpec(_Section):
    """Data that the space is made for; a study's own data may differ."""

    task: str = Field(default="classification", description="What is to be learnt")
    axes: int = Field(ge=1, description="Values per sample, or channels of an image")
    frequency_hz: float = Field(default=1.0, gt=0, description="Samples per second; left out for images")
    image: tuple[int, int] | None = Field(default=None, description="Height and width; left out for series")
    sample_bytes: Literal[1, 2, 4] = Field(default=4, description="Bytes of one value as a device collects it")
    classes: int = Field(ge=1, description="Number of classes; 1 for a regression")


class WindowSpec(_Section):
    """How recordings are cut."""

    name: str = Field(default="", description="Tells several windows apart; size and step if left out")
    size_ms: Value = Field(description="Length of a window in milliseconds")
    stride: Value | None = Field(default=None, description="Step from a window to the next as a share of its length")
    stride_ms: Value | None = Field(default=None, description="The same in milliseconds; one of the two is given")
    frequency_hz: Value | None = Field(
        default=None, description="Rate in hertz to which recordings are resampled first; their own if left out"
    )
    zero_pad: Value = Field(
        default=Constant(value=False),
        description="Whether recordings shorter than a window are filled up with zeros instead of left out",
    )

    @model_validator(mode="after")
    def _one_stride(self) -> Self:
        if (self.stride is None) == (self.stride_ms is None):
            raise ValueError("a window needs either stride (a share of its length) or stride_ms")
        for name in ("size_ms", "stride", "stride_ms", "frequency_hz"):
            _check_positive(name, getattr(self, name))
        _check_kind("zero_pad", self.zero_pad, bool, "true or false")
        if not self.name:
            object.__setattr__(self, "name", self._size_and_step())
        return self

    def _size_and_step(self) -> str:
        step = f"{self.stride_ms.to_json()} ms" if self.stride_ms is not None else f"{self.stride.to_json()}"  # type: ignore[union-attr]
        return f"{self.size_ms.to_json()} ms every {step}"


class Alternative(BaseModel):
    """One of several choices, with parameters of its own: every key beside the named ones is a parameter."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, PartValue]

    type: str = Field(description="Which one")
    name: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9 _-]*$",
        description="Tells alternatives of one type apart; the type if left out",
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.name:
            object.__setattr__(self, "name", self.type)
        return self

    @property
    def parameters(self) -> dict[str, Part]:
        """The alternative's own parameters."""
        return self.__pydantic_extra__


def _as_list(raw: Any) -> Any:
    """Read `flatten` and `{type: flatten}` like `[{type: flatten}]`."""
    if not isinstance(raw, list | tuple):
        raw = [raw]
    return [{"type": item} if isinstance(item, str) else item for item in raw]


class PreprocessingSpec(Alternative):
    """A preprocessing block, or several whose features are put side by side."""

    type: str = Field(default="", description="Which block; left out where there are several")
    axes: tuple[str, ...] = Field(default=(), description="Axes of the data it reads; all if left out")
    blocks: Annotated[tuple[PreprocessingSpec, ...], BeforeValidator(_as_list)] = Field(
        default=(), description="Several blocks at once, e.g. each on axes of its own (sensor fusion)"
    )

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        if bool(self.type) == bool(self.blocks):
            raise ValueError("a preprocessing needs either a type or blocks")
        if self.blocks and (self.parameters or self.axes or not self.name):
            raise ValueError("a preprocessing of several blocks has a name, blocks and no parameters of its own")
        if any(block.blocks for block in self.blocks):
            raise ValueError("blocks cannot be made of blocks")
        _check_distinct(self.blocks)
        return self

    @property
    def parts(self) -> tuple[tuple[str, PreprocessingSpec], ...]:
        """The blocks with the names under which their parameters are asked for."""
        if not self.blocks:
            return ((self.name, self),)
        return tuple((f"{self.name}.{block.name}", block) for block in self.blocks)


class ArchitectureSpec(Alternative):
    """A family of networks."""

    after: tuple[str, ...] = Field(
        default=(), description="Names of the preprocessing alternatives it goes with; all if left out"
    )


class AnomalySpec(Alternative):
    """An anomaly block, or none."""

    beside: tuple[str, ...] = Field(default=(), description="Names of the architectures it goes with; all if left out")


def _window_list(raw: Any) -> Any:
    """Read one window like a list of one; images have none, so any will do."""
    if raw == "image":
        raw = {"size_ms": 1000, "stride": 1}
    return raw if isinstance(raw, list | tuple) else [raw]


def _check_distinct(alternatives: Sequence[Alternative | WindowSpec]) -> None:
    names = [alternative.name for alternative in alternatives]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two alternatives are called '{name}'; give each a name of its own with 'name:'")


class TrainingSpec(_Section):
    """How networks are trained."""

    optimizer: Annotated[tuple[Alternative, ...], BeforeValidator(_as_list), Field(min_length=1)] = Field(
        description="Optimizers with their parameters, e.g. {type: adam, learning_rate: 0.001}; a rate of auto is "
        "found by a range test"
    )
    batch_size: Value = Field(description="Examples per step")
    epochs: Value = Field(description="Passes over the training data, at most")
    patience: Value = Field(description="Epochs without a better validation loss after which training stops")
    class_weights: Value = Field(
        default=Constant(value=True), description="Whether each class counts by the inverse of its share of examples"
    )
    loss: Annotated[tuple[Alternative, ...], BeforeValidator(_as_list), Field(min_length=1)] = Field(
        default=(Alternative.model_validate({"type": "auto"}),),
        description="Losses with their parameters; auto is the task's own",
    )
    augmentation: Annotated[tuple[Alternative, ...], BeforeValidator(_as_list), Field(min_length=1)] = Field(
        default=(Alternative.model_validate({"type": "none"}),),
        description="What is done to training examples: none, or changes to series or images with their parameters",
    )

    @model_validator(mode="after")
    def _checked(self) -> Self:
        for name in ("batch_size", "epochs", "patience"):
            _check_kind(name, getattr(self, name), int, "a whole number")
            _check_positive(name, getattr(self, name))
        _check_kind("class_weights", self.class_weights, bool, "true or false")
        _check_distinct(self.optimizer)
        _check_distinct(self.loss)
        _check_distinct(self.augmentation)
        return self


class SpaceSpec(_Section):
    """A search space."""

    name: str = Field(default="", description="What reports call it; the file's name if left out")
    title: str = Field(default="", description="One line for lists")
    data: DataSpec | None = Field(default=None, description="Typical data, for which `tuner spaces` shows figures")
    parameters: dict[str, Value] = Field(
        default_factory=dict, description="Parameters of the whole space; `$name` stands for one wherever a value may"
    )
    window: Annotated[tuple[WindowSpec, ...], BeforeValidator(_window_list), Field(min_length=1)] = Field(
        description="How recordings are cut, in one way or several; 'image' for images, which are not"
    )
    preprocessing: Annotated[tuple[PreprocessingSpec, ...], BeforeValidator(_as_list), Field(min_length=1)] = Field(
        description="Blocks of which each candidate has one"
    )
    architecture: Annotated[tuple[ArchitectureSpec, ...], BeforeValidator(_as_list), Field(min_length=1)] = Field(
        description="Families of networks of which each candidate has one"
    )
    training: TrainingSpec = Field(description="How networks are trained")
    compression: Annotated[tuple[Alternative, ...], BeforeValidator(_as_list), Field(min_length=1)] = Field(
        description="Forms of the converted model, e.g. [float32, int8]"
    )
    anomaly: Annotated[tuple[AnomalySpec, ...], BeforeValidator(_as_list), Field(min_length=1)] = Field(
        default=(AnomalySpec.model_validate({"type": "none"}),),
        description="Blocks beside the network that tell windows unlike any they were trained on",
    )

    @model_validator(mode="before")
    @classmethod
    def _with_shared_parameters(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("parameters"), dict):
            return data
        shared = {name: parse_value(value) for name, value in data["parameters"].items()}
        return {key: value if key == "parameters" else _resolved(value, shared) for key, value in data.items()}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for alternatives in (self.window, self.preprocessing, self.architecture, self.compression, self.anomaly):
            _check_distinct(alternatives)
        names = {block.name for block in self.preprocessing}
        for architecture in self.architecture:
            for name in architecture.after:
                if name not in names:
                    raise ValueError(
                        f"architecture.{architecture.name}.after: no preprocessing is called '{name}'; "
                        f"there are: {', '.join(sorted(names))}"
                    )
        families = {family.name for family in self.architecture}
        for anomaly in self.anomaly:
            for name in anomaly.beside:
                if name not in families:
                    raise ValueError(
                        f"anomaly.{anomaly.name}.beside: no architecture is called '{name}'; "
                        f"there are: {', '.join(sorted(families))}"
                    )
        for family in sorted(families):
            if not any(self.anomalies_beside(family)):
                raise ValueError(f"architecture.{family}: no anomaly block goes with it, nor none")
        for block in self.preprocessing:
            if not any(self.architectures_after(block.name)):
                raise ValueError(f"preprocessing.{block.name}: no architecture goes with it")
        return self

    def architectures_after(self, preprocessing: str) -> Iterator[ArchitectureSpec]:
        """Yield the families that go with a preprocessing alternative."""
        return (spec for spec in self.architecture if not spec.after or preprocessing in spec.after)

    def anomalies_beside(self, architecture: str) -> Iterator[AnomalySpec]:
        """Yield the anomaly blocks that go with an architecture alternative."""
        return (spec for spec in self.anomaly if not spec.beside or architecture in spec.beside)


def _resolved(raw: Any, shared: Mapping[str, Leaf]) -> Any:
    """Put what is shared in the place of "$name"."""
    if isinstance(raw, dict):
        return {key: _resolved(value, shared) for key, value in raw.items()}
    if isinstance(raw, list | tuple):
        return [_resolved(item, shared) for item in raw]
    if not isinstance(raw, str) or not raw.startswith("$"):
        return raw
    value = shared.get(raw[1:])
    if value is None or isinstance(value, Shared):
        raise ValueError(f"{raw}: there is no such entry in parameters; {nearest(raw[1:], shared)}")
    return Shared(raw[1:], value)


def _check_positive(name: str, value: Leaf | None) -> None:
    for extreme in () if value is None else value.extremes():
        if isinstance(extreme, str | bool) or extreme <= 0:
            raise ValueError(f"{name} is {extreme!r}, expected a number above 0")


def _check_kind(name: str, value: Leaf, kind: type, expected: str) -> None:
    for extreme in value.extremes():
        if type(extreme) is not kind:
            raise ValueError(f"{name} is {extreme!r}, expected {expected}")
