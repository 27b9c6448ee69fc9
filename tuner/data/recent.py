"""Files that were read lately, so that cutting a data set in many ways parses each of its tables once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from tuner.data.dataset import Float32

Parts = dict[str, Float32]


class RecentFiles:
    """The parts of the files read last, up to a number of bytes; the last one is kept whatever its size."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._files: OrderedDict[Hashable, Parts] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, read: Callable[[], Parts]) -> Parts:
        """Return the parts under a key; call `read` if they are not there."""
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
                return self._files[key]
        parts = read()
        with self._lock:
            if key not in self._files:
                self._files[key] = parts
                self._bytes += _size(parts)
            while self._bytes > self._most_bytes and len(self._files) > 1:
                _, oldest = self._files.popitem(last=False)
                self._bytes -= _size(oldest)
        return parts


def _size(parts: Parts) -> int:
    return sum(values.nbytes for values in parts.values())
