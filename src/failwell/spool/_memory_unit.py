"""One unit in memory, read like a unit on disk."""

import sys
import threading
from array import array
from collections import deque
from collections.abc import Callable, Iterator

from failwell.records import Stacks
from failwell.spool._counter_image import Counter, CounterImage
from failwell.spool._counters import SLOTS
from failwell.spool._frame import FrameKind, SpoolFrame

_MAX_BYTES = 64 * 1024 * 1024
_MAX_STACKS = 5_000
_MAX_USERS = 10_000


class MemoryUnit:
    """Counters and a bounded ring of records; offsets count its frames.

    Args:
        unit_id: Its name.
        limit: Records that it keeps, the newest; 64 MiB at most.
    """

    damaged_bytes = 0
    """Memory is never damaged."""

    def __init__(self, unit_id: str, limit: int) -> None:
        self.id = unit_id
        self.is_live = True
        """Whether more may be written to it."""
        self.is_removed = False
        self._limit = limit
        self._lock = threading.RLock()
        self._end = 0
        self._bytes = 0
        self._slots: dict[tuple[bytes, int], int] = {}
        self._definitions: dict[bytes, SpoolFrame] = {}
        self._stacks: dict[bytes, SpoolFrame] = {}
        self._users: dict[bytes, SpoolFrame] = {}
        self._records: deque[SpoolFrame] = deque()

    def size(self) -> int:
        """Return the offset behind the last frame."""
        return self._end

    def adopt(self) -> bool:
        """Return whether nothing more is written to it."""
        return not self.is_live

    def release(self) -> None:
        """Do nothing: adopting takes nothing from others."""

    def remove(self) -> None:
        """Forget an adopted unit.

        Raises:
            RuntimeError: It is still written.
        """
        if self.is_live:
            message = f"unit {self.id} is still written: adopt() it first"
            raise RuntimeError(message)
        self.is_removed = True

    def counters(self) -> list[Counter]:
        """Return a reading of every counter."""
        return self.image().counters()

    def image(self) -> CounterImage:
        """Return the counters as they are now, to see later which have grown."""
        words = array("Q")
        with self._lock:
            for (key, minute), count in self._slots.items():
                words.extend((int.from_bytes(key, sys.byteorder), minute, count))
        return CounterImage(words.tobytes())

    def frames(self, offset: int = 0) -> Iterator[SpoolFrame]:
        """Yield the frames behind an offset that are still there."""
        with self._lock:
            kept = (self._definitions, self._stacks, self._users)
            frames = [*self._records]
            for known in kept:
                frames += known.values()
        frames.sort(key=lambda frame: frame.end)
        yield from (frame for frame in frames if frame.end > offset)

    def append(self, payload: bytes, stacks: Stacks = ()) -> int:
        """Keep a record and its stacks; return how many old records had to go for it."""
        dropped = 0
        with self._lock:
            for key, frames in stacks:
                if key not in self._stacks:
                    if len(self._stacks) >= _MAX_STACKS:
                        del self._stacks[next(iter(self._stacks))]
                    frame = self._frame_locked(FrameKind.STACK, key + frames)
                    self._stacks[key] = frame
            self._records.append(self._frame_locked(FrameKind.RECORD, payload))
            self._bytes += len(payload)
            while len(self._records) > self._limit or self._bytes > _MAX_BYTES:
                self._bytes -= len(self._records.popleft().payload)
                dropped += 1
        return dropped

    def note_user(self, key: bytes, user: bytes) -> None:
        """Keep one who met what a key counts, where this unit counts the key."""
        noted = key + user
        with self._lock:
            if key not in self._definitions or noted in self._users:
                return
            if len(self._users) >= _MAX_USERS:
                del self._users[next(iter(self._users))]
            self._users[noted] = self._frame_locked(FrameKind.USER, noted)

    def count(self, key: bytes, minute: int, definition: Callable[[], bytes]) -> bool:
        """Add one to a key in a minute; return False where no slot is free."""
        with self._lock:
            known = self._slots.get((key, minute), 0)
            if not known:
                if len(self._slots) >= SLOTS:
                    return False
                if key not in self._definitions:
                    frame = self._frame_locked(FrameKind.DEFINITION, key + definition())
                    self._definitions[key] = frame
            self._slots[key, minute] = known + 1
        return True

    def record_count(self) -> int:
        """Return how many records it holds."""
        return len(self._records)

    def _frame_locked(self, kind: FrameKind, payload: bytes) -> SpoolFrame:
        self._end += 1
        return SpoolFrame(kind, payload, self._end)
