"""The file of counters: what was counted survives the process without a system call.

    offset  size  field
    0       8     magic and version of this layout
    8       16    reserved
    24*n    8     slot n from 1: the key, as its bytes
    24*n+8  8     slot n: the minute, whole minutes since 1970-01-01 UTC
    24*n+16 8     slot n: the count, 0 while the slot is not in use

Numbers are 8 bytes, aligned, in the machine's own order: the file never leaves it.
"""

import contextlib
import errno
import mmap
import os
import sys
from io import FileIO
from pathlib import Path

import msgspec

from failwell.spool._platform import MAP_NEW, PRIVATE, READ, allocate, sync_map

SLOTS = 8192
"""Slots of a file, each for one key in one minute: 192 KiB."""
KEY_SIZE = 8

_NAME = b"FWCOUNT"
_MAGIC = _NAME + b"\x01"
_BLOCK = 4096
_ZEROS = bytes(_BLOCK)
_WORDS = 3
_SLOT_SIZE = 8 * _WORDS


class Counter(msgspec.Struct, frozen=True):
    """One reading of a counter. It only ever grows."""

    slot: int
    key: bytes
    minute: int
    count: int


class CounterFile:
    """A new file of counters, mapped into memory. Calls need the writer's lock.

    Args:
        path: Where; nothing may be there yet.
        slots: How many (key, minute) it has room for.

    Raises:
        OSError: It cannot be made; nothing is left behind.
    """

    def __init__(self, path: Path, slots: int = SLOTS) -> None:
        size = _SLOT_SIZE * (slots + 1)
        self._path = path
        self._fd = os.open(path, MAP_NEW, PRIVATE)
        try:
            allocate(self._fd, size)
            self._map = mmap.mmap(self._fd, size)
        except BaseException:
            os.close(self._fd)
            path.unlink(missing_ok=True)
            raise
        self._map[: len(_MAGIC)] = _MAGIC
        # The words are stored whole. struct.pack_into stores byte by byte, and a kill
        # in between left wrong counts.
        self._words = memoryview(self._map).cast("Q")
        self._places: dict[bytes, tuple[int, int]] = {}
        self._free = _WORDS

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
        self._free = at + _WORDS
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


def read_counters(path: Path) -> tuple[list[Counter], int]:
    """Return what a file counts, in use or not, and how many bytes are damaged.

    A missing file counts nothing.

    Raises:
        OSError: It cannot be read, or a newer failwell wrote it.
    """
    try:
        fd = os.open(path, READ)
    except FileNotFoundError:
        return [], 0
    with FileIO(fd) as file:
        # One read: the kernel copies aligned words whole.
        content = file.read(_SLOT_SIZE * (SLOTS + 1))
    begun = content[: len(_MAGIC)]
    if begun[:-1] == _NAME and begun != _MAGIC:
        message = "counters that a newer failwell wrote; ship them with that version"
        raise OSError(errno.ENOTSUP, message)
    # A power cut may have taken the first page, which leaves zeros, and no other.
    if any(begun) and not _MAGIC.startswith(begun):
        return [], len(content)
    # Slots are taken in order, so what follows the last one is zeros: not looked at,
    # for a shipper reads this file again and again.
    used = -(-_end_of_data(content) // _SLOT_SIZE) * _SLOT_SIZE
    whole = content[: min(used, len(content) - len(content) % _SLOT_SIZE)]
    words = memoryview(whole).cast("Q").tolist()
    slots = zip(words[3::3], words[4::3], words[5::3], strict=True)
    counters = [
        Counter(slot, key.to_bytes(KEY_SIZE, sys.byteorder), minute, count)
        for slot, (key, minute, count) in enumerate(slots, 1)
        if count
    ]
    return counters, 0


def _end_of_data(content: bytes) -> int:
    """Return the length without the zeros at the end: `rstrip`, 20 times as fast."""
    end = len(content)
    while end >= _BLOCK and content[end - _BLOCK : end] == _ZEROS:
        end -= _BLOCK
    return len(content[:end].rstrip(b"\0"))
