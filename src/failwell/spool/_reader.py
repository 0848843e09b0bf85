"""The frames of a segment, past whatever damage it has, in bounded memory.

Owns the rules of recovery: a frame that is not whole yet ends the reading; damage with
a whole frame behind it is passed over and counted, never what is true.
"""

import errno
from collections.abc import Callable, Iterator
from typing import NamedTuple

from failwell.spool._frame import (
    HEADER_SIZE,
    MAGIC,
    MAX_PAYLOAD,
    PADDING,
    VERSION,
    Decoded,
    Flaw,
    FrameKind,
    SpoolFrame,
    decode,
)

WINDOW = 2 * (MAX_PAYLOAD + HEADER_SIZE)
"""Bytes read at once; every frame that begins in the first half ends within."""
# To look one up costs a tenth of what calling the enumeration does.
_KINDS = {kind.value: kind for kind in FrameKind}


class Gap(NamedTuple):
    """Bytes between whole frames that belong to none."""

    start: int
    end: int


class FrameReader:
    """Reads a segment of which other processes may be writing the end.

    Args:
        read: Returns up to so many bytes from an offset, fewer only at the end.
        offset: Where to begin, the end of a frame.
        limit: The segment's size; nothing behind it is looked at.
    """

    def __init__(
        self, read: Callable[[int, int], bytes], offset: int, limit: int
    ) -> None:
        self._read = read
        self._offset = offset
        self._limit = limit
        self._good_end = offset
        self._ends_torn = True
        self._suspect = -1
        self.gaps: list[Gap] = []
        """What was passed over so far because no whole frame was in it."""
        self.damaged = 0
        """How many bytes that was."""

    def frames(self) -> Iterator[SpoolFrame]:
        """Yield the whole frames up to the limit.

        Raises:
            OSError: The segment cannot be read, or a newer failwell wrote it.
        """
        while window := self._window():
            at, found = 0, decode(window, 0)
            while isinstance(found, Decoded):
                frame = self._accept(found, at)
                at = found.end
                if frame is not None:
                    yield frame
                found = decode(window, at)
            self._offset += at
            if at == 0 and not self._pass_over(window, found):
                return

    def count_damaged_tail(self) -> None:
        """Count what lies behind the last whole frame, once no more is written.

        A frame that was begun and never finished is no damage: nobody was told that
        it is kept.
        """
        if not self._ends_torn:
            self._note_gap(self._limit)

    def _window(self) -> bytes:
        size = min(WINDOW, self._limit - self._offset)
        return self._read(self._offset, size) if size > 0 else b""

    def _accept(self, found: Decoded, at: int) -> SpoolFrame | None:
        kind = _KINDS.get(found.kind)
        if found.version != VERSION or (kind is None and found.kind != PADDING):
            message = "a frame that a newer failwell wrote; ship it with that version"
            raise OSError(errno.ENOTSUP, message)
        start = self._offset + at
        end = self._offset + found.end
        self._note_gap(start)
        self._good_end = end
        self._ends_torn = True
        return None if kind is None else SpoolFrame(kind, found.payload, end)

    def _note_gap(self, end: int) -> None:
        if end > self._good_end:
            self.gaps.append(Gap(self._good_end, end))
            self.damaged += end - self._good_end

    def _pass_over(self, window: bytes, flaw: Flaw) -> bool:
        """Move on behind a flaw at the window's start; return False at the end."""
        if self._suspect != self._offset:
            # A writer may have been at it: only what is read twice is believed.
            self._suspect = self._offset
            return True
        if self._offset == self._good_end:
            self._ends_torn = flaw is Flaw.SHORT
        more_follows = self._offset + len(window) < self._limit
        at = self._resume(window, more_follows=more_follows)
        self._offset += at
        return at > 0

    def _resume(self, window: bytes, *, more_follows: bool) -> int:
        """Return where behind the window's start to look next, 0 for nowhere."""
        at = window.find(MAGIC, 1)
        while at > 0:
            found = decode(window, at)
            if isinstance(found, Decoded) or (found is Flaw.SHORT and more_follows):
                return at
            at = window.find(MAGIC, at + 1)
        # A magic may straddle the window's end.
        return len(window) - len(MAGIC) + 1 if more_follows else 0
