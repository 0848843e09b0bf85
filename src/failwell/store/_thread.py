"""The shipper of an application that has no process of its own for it.

One daemon thread in each process; the source elects one of them. Owns also how a
reader waits until what is spooled now can be read from the store.
"""

import logging
import os
import threading
from collections.abc import Sequence
from typing import NamedTuple

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.spool import Counter
from failwell.store._errors import StoreError
from failwell.store._shipper import Shipper
from failwell.store._store import Store
from failwell.store._units import ShipperLock, Source

_logger = logging.getLogger("failwell")

_ELECTION_S = 1.0
_SETTLE_POLL_S = 0.02


class _Goal(NamedTuple):
    """What the store must have of a unit."""

    unit_id: str
    counters: Sequence[Counter]
    size: int


class ShipperThread:
    """Ships from one elected process, and lets readers catch up.

    Args:
        source: A `SpoolDirectory` or a `MemorySpool`.
        store: Where everything goes.
        clock: Measures how long `settle` waits.
    """

    def __init__(
        self, source: Source, store: Store, *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        # A thread does not survive a fork, and a lock may be inherited while held:
        # each process has its own of everything.
        self._processes: dict[int, _Process] = {}

    def start(self) -> None:
        """Start the thread of this process; further calls do nothing.

        Call it from the first request or error, never before a server forks.
        """
        self._process().start()

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
        except (StoreError, OSError) as error:
            _logger.debug("What is spooled cannot be read yet: %s", error)
            return False

    def _settle(self, deadline: float) -> bool:
        # Counters first: what is counted later only has to be there later.
        goals = [_Goal(u.id, u.counters(), u.size()) for u in self._source.units()]
        process = self._process()
        lock = self._source.elect()
        if lock is not None or process.is_elected:
            try:
                process.shipper.ship(
                    lambda: self._clock.monotonic() < deadline,
                    patience_s=max(0.0, deadline - self._clock.monotonic()),
                )
            finally:
                if lock is not None:
                    lock.release()
            return self._has_all(goals)
        while not self._has_all(goals):
            if self._clock.monotonic() >= deadline:
                return False
            self._clock.sleep(_SETTLE_POLL_S)
        return True

    def _has_all(self, goals: Sequence[_Goal]) -> bool:
        return all(self._store.covers(g.unit_id, g.size, g.counters) for g in goals)

    def _process(self) -> "_Process":
        pid = os.getpid()
        known = self._processes.get(pid)
        if known is None:
            shipper = Shipper(self._source, self._store, clock=self._clock)
            known = self._processes.setdefault(pid, _Process(self._source, shipper))
        return known


class _Process:
    """The thread and the shipper of one process."""

    def __init__(self, source: Source, shipper: Shipper) -> None:
        self.shipper = shipper
        self.is_elected = False
        """Whether the thread may ship. It may have ended since: a batch that two move
        at once is stored once all the same."""
        self._source = source
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="failwell-shipper", daemon=True
                )
                self._thread.start()

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
                self.shipper.run(self._stop)
            finally:
                self.is_elected = False
                lock.release()

    def _elect(self) -> ShipperLock | None:
        try:
            return self._source.elect()
        except OSError:
            # No folder, so nothing to ship either; it may come back.
            return None
