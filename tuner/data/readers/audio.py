"""Sound files."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from tuner.data.dataset import Dataset, Float32, Problem, Recording
from tuner.data.description import Description
from tuner.data.folder import Folder, group_of
from tuner.data.reader import BadFileError, FileReader, Scanned, check_values, meaning_of, rate_of

if TYPE_CHECKING:
    import soundfile

_FULL_SCALE: Final = 32768.0
"""Sound is in units of a 16-bit sample, as a microphone's driver delivers it; in files it reaches from -1 to 1."""

_BLOCK_FRAMES = 1 << 18
"""Frames held at a time, whatever a file's length."""


@dataclass(frozen=True)
class AudioReader(FileReader):
    """Files ending in .wav, .flac or .ogg, one recording each, streamed."""

    name: ClassVar[str] = "audio"
    suffixes: ClassVar[tuple[str, ...]] = (".wav", ".flac", ".ogg")

    def scan_file(self, folder: Folder, name: str, description: Description) -> Iterator[Scanned | Problem]:
        """Read a file from end to end."""
        try:
            label, target = meaning_of(folder, name, description)
            scanned = _scan(folder.path(name))
            yield Scanned(
                Recording(
                    id=name,
                    shape=(scanned.frames, scanned.channels),
                    frequency_hz=rate_of(scanned.frequency_hz, description),
                    digest=scanned.digest,
                    label=label,
                    target=target,
                    group=group_of(name, description),
                    split=folder.split_of(name, description),
                    path=name,
                    session=name,
                ),
                _axes(scanned.channels, description),
                sample_bytes=2,
            )
        except BadFileError as error:
            yield error.problem(name)
        except OSError as error:
            yield Problem(name, f"cannot be read: {error.strerror or error}")

    def load(self, dataset: Dataset, recording: Recording, start: int, stop: int) -> Float32:
        """Read a stretch of a file."""
        try:
            with _open(dataset.root / recording.path) as sound:
                if stop > sound.frames:
                    return np.empty((0, recording.shape[1]), np.float32)
                sound.seek(start)
                values: Float32 = sound.read(stop - start, dtype="float32", always_2d=True)
        except (BadFileError, OSError, RuntimeError):
            return np.empty((0, recording.shape[1]), np.float32)
        return np.multiply(values, np.float32(_FULL_SCALE), out=values)


@dataclass(frozen=True, slots=True)
class _Scan:
    frames: int
    channels: int
    frequency_hz: float
    digest: str


def _open(path: Path) -> soundfile.SoundFile:
    import soundfile  # noqa: PLC0415  only sound needs it

    if not path.stat().st_size:
        raise BadFileError("is empty")
    try:
        return soundfile.SoundFile(str(path))
    except (soundfile.LibsndfileError, TypeError) as error:
        raise BadFileError(f"is no sound that can be read: {_message(error)}") from error


def _scan(path: Path) -> _Scan:
    """Read a file from end to end, block by block.

    The digest is that of the samples, so that a header does not hide a copy; of lossy sound that of the file, for
    decoders differ in the last bit.
    """
    _check_length(path)
    with _open(path) as sound:
        lossy = sound.format == "OGG"
        content = hashlib.sha256(f"{sound.channels} {sound.samplerate} {sound.subtype}".encode())
        frames = 0
        kind = "int16" if sound.subtype in {"PCM_16", "PCM_S8", "PCM_U8"} else "float32"
        try:
            while len(block := sound.read(_BLOCK_FRAMES, dtype=kind, always_2d=True)):
                if kind == "float32":
                    check_values(block)
                if not lossy:
                    content.update(block.astype(block.dtype.newbyteorder("<"), copy=False).tobytes())
                frames += len(block)
        except RuntimeError as error:
            raise BadFileError(f"breaks off after {frames} of {sound.frames} frames: {_message(error)}") from error
        if frames != sound.frames:
            raise BadFileError(f"is truncated: it promises {sound.frames} frames and holds {frames}")
        if not frames:
            raise BadFileError("holds no values")
        if lossy:
            with path.open("rb") as file:
                content.update(hashlib.file_digest(file, "sha256").digest())
        return _Scan(frames, sound.channels, float(sound.samplerate), content.hexdigest())


def _check_length(path: Path) -> None:
    """Hold what a WAV's header promises against what is there, which the decoder does not do.

    Raises:
        BadFileError: the file ends before its sound does.
    """
    with path.open("rb") as file:
        head = file.read(12)
        if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return
        size = path.stat().st_size
        while len(chunk := file.read(8)) == 8:
            name, promised = struct.unpack("<4sI", chunk)
            if name == b"data":
                there = size - file.tell()
                # A program that writes to a pipe cannot know the length and leaves it at this.
                if promised not in {0xFFFFFFFF, 0x7FFFFFFF} and promised > there:
                    raise BadFileError(f"is truncated: its header promises {promised} bytes of sound, it holds {there}")
                return
            file.seek(promised + promised % 2, 1)
        raise BadFileError("has no sound in it")


def _axes(channels: int, description: Description) -> tuple[str, ...]:
    usual = ("audio",) if channels == 1 else tuple(f"audio{index + 1}" for index in range(channels))
    return description.axes if description.axes is not None and len(description.axes) == channels else usual


def _message(error: Any) -> str:
    return str(getattr(error, "error_string", error)).strip().rstrip(".")
