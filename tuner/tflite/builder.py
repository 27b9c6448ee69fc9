"""What the generated code packs a model into: bytes, or merely their number."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray

IDENTIFIER = b"TFL3"
_ALIGNMENT = 16
"""Of constant data, as the schema demands: kernels may load it in vectors."""

# ruff: noqa: N802 - the names are those that the generated code calls


class _Sharing:
    """Stores equal vectors of indices and sizes, and of more than one zero, once.

    What depends on the data (scales, a single zero point) never shares, lest the size depend on it too.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._shared: dict[tuple[str, bytes], int] = {}

    def CreateNumpyVector(self, x: NDArray[Any]) -> int:
        create = super().CreateNumpyVector  # type: ignore[misc]
        if x.dtype == np.float32 or (x.dtype == np.int64 and (len(x) < 2 or x.any())):
            return int(create(x))
        key = (x.dtype.str, x.tobytes())
        if key not in self._shared:
            self._shared[key] = create(x)
        return self._shared[key]


class PackingBuilder(_Sharing, flatbuffers.Builder):  # type: ignore[misc]
    """FlatBuffers' own builder."""

    def aligned_vector(self, data: Any) -> int:
        """Append constant data; the generated code ignores the schema's `force_align`."""
        self.StartVector(1, len(data), _ALIGNMENT)
        self.head -= len(data)
        self.Bytes[self.head : self.head + len(data)] = memoryview(data)
        return int(self.EndVector())

    def packed(self, root: int) -> bytes:
        """Return the file whose root table stands at that offset."""
        self.Finish(root, IDENTIFIER)
        return bytes(self.Output())


class _Counting:
    """FlatBuffers' builder without the bytes: it keeps the offset that each write would lead to.

    Written back to front, as FlatBuffers are; an offset counts from the end of the file.
    """

    def __init__(self) -> None:
        self._offset = 0
        self._largest_alignment = 1
        self._slots: list[int] = []
        self._object_end = 0
        self._tables: set[tuple[int, ...]] = set()

    def StartObject(self, fields: int) -> None:
        self._slots = [0] * fields
        self._object_end = self._offset

    def EndObject(self) -> int:
        self._write(4)
        start = self._offset
        while self._slots and not self._slots[-1]:
            self._slots.pop()
        table = (start - self._object_end, *(slot and start - slot for slot in self._slots))
        if table not in self._tables:
            self._tables.add(table)
            self._align(2, 0)
            self._offset += 2 * (len(self._slots) + 2)
        return start

    def StartVector(self, size: int, count: int, alignment: int) -> int:
        self._align(4, size * count)
        self._align(alignment, size * count)
        return self._offset

    def EndVector(self) -> int:
        self._offset += 4
        return self._offset

    def CreateNumpyVector(self, x: NDArray[Any]) -> int:
        self.StartVector(x.itemsize, x.size, x.dtype.alignment)
        self._offset += x.nbytes
        return self.EndVector()

    def PrependUOffsetTRelative(self, offset: int) -> None:  # noqa: ARG002 (where it leads does not matter)
        self._write(4)

    def PrependUOffsetTRelativeSlot(self, slot: int, offset: int, default: int) -> None:
        self._slot(4, slot, offset, default)

    def PrependBoolSlot(self, slot: int, value: bool, default: bool) -> None:
        self._slot(1, slot, value, default)

    def PrependInt8Slot(self, slot: int, value: int, default: int) -> None:
        self._slot(1, slot, value, default)

    def PrependUint8Slot(self, slot: int, value: int, default: int) -> None:
        self._slot(1, slot, value, default)

    def PrependInt32Slot(self, slot: int, value: int, default: int) -> None:
        self._slot(4, slot, value, default)

    def PrependUint32Slot(self, slot: int, value: int, default: int) -> None:
        self._slot(4, slot, value, default)

    def PrependFloat32Slot(self, slot: int, value: float, default: float) -> None:
        self._slot(4, slot, value, default)

    def PrependInt64Slot(self, slot: int, value: int, default: int) -> None:
        self._slot(8, slot, value, default)

    def PrependUint64Slot(self, slot: int, value: int, default: int) -> None:
        self._slot(8, slot, value, default)

    def _slot(self, size: int, slot: int, value: float, default: float) -> None:
        if value != default:
            self._write(size)
            self._slots[slot] = self._offset

    def _write(self, size: int) -> None:
        self._offset += -self._offset % size + size
        self._largest_alignment = max(self._largest_alignment, size)

    def _align(self, size: int, following: int) -> None:
        self._offset += -(self._offset + following) % size
        self._largest_alignment = max(self._largest_alignment, size)


class CountingBuilder(_Sharing, _Counting):
    """Tells how many bytes `PackingBuilder` would pack, a few times faster and for constants that are not there."""

    def aligned_vector(self, data: Any) -> int:
        """Count constant data, of which only the length is looked at."""
        self.StartVector(1, len(data), _ALIGNMENT)
        self._offset += len(data)
        return self.EndVector()

    def packed_size(self, root: int) -> int:
        """Return the size of the file whose root table stands at that offset."""
        self._align(self._largest_alignment, 4 + len(IDENTIFIER))
        self._offset += len(IDENTIFIER)
        self.PrependUOffsetTRelative(root)
        return self._offset
