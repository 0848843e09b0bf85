"""The writing side of one process: one unit at a time, one lock, one thread.

Owns the order of things: a definition stands before its first count can be read, and
what an append acknowledged is with the kernel. Nothing waits for a disk under the lock.
"""

import contextlib
import errno
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from failwell._clock import Clock
from failwell.records import Stacks, Tally
from failwell.spool._backlog import Backlog
from failwell.spool._counter_image import KEY_SIZE
from failwell.spool._frame import FrameKind, check_size
from failwell.spool._live_unit import LiveUnit, open_unit
from failwell.spool._room import Room
from failwell.spool._syncer import Syncer
from failwell.spool._tallies import Tallies
from failwell.spool._turns import TurnLock

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
        quota: Bytes that the folder may hold, of all processes.
    """

    def __init__(self, directory: Path, clock: Clock, quota: int) -> None:
        self._directory = directory
        self._clock = clock
        self._lock = TurnLock()
        self._busy = False
        self._unit: LiveUnit | None = None
        self._tallies = Tallies()
        self._backlog = Backlog()
        self._room = Room(directory, quota, clock)
        self._syncer = Syncer(self._prepare_sync)

    def append(self, payload: bytes, stacks: Stacks, key: bytes) -> None:
        """Write one record behind its stacks; on return it survives the process.

        `key` is what the record was tallied under, empty for one that stands for itself.

        Raises:
            OSError: It could not be kept, or there is no room for one more of its key.
        """
        check_size(payload)
        try:
            self._lock.take()
            if self._busy:
                self._refuse()
            self._busy = True
            try:
                unit = self._unit
                if unit is None or unit.segment.size >= self._room.mark:
                    unit = self._admit_locked(key)
                unit.keep_stacks(stacks)
                unit.segment.append(FrameKind.RECORD, payload)
                if not self._syncer.is_awake:
                    self._syncer.wake_locked()
            finally:
                self._busy = False
        finally:
            self._lock.give_back()

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
        try:
            self._lock.take()
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
        finally:
            self._lock.give_back()

    def note_user(self, key: bytes, user: bytes) -> None:
        """Write, once in a unit, that a user met what a key counts.

        A key that the unit does not count says nothing there, so that nothing is
        written: between its count and this call another thread began a unit.

        Raises:
            OSError: It could not be kept.
            ValueError: One of them has not 8 bytes.
        """
        noted = key + user
        try:
            self._lock.take()
            if self._busy:
                self._refuse()
            unit = self._unit
            if unit is None or noted in unit.users:
                return
            _check_key(key)
            _check_key(user)
            if not unit.counters.knows(key):
                return
            self._busy = True
            try:
                if unit.segment.size >= self._room.mark:
                    self._room.admit(unit.segment.size, 1)
                unit.note_user(noted)
                if not self._syncer.is_awake:
                    self._syncer.wake_locked()
            finally:
                self._busy = False
        finally:
            self._lock.give_back()

    def sync(self) -> None:
        """Do nothing: the thread syncs what was written within 100 ms."""

    def close(self) -> None:
        """Sync and close the unit and leave it to the shippers.

        Waits for the disk for 5 seconds at most. The next call opens a new unit.
        """
        try:
            self._lock.take()
            if self._busy:
                return
            self._settle_locked()
            unit, self._unit = self._unit, None
            if unit is not None:
                self._syncer.retire_locked(unit)
            thread = self._syncer.end_locked()
        finally:
            self._lock.give_back()
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

    def _admit_locked(self, key: bytes) -> LiveUnit:
        """Return the unit for a record, when there is room for one more of its key."""
        unit = self._unit or self._begin_locked()
        self._room.admit(unit.segment.size, self._tallies.in_hour(key) if key else 1)
        if unit.segment.size < self._room.segment_size:
            return unit
        try:
            return self._begin_locked()
        except OSError:
            # Out of descriptors, perhaps: rather a large segment than a lost record.
            return unit

    def _slot_unit_locked(self) -> LiveUnit:
        """Return the unit for a new counter, which has a slot left."""
        unit = self._unit
        if unit is not None and unit.counters.has_room():
            return unit
        return self._begin_locked()

    def _begin_locked(self) -> LiveUnit:
        """Begin a new unit and leave the present one to the shippers."""
        full = self._unit
        unit = self._unit = open_unit(self._directory, self._clock)
        if full is not None:
            self._syncer.retire_locked(full)
        self._room.look(0)
        return unit

    def _count_anew_locked(
        self, key: bytes, minute: int, definition: Callable[[], bytes]
    ) -> None:
        _check_key(key)

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
        unit = self._slot_unit_locked()
        if unit.counters.add(key, minute, number):
            return
        if not unit.counters.knows(key):
            self._room.look_again(unit.segment.size)
            if self._room.is_full:
                raise self._room.refusal()
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

    def _hand_in_locked(self, unit: LiveUnit) -> None:
        """Let go of what may be shipped already: only a whole unit can be removed."""
        self._room.look_again(unit.segment.size)
        if self._room.is_scarce and unit.segment.size >= self._room.segment_size:
            with contextlib.suppress(OSError):
                self._begin_locked()

    def _prepare_sync(self) -> tuple[LiveUnit | None, bool]:
        try:
            self._lock.take()
            if self._busy:
                return None, False
            self._busy = True
            try:
                unit = self._unit
                if unit is not None and unit.segment.is_deleted():
                    # Somebody emptied the folder: write where a shipper can see it.
                    self._unit = None
                    self._syncer.retire_locked(unit)
                elif unit is not None and self._room.is_scarce:
                    self._hand_in_locked(unit)
                self._settle_locked()
                return self._unit, bool(self._backlog)
            finally:
                self._busy = False
        finally:
            self._lock.give_back()


def _check_key(key: bytes) -> None:
    if len(key) != KEY_SIZE:
        message = f"a key of {len(key)} bytes; it needs {KEY_SIZE}"
        raise ValueError(message)
