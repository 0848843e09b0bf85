"""The writing side of one process: one unit at a time, one lock, one thread.

Owns the order of things: a definition stands before its first count can be read, and
what an append acknowledged is with the kernel. Nothing waits for a disk under the lock.
"""

import errno
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from failwell._clock import Clock
from failwell.records import Stacks, Tally
from failwell.spool._backlog import Backlog
from failwell.spool._counters import KEY_SIZE
from failwell.spool._frame import FrameKind, check_size
from failwell.spool._live_unit import LiveUnit, open_unit
from failwell.spool._syncer import Syncer
from failwell.spool._tallies import Tallies

SEGMENT_SIZE = 8 * 1024 * 1024
"""Bytes from which on a segment is followed by a new one."""
_CLOSE_TIMEOUT_S = 5.0
_NO_TALLY = Tally(0, 0)


class Writer:
    """Writes the units of this process. Thread-safe.

    A call that interrupts another one of the same thread, from a signal handler or a
    destructor, is refused with `OSError`: it would find the unit half-changed.

    `count` and `append` are written flat: between two errors the processor forgets what
    it knew of each function, so that each costs many times what it does in a loop.

    Args:
        directory: The spool's folder, absolute.
        clock: Gives the minutes.
    """

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._lock = threading.RLock()
        self._busy = False
        self._unit: LiveUnit | None = None
        self._tallies = Tallies()
        self._backlog = Backlog()
        self._syncer = Syncer(self._prepare_sync)

    def append(self, payload: bytes, stacks: Stacks) -> None:
        """Write one record behind its stacks; on return it survives the process.

        Raises:
            OSError: It could not be kept.
        """
        check_size(payload)
        with self._lock:
            if self._busy:
                self._refuse()
            self._busy = True
            try:
                unit = self._unit_locked(for_slot=False)
                unit.keep_stacks(stacks)
                unit.segment.append(FrameKind.RECORD, payload)
                if not self._syncer.is_awake:
                    self._syncer.wake_locked()
            finally:
                self._busy = False

    def note_user(self, key: bytes, user: bytes) -> None:
        """Write that the group of a key has a user.

        Raises:
            OSError: It could not be kept.
        """
        with self._lock:
            if self._busy:
                self._refuse()
            self._busy = True
            try:
                unit = self._unit_locked(for_slot=False)
                unit.segment.append(FrameKind.USER, key + user)
                if not self._syncer.is_awake:
                    self._syncer.wake_locked()
            finally:
                self._busy = False

    def count(
        self, key: bytes, definition: Callable[[], bytes], *, tallied: bool
    ) -> Tally:
        """Add one to a key in the present minute; on return it survives the process.

        Returns:
            The tally, of which only a `tallied` count is part; else an empty one.

        While the disk takes nothing, counts wait in memory and are written later.

        Raises:
            OSError: It could not be kept, in memory neither.
            ValueError: The key has not 8 bytes.
        """
        minute = int(self._clock.now()) // 60
        with self._lock:
            if self._busy:
                self._refuse()
            self._busy = True
            try:
                unit = self._unit
                if unit is None or not unit.counters.add(key, minute):
                    self._count_anew_locked(key, minute, definition)
                if not self._syncer.is_awake:
                    self._syncer.wake_locked()
                return self._tallies.add(key, minute) if tallied else _NO_TALLY
            finally:
                self._busy = False

    def close(self) -> None:
        """Sync and close the unit and leave it to the shippers.

        Waits for the disk for 5 seconds at most. The next call opens a new unit.
        """
        with self._lock:
            if self._busy:
                return
            self._settle_locked()
            unit, self._unit = self._unit, None
            if unit is not None:
                self._syncer.retire_locked(unit)
            thread = self._syncer.end_locked()
        if thread is not None and thread is not threading.current_thread():
            # A disk that hangs must not keep the process from ending.
            thread.join(_CLOSE_TIMEOUT_S)

    def abandon(self) -> None:
        """Close the files of a process that this one was forked from."""
        # Without the lock: the thread that held it may not exist here.
        self._syncer.abandon()
        if self._unit is not None:
            self._unit.close()

    def _refuse(self) -> NoReturn:
        message = "the spool is called again while this thread writes to it"
        raise OSError(errno.EDEADLK, message)

    def _unit_locked(self, *, for_slot: bool) -> LiveUnit:
        unit = self._unit
        if unit is None:
            unit = self._unit = open_unit(self._directory, self._clock)
        elif unit.segment.size >= SEGMENT_SIZE or (
            for_slot and not unit.counters.has_room()
        ):
            unit = self._rotate_locked(unit, for_slot=for_slot)
        return unit

    def _rotate_locked(self, full: LiveUnit, *, for_slot: bool) -> LiveUnit:
        try:
            self._unit = open_unit(self._directory, self._clock)
        except OSError:
            if for_slot and not full.counters.has_room():
                raise
            # Out of descriptors, perhaps: rather a large segment than a lost record.
            return full
        self._syncer.retire_locked(full)
        return self._unit

    def _count_anew_locked(
        self, key: bytes, minute: int, definition: Callable[[], bytes]
    ) -> None:
        if len(key) != KEY_SIZE:
            message = f"a key of {len(key)} bytes; it needs {KEY_SIZE}"
            raise ValueError(message)

        def describe() -> bytes:
            described = definition()
            check_size(key + described)
            return described

        try:
            self._place_locked(key, minute, 1, describe)
        except OSError:
            known = self._backlog.definition(key)
            self._backlog.add(key, minute, 1, known or describe())

    def _place_locked(
        self, key: bytes, minute: int, number: int, definition: Callable[[], bytes]
    ) -> None:
        unit = self._unit_locked(for_slot=True)
        if unit.counters.add(key, minute, number):
            return
        if not unit.counters.knows(key):
            unit.define(key, definition())
        unit.counters.open_slot(key, minute, number)

    def _settle_locked(self) -> None:
        """Write what waits in memory, as far as the disk takes it."""
        while self._backlog:
            key, minute, number, defined = self._backlog.take()
            try:
                self._place_locked(key, minute, number, lambda: defined)  # noqa: B023 - called at once
            except OSError:
                self._backlog.add(key, minute, number, defined)
                return

    def _prepare_sync(self) -> tuple[LiveUnit | None, bool]:
        with self._lock:
            if self._busy:
                return None, False
            self._busy = True
            try:
                unit = self._unit
                if unit is not None and unit.segment.is_deleted():
                    # Somebody emptied the folder: write where a shipper can see it.
                    self._unit = None
                    self._syncer.retire_locked(unit)
                self._settle_locked()
                return self._unit, bool(self._backlog)
            finally:
                self._busy = False
