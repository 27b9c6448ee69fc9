"""Converted models on disk: those of the front and the best few, not of every trial."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from tuner.errors import StoreError
from tuner.files import write_atomically
from tuner.record import Artifact


class ArtifactFolder:
    """A folder of `.tflite` files, one a trial, and of the weights of trainings that may go on.

    Files appear whole or not at all.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, number: int, model: bytes) -> None:
        """Keep the model of a trial.

        Raises:
            StoreError: it could not be written.
        """
        self._write(self._path(number), model)

    def get(self, number: int, artifact: Artifact) -> bytes:
        """Return the model of a trial.

        Raises:
            StoreError: it was not kept, or the file is not what was recorded.
        """
        path = self._path(number)
        try:
            model = path.read_bytes()
        except FileNotFoundError:
            raise StoreError(
                f"trial {number}: its model was not kept",
                hint="models are kept for the fronts and the best few trials",
            ) from None
        if hashlib.sha256(model).hexdigest() != artifact.sha256:
            raise StoreError(f"{path}: is not the model that was recorded for trial {number}")
        return model

    def weights(self, number: int) -> bytes:
        """Return the weights that a part of a trial's training left, nothing if there are none."""
        try:
            return self._weights_path(number).read_bytes()
        except FileNotFoundError:
            return b""

    def put_weights(self, number: int, weights: bytes) -> None:
        """Keep the weights of a trial to go on from; given nothing, forget them."""
        if not weights:
            self._weights_path(number).unlink(missing_ok=True)
            return
        self._write(self._weights_path(number), weights)

    def keep(self, numbers: Collection[int]) -> None:
        """Delete the models of all other trials."""
        wanted = {self._path(number).name for number in numbers}
        for path in self._folder.glob("trial-*.tflite"):
            if path.name not in wanted:
                path.unlink(missing_ok=True)

    def _weights_path(self, number: int) -> Path:
        return self._folder / f"trial-{number:05d}.weights.npz"

    def _write(self, path: Path, content: bytes) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
        except OSError as error:
            hint = "free some disk space, then `tuner resume`: nothing that was recorded is lost"
            raise StoreError(f"{path}: cannot be written: {error.strerror}", hint=hint) from error

    def _path(self, number: int) -> Path:
        return self._folder / f"trial-{number:05d}.tflite"
