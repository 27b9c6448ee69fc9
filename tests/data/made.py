"""Data sets as values, without files."""

from pathlib import Path

from tuner.data.dataset import Dataset, Float32, Recording
from tuner.data.description import Description


class NoFiles:
    name = "none"

    def load(self, dataset: Dataset, recording: Recording, start: int, stop: int) -> Float32:
        raise NotImplementedError


def dataset_of(labels: int = 2, people: int = 5, each: int = 2, pieces: int = 1) -> Dataset:
    recordings = []
    for label in range(labels):
        for person in range(people):
            for n in range(each):
                for piece in range(pieces):
                    session = f"class{label}/p{person}_{n}.csv"
                    recordings.append(
                        Recording(
                            id=f"{session}@{piece:03d}",
                            shape=(100, 3),
                            frequency_hz=50.0,
                            digest=f"{session}@{piece}",
                            label=f"class{label}",
                            group=f"p{person}",
                            path=session,
                            session=session,
                        )
                    )
    recordings.sort(key=lambda recording: recording.id)
    return Dataset("made", Path("/nowhere"), NoFiles(), Description(), ("x", "y", "z"), 50.0, 4, tuple(recordings))
