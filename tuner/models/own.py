"""Models that users bring to a study: Python files that build them, and finished models.

A file `wide.py` is the architecture `wide` in a search space. It holds a function

    def build(params, input_shape, classes):  # → tf_keras.Model

and is run wherever the model is costed or trained. A finished model, `baseline.tflite`, is the architecture `baseline`
and is neither searched nor trained, but costed and scored beside the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

from tuner.candidate import Settings
from tuner.config import validated
from tuner.errors import ConfigError
from tuner.models.network import Output
from tuner.tflite.read import read_graph

CODE = ".py"
_FORMS = {"int8": "int8", "int16": "int16x8"}
"""Compressions by the type of a model's input."""

FINISHED = (".tflite", ".keras", ".h5", ".onnx")
"""What a finished model may be beside the folder of a SavedModel."""


class FinishedModel(BaseModel):
    """What can be said of a finished model in a search space."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float = Field(default=0.0, description="The model reads (feature − mean) / deviation")
    deviation: float = Field(default=1.0, gt=0, description="See mean")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A user's file as it was when the study was made."""

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: Path) -> ModelFile:
        """Return the file as it is now.

        Raises:
            ConfigError: it cannot be read, or is nothing that a model comes in.
        """
        if not path.is_dir() and path.suffix not in (CODE, *FINISHED):
            raise ConfigError(
                f"{path}: is no model of one's own",
                hint=f"a Python file with build(), a SavedModel folder, or a file of {', '.join(FINISHED)}",
            )
        return cls(path, _digest(path))

    @property
    def name(self) -> str:
        """The architecture's type in search spaces and candidates."""
        return self.path.name.partition(".")[0]

    @property
    def is_code(self) -> bool:
        """Whether it builds models rather than being one."""
        return self.path.suffix == CODE

    def check(self, architecture: Settings) -> None:
        """Look at the parameters of a finished model; those of code are known to the code alone.

        Raises:
            ConfigError: one is unknown or wrong.
        """
        if not self.is_code:
            self.finished(architecture)

    def finished(self, architecture: Settings) -> FinishedModel:
        """Return what the architecture says of a finished model.

        Raises:
            ConfigError: a parameter is unknown or wrong.
        """
        return validated(FinishedModel, dict(architecture), source=f"architecture '{self.name}'")

    def input_scale(self, architecture: Settings) -> tuple[float, float] | None:
        """Return mean and deviation by which a finished model wants its features standardised."""
        if self.is_code:
            return None
        said = self.finished(architecture)
        return said.mean, said.deviation

    def make_known(self) -> None:
        """Make the architecture known in this process; code is not run yet.

        Raises:
            ConfigError: the file has changed since the study was made.
        """
        if _digest(self.path) != self.sha256:
            raise ConfigError(
                f"{self.path}: has changed since the study was made", hint="restore the file, or begin a new study"
            )
        _own[self.name] = self

    @property
    def stored_as(self) -> Settings | None:
        """The compression that a finished model comes in, if the file settles it."""
        if self.path.suffix != ".tflite":
            return None
        graph = read_graph(self.path.read_bytes())
        return Settings(_FORMS.get(graph.tensors[graph.inputs[0]].dtype, "float32"))


@dataclass(frozen=True, slots=True)
class OwnModel:
    """A user's model in a candidate."""

    file: ModelFile
    architecture: Settings
    compression: Settings
    shape: tuple[int, ...]
    """Of the features."""
    output: Output


_own: dict[str, ModelFile] = {}

OWN: Mapping[str, ModelFile] = MappingProxyType(_own)
"""The users' models known by now, by the type that search spaces use."""


def _digest(path: Path) -> str:
    files = sorted(found for found in path.rglob("*") if found.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    try:
        for file in files:
            digest.update(file.relative_to(path).as_posix().encode() if path.is_dir() else b"")
            digest.update(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: there is no such model") from error
    return digest.hexdigest()
