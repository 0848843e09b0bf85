"""What a file of counters holds at one moment, and what has grown since another.

    offset  size  field
    0       8     magic and version of this layout
    8       16    reserved
    24*n    8     slot n from 1: the key, as its bytes
    24*n+8  8     slot n: the minute, whole minutes since 1970-01-01 UTC
    24*n+16 8     slot n: the count, 0 while the slot is not in use

Numbers are 8 bytes, aligned, in the machine's own order: the file never leaves it.

Owns the reading; refuses to believe a file that another version wrote.
"""

import errno
import os
import sys
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import msgspec

from failwell.spool._platform import READ

KEY_SIZE = 8
_NAME = b"FWCOUNT"
MAGIC = _NAME + b"\x01"
WORDS = 3
SLOT_SIZE = 8 * WORDS

_STRIDE = 256 * SLOT_SIZE
"""Bytes that are compared at once: of those that are the same none is decoded."""


class Counter(msgspec.Struct, frozen=True, gc=False):
    """One reading of a counter. It only ever grows."""

    slot: int
    key: bytes
    minute: int
    count: int


class CounterImage(msgspec.Struct, frozen=True, gc=False):
    """The counters of a unit at one moment."""

    slots: bytes = b""
    """Key, minute and count of each slot, from slot 1 on."""
    damaged_bytes: int = 0
    """What could not be read."""

    def counters(self) -> list[Counter]:
        """Return a reading of every slot in use."""
        return self.since(CounterImage())

    def since(self, earlier: "CounterImage") -> list[Counter]:
        """Return the counters that have changed: most never do again."""
        changed: list[Counter] = []
        for start in range(0, len(self.slots), _STRIDE):
            new = self.slots[start : start + _STRIDE]
            old = earlier.slots[start : start + _STRIDE]
            if new != old:
                before = {c.slot: c.count for c in _decode(old, start)}
                changed += [
                    counter
                    for counter in _decode(new, start)
                    if counter.count != before.get(counter.slot)
                ]
        return changed


def _decode(slots: bytes, start: int) -> Iterator[Counter]:
    # What follows the last slot in use is zeros: thousands of slots at first.
    if not slots.strip(b"\0"):
        return
    words = memoryview(slots).cast("Q").tolist()
    triples = zip(words[0::3], words[1::3], words[2::3], strict=True)
    for slot, (key, minute, count) in enumerate(triples, start // SLOT_SIZE + 1):
        if count:
            yield Counter(slot, key.to_bytes(KEY_SIZE, sys.byteorder), minute, count)


def read_counters(path: Path, most: int) -> CounterImage:
    """Return what a file counts; a missing one counts nothing.

    Args:
        path: The file.
        most: How many slots it can have.

    Raises:
        OSError: It cannot be read, or a newer failwell wrote it.
    """
    try:
        fd = os.open(path, READ)
    except FileNotFoundError:
        return CounterImage()
    with FileIO(fd) as file:
        # One read: the kernel copies aligned words whole.
        content = file.read(SLOT_SIZE * (most + 1))
    begun = content[: len(MAGIC)]
    if begun[:-1] == _NAME and begun != MAGIC:
        message = "counters that a newer failwell wrote; ship them with that version"
        raise OSError(errno.ENOTSUP, message)
    # A power cut may have taken the first page, which leaves zeros, and no other.
    if any(begun) and not MAGIC.startswith(begun):
        return CounterImage(damaged_bytes=len(content))
    return CounterImage(content[SLOT_SIZE : len(content) - len(content) % SLOT_SIZE])
