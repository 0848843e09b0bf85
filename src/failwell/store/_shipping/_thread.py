"""The shipper of an application that has no process of its own for it.

One daemon thread in each process; the source elects one of them. Owns also how a
reader waits until what is spooled now can be read from the store.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, TypeAlias

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.spool import Counter
from failwell.store._shipping._shipper import Shipper
from failwell.store._shipping._units import ShipperLock, Source, Unit
from failwell.store._store import Store

_logger = logging.getLogger("failwell")

Beside: TypeAlias = Callable[[], AbstractContextManager[None]]

_ELECTION_S = 1.0
_SETTLE_POLL_S = 0.02


class _Goal(NamedTuple):
    """What the store must have of a unit."""

    unit: Unit
    counters: Sequence[Counter]
    size: int


class ShipperThread:
    """Ships from one elected process, and lets readers catch up.

    Args:
        source: A `SpoolDirectory` or a `MemorySpool`.
        store: Where everything goes.
        clock: Measures how long `settle` waits.
        beside: Gives a block that is entered while this process is the elected one.
    """

    def __init__(
        self,
        source: Source,
        store: Store,
        *,
        clock: Clock = SYSTEM_CLOCK,
        beside: Beside = nullcontext,
    ) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        self._beside = beside
        # A thread does not survive a fork, and a lock may be inherited while held:
        # each process has its own of everything.
        self._processes: dict[int, _Process] = {}

    def start(self) -> bool:
        """Start the thread of this process; further calls do nothing.

        Call it from the first request or error, never before a server forks. Never
        raises: where no thread can be had, the next call tries again.

        Returns:
            Whether there is a thread.
        """
        return self._process().start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the thread of this process and give up the election.

        Args:
            timeout_s: How long to wait for a batch that is on its way, in seconds.
        """
        self._process().stop(timeout_s)
        self._processes.pop(os.getpid(), None)

    def settle(self, timeout_s: float = 2.0) -> bool:
        """Wait until the store has what is spooled now.

        Where no other process ships at the moment, this call does, on this thread.

        Args:
            timeout_s: How long to wait, in seconds.

        Returns:
            Whether it has; False after the time, or when the store cannot be used.
            Never raises.
        """
        deadline = self._clock.monotonic() + timeout_s
        try:
            return self._settle(deadline)
        except Exception as error:  # noqa: BLE001 - older data are better than no page
            _logger.debug("What is spooled cannot be read yet: %s", error)
            return False

    def _settle(self, deadline: float) -> bool:
        goals, complete = self._goals(deadline)
        is_ours = self._ship(deadline)
        waiting = self._missing(goals, deadline)
        if not self._is_over(deadline):
            # Only what is missing is looked at closely: that reads the frames.
            near = [self._within_reach(goal) for goal in waiting]
            complete = complete and None not in near
            waiting = [goal for goal in near if goal is not None]
        while waiting := self._missing(waiting, deadline):
            if is_ours or self._is_over(deadline):
                return False
            self._clock.sleep(_SETTLE_POLL_S)
        return complete

    def _goals(self, deadline: float) -> tuple[list[_Goal], bool]:
        """Return what is spooled now, and whether that is all."""
        goals: list[_Goal] = []
        complete = True
        for unit in self._source.units():
            if self._is_over(deadline):
                return goals, False
            try:
                # Counters first: what is counted later only has to be there later.
                goals.append(_Goal(unit, unit.counters(), unit.size()))
            except OSError:
                # The shipper says so; to wait for it would help nobody.
                complete = False
        return goals, complete

    def _is_over(self, deadline: float) -> bool:
        return self._clock.monotonic() >= deadline

    def _ship(self, deadline: float) -> bool:
        """Ship where no other process does; return whether that is so."""
        process = self._process()
        lock = self._source.elect()
        if lock is None and not process.is_elected:
            return False
        try:
            process.shipper.ship(
                lambda: not self._is_over(deadline),
                patience_s=max(0.0, deadline - self._clock.monotonic()),
            )
        finally:
            if lock is not None:
                lock.release()
        return True

    def _missing(self, goals: Iterable[_Goal], deadline: float) -> list[_Goal]:
        """Return what the store does not have, or could not be asked about in time."""
        return [
            goal
            for goal in goals
            if self._is_over(deadline)
            or not self._store.covers(goal.unit.id, goal.size, goal.counters)
        ]

    def _within_reach(self, goal: _Goal) -> _Goal | None:
        """Return a goal up to the last whole frame; None where none can be read.

        A damaged end is never moved while its process lives.
        """
        end = self._store.watermark(goal.unit.id)
        try:
            for frame in goal.unit.frames(end):
                end = frame.end
                if end >= goal.size:
                    break
        except OSError:
            return None
        return goal._replace(size=min(end, goal.size))

    def _process(self) -> "_Process":
        pid = os.getpid()
        known = self._processes.get(pid)
        if known is None:
            shipper = Shipper(self._source, self._store, clock=self._clock)
            made = _Process(self._source, shipper, self._beside)
            known = self._processes.setdefault(pid, made)
        return known


class _Process:
    """The thread and the shipper of one process."""

    def __init__(self, source: Source, shipper: Shipper, beside: Beside) -> None:
        self.shipper = shipper
        self._beside = beside
        self.is_elected = False
        """Whether the thread may ship. It may have ended since: a batch that two move
        at once is stored once all the same."""
        self._source = source
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> bool:
        if self._thread is not None:
            return True
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(
                    target=self._run, name="failwell-shipper", daemon=True
                )
                # Where no thread can be had, at exit or at the machine's limit, the
                # request goes on all the same, and the next call tries again.
                with contextlib.suppress(RuntimeError):
                    thread.start()
                    self._thread = thread
        return self._thread is not None

    def stop(self, timeout_s: float) -> None:
        self._stop.set()
        self.shipper.nudge()
        with self._lock:
            if self._thread is not None:
                self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stop.is_set():
            lock = self._elect()
            if lock is None:
                self._stop.wait(_ELECTION_S)
                continue
            try:
                self.is_elected = True
                with self._beside():
                    self.shipper.run(self._stop)
            finally:
                self.is_elected = False
                lock.release()

    def _elect(self) -> ShipperLock | None:
        try:
            return self._source.elect()
        except Exception:  # noqa: BLE001 - no folder, perhaps: it may come back
            return None
