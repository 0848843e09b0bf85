"""The file of counters: what was counted survives the process without a system call."""

import contextlib
import mmap
import os
import sys
from pathlib import Path

from failwell.spool._counter_image import MAGIC, SLOT_SIZE, WORDS
from failwell.spool._platform import MAP_NEW, PRIVATE, allocate, sync_map

SLOTS = 8192
"""Slots of a file, each for one key in one minute: 192 KiB."""


class CounterFile:
    """A new file of counters, mapped into memory. Calls need the writer's lock.

    Args:
        path: Where; nothing may be there yet.
        slots: How many (key, minute) it has room for.

    Raises:
        OSError: It cannot be made; nothing is left behind.
    """

    def __init__(self, path: Path, slots: int = SLOTS) -> None:
        size = SLOT_SIZE * (slots + 1)
        self._path = path
        self._fd = os.open(path, MAP_NEW, PRIVATE)
        try:
            allocate(self._fd, size)
            self._map = mmap.mmap(self._fd, size)
        except BaseException:
            os.close(self._fd)
            path.unlink(missing_ok=True)
            raise
        self._map[: len(MAGIC)] = MAGIC
        # The words are stored whole. struct.pack_into stores byte by byte, and a kill
        # in between left wrong counts.
        self._words = memoryview(self._map).cast("Q")
        self._places: dict[bytes, tuple[int, int]] = {}
        self._free = WORDS

    def add(self, key: bytes, minute: int, number: int = 1) -> bool:
        """Add to the counter of a key and minute; return False when it has no slot."""
        place = self._places.get(key)
        if place is None or place[0] != minute:
            return False
        self._words[place[1]] += number
        return True

    def knows(self, key: bytes) -> bool:
        """Return whether the key was ever counted here."""
        return key in self._places

    def has_room(self) -> bool:
        """Return whether a slot is free."""
        return self._free < len(self._words)

    def open_slot(self, key: bytes, minute: int, number: int) -> None:
        """Begin to count a key in a minute, in a free slot."""
        at = self._free
        # Taken first and counted last: where a signal handler or a kill ends the call
        # in between, the slot stays empty and is never used twice.
        self._free = at + WORDS
        self._words[at] = int.from_bytes(key, sys.byteorder)
        self._words[at + 1] = minute
        self._words[at + 2] = number
        self._places[key] = (minute, at + 2)

    def sync(self) -> None:
        """Return when what was counted would survive a power cut."""
        sync_map(self._fd, self._map)

    def trim(self) -> None:
        """Cut the free slots off; nobody may count in it any more."""
        if self._fd < 0:
            return
        self._words.release()
        self._map.close()
        # What is left over is zeros: nothing is lost where they cannot be cut off.
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, 8 * self._free)

    def close(self) -> None:
        """Close the file; twice does no harm."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            self._words.release()
            self._map.close()
            os.close(fd)
