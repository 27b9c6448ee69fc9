"""The arena's two ends, as TensorFlow Lite Micro's `SingleArenaBufferAllocator` fills them.

What lasts grows down from the end (the tail); the plan's buffers and what lasts for a moment grow up from the
start (the head). What the tail takes depends on where the arena ends, for its blocks are aligned.
"""

from __future__ import annotations


class Allocator:
    """Follows a run of allocations and notes how large an arena they need.

    Args:
        end: the arena's size modulo the largest alignment, 16; the arena starts at an aligned address.
    """

    def __init__(self, end: int = 0) -> None:
        self._end = end
        self.tail = 0
        """Bytes taken from the end."""
        self.needed = 0
        """Bytes an arena must have for the allocations so far, if its size modulo 16 is `end`."""
        self._temporary = 0
        self._spare = 0

    def keep(self, size: int, alignment: int = 16) -> None:
        """Take memory for good."""
        tail = self.tail + size
        self.tail = tail + (self._end - tail) % alignment
        # The allocator compares with the head alone, but what lasts must not spoil what is still read.
        self._note(self._temporary - self._spare)

    def borrow(self, size: int, *, spare: int = 0) -> None:
        """Take memory, a multiple of 4 bytes, until the next `resize`; nobody reads the last `spare` bytes of it."""
        self._temporary += size
        self._spare = spare
        self._note(self._temporary)

    def resize(self, head: int) -> None:
        """Give back what was borrowed and set the size of the head."""
        self._temporary = head
        self._spare = 0
        self._note(head)

    def plan(self, buffers: int, bytes_per_buffer: int) -> None:
        """Let the planner work on all that is left, in whole 16-byte blocks."""
        start = self._temporary + -self._temporary % 16
        tail = self.tail + (self._end - self.tail) % 16
        self.needed = max(self.needed, start + tail + buffers * bytes_per_buffer)

    def _note(self, head: int) -> None:
        self.needed = max(self.needed, head + self.tail)
