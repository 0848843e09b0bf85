"""The spool in memory: for tests, and where no folder can be written."""

import threading
from collections.abc import Callable

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.records import Stacks, Tally
from failwell.spool._counter_image import KEY_SIZE
from failwell.spool._election import ShipperLock
from failwell.spool._folder import new_unit_id
from failwell.spool._frame import check_size
from failwell.spool._memory_unit import MemoryUnit
from failwell.spool._per_process import PerProcess
from failwell.spool._tallies import Tallies

_MAX_UNITS = 4


class MemorySpool:
    """Keeps records and counts in memory, each process its own. Thread-safe.

    Counts are exact; of the records the oldest go first. A unit that has no slot left
    is followed by a new one; of units that nobody ships, the last four are kept.

    Args:
        limit: Records that a unit keeps.
        clock: Gives the minutes that counts belong to.
    """

    def __init__(self, limit: int = 10_000, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._memory = PerProcess(lambda: _Memory(clock, limit), abandon=lambda _: None)

    @property
    def dropped(self) -> int:
        """How many records of this process had to go unread, or nearly so."""
        return self._memory.get().dropped

    def count(self, key: bytes, definition: Callable[[], bytes]) -> None:
        """Add one to `key` (8 bytes) in the present minute.

        Raises:
            ValueError: The key has not 8 bytes.
        """
        self._memory.get().count(_checked(key), self._minute(), definition)

    def tally(self, key: bytes, definition: Callable[[], bytes]) -> Tally:
        """Do as `count` does, and return how often this process tallied the key.

        Raises:
            ValueError: The key has not 8 bytes.
        """
        return self._memory.get().tally(_checked(key), self._minute(), definition)

    def append(self, payload: bytes, stacks: Stacks = (), key: bytes = b"") -> None:  # noqa: ARG002 - the oldest go first, of whatever key
        """Keep one encoded record of at most 1 MiB, and the stacks that it refers to.

        Raises:
            OSError: It is larger.
        """
        check_size(payload)
        self._memory.get().append(payload, stacks)

    def note_user(self, key: bytes, user: bytes) -> None:
        """Keep that a user (8 bytes) met what `key` counts; the same again is nothing.

        Raises:
            ValueError: One of them has not 8 bytes.
        """
        self._memory.get().note_user(_checked(key), _checked(user))

    waits = False
    """Whether `sync` does anything: memory ends with its process."""

    def sync(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing: what is in memory can be read as long as the process lives."""

    def units(self) -> list[MemoryUnit]:
        """Return this process's units, the oldest first."""
        return self._memory.get().present_units()

    def _minute(self) -> int:
        return int(self._clock.now()) // 60

    def elect(self) -> ShipperLock | None:
        """Return the right to ship, or None while another thread holds it."""
        lock = self._memory.get().election
        return ShipperLock(lock.release) if lock.acquire(blocking=False) else None


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_SIZE:
        message = f"a key of {len(key)} bytes; it needs {KEY_SIZE}"
        raise ValueError(message)
    return key


class _Memory:
    """What one process holds."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._lock = threading.RLock()
        self._tallies = Tallies()
        self._units = [self._new_unit()]
        self.election = threading.Lock()
        self.dropped = 0

    def append(self, payload: bytes, stacks: Stacks) -> None:
        with self._lock:
            self.dropped += self._units[-1].append(payload, stacks)

    def count(self, key: bytes, minute: int, definition: Callable[[], bytes]) -> None:
        with self._lock:
            while not self._units[-1].count(key, minute, definition):
                self._rotate_locked()

    def tally(self, key: bytes, minute: int, definition: Callable[[], bytes]) -> Tally:
        with self._lock:
            self.count(key, minute, definition)
            return self._tallies.add(key, minute)

    def note_user(self, key: bytes, user: bytes) -> None:
        with self._lock:
            self._units[-1].note_user(key, user)

    def present_units(self) -> list[MemoryUnit]:
        with self._lock:
            self._units = [unit for unit in self._units if not unit.is_removed]
            return list(self._units)

    def _rotate_locked(self) -> None:
        self._units[-1].is_live = False
        self._units.append(self._new_unit())
        waiting = self.present_units()
        if len(waiting) > _MAX_UNITS:
            self.dropped += self._units.pop(0).record_count()

    def _new_unit(self) -> MemoryUnit:
        return MemoryUnit(new_unit_id(self._clock), self._limit)
