import numpy as np

from tuner.data.recent import Parts, RecentFiles


def of_bytes(size: int) -> Parts:
    return {"": np.zeros((size // 4, 1), np.float32)}


def test_a_file_is_read_once_as_long_as_there_is_room() -> None:
    recent = RecentFiles(1000)
    read: list[str] = []

    for name in ("a", "b", "a", "b", "a"):
        recent.get(name, lambda name=name: read.append(name) or of_bytes(400))  # type: ignore[func-returns-value]

    assert read == ["a", "b"]


def test_the_file_not_used_for_longest_makes_room() -> None:
    recent = RecentFiles(1000)
    read: list[str] = []

    for name in ("a", "b", "a", "c", "a", "b"):
        recent.get(name, lambda name=name: read.append(name) or of_bytes(400))  # type: ignore[func-returns-value]

    assert read == ["a", "b", "c", "b"]


def test_a_file_larger_than_the_room_is_kept_until_the_next() -> None:
    recent = RecentFiles(1000)
    read: list[str] = []

    for name in ("a", "a", "b", "a"):
        recent.get(name, lambda name=name: read.append(name) or of_bytes(4000))  # type: ignore[func-returns-value]

    assert read == ["a", "b", "a"]
