"""Counts that found no place on the disk yet."""

import errno

_MAX_COUNTERS = 10_000


class Backlog:
    """Counts by key and minute, kept in memory until they can be written.

    Calls need the writer's lock.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[bytes, int], int] = {}
        self._definitions: dict[bytes, bytes] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def definition(self, key: bytes) -> bytes | None:
        """Return what a waiting key counts, None when it does not wait."""
        return self._definitions.get(key)

    def add(self, key: bytes, minute: int, number: int, definition: bytes) -> None:
        """Add to what waits for a key in a minute.

        Raises:
            OSError: With `ENOSPC`: 10,000 counters wait already.
        """
        known = self._counts.get((key, minute), 0)
        if not known and len(self._counts) >= _MAX_COUNTERS:
            message = "neither disk nor memory has room for another counter"
            raise OSError(errno.ENOSPC, message)
        self._definitions[key] = definition
        self._counts[key, minute] = known + number

    def take(self) -> tuple[bytes, int, int, bytes]:
        """Remove one and return its key, minute, number and definition."""
        (key, minute), number = self._counts.popitem()
        definition = self._definitions[key]
        if not self._counts:
            self._definitions.clear()
        return key, minute, number, definition
