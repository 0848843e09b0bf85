"""The shipper: moves what the spool holds into the store, batch by batch.

A unit is removed only after the store said that it has all of it. Whatever fails, the
spool keeps the rest: for a store that is away, the shipper waits and tries again; a
unit that cannot be read does not keep the others waiting.
"""

import logging
import threading
from collections.abc import Callable

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.store._errors import StoreError
from failwell.store._pace import Considerate, Pace, Steady, backoff
from failwell.store._shipping._housekeeping import Housekeeper
from failwell.store._shipping._pass import Complaints, Pass, Seen, Shipped
from failwell.store._shipping._units import Source
from failwell.store._store import Store

_logger = logging.getLogger("failwell")

_POLL_S = 0.25
# Counters grow without a trace in the directory; reading them costs more than a stat.
_POLLS_PER_LOOK = 4
# Nothing tells that a store was exchanged for an older one: every 10 seconds what is
# known of the units is forgotten and the store is asked again.
_POLLS_PER_SURVEY = 40


class Shipper:
    """Moves the units of a source into a store; to be used by whoever is elected.

    Args:
        source: A `SpoolDirectory` or a `MemorySpool`.
        store: Where everything goes.
        clock: Measures how long a batch took.
    """

    def __init__(
        self, source: Source, store: Store, *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        self._seen: dict[str, Seen] = {}
        self._complaints = Complaints()
        self._away = False
        self._nudged = threading.Event()
        self._turn = threading.Lock()
        self._housekeeper = Housekeeper(store, clock)
        self._polls = 0
        self._failures = 0

    def ship(
        self, proceed: Callable[[], bool] = lambda: True, *, patience_s: float = -1.0
    ) -> Shipped:
        """Move everything that is there now.

        Args:
            proceed: Asked after each batch and unit; False ends the pass early.
            patience_s: How long to wait for `run` on another thread to end its pass,
                in seconds, without end when negative; nothing is moved after that.

        Raises:
            StoreError: The store cannot be used; the spool keeps what was not moved.
                The first of an outage is logged as CRITICAL, its end as INFO.
            OSError: The spool's folder cannot be read.
        """
        if not self._turn.acquire(timeout=patience_s):
            return Shipped()
        try:
            self._seen.clear()
            return self._pass(Steady(proceed), look=True)
        finally:
            self._turn.release()

    def run(self, stop: threading.Event) -> None:
        """Move what comes, in small batches with rests between, until `stop` is set.

        Looks four times a second, and now and then prunes the store. While the store
        is away it waits longer each time, up to 30 seconds, with jitter. Never raises.
        """
        while not stop.is_set():
            # While errors come: to open a connection costs more than a small batch.
            # Not longer: closing the last one moves SQLite's log into the file, so that
            # whoever copies or exchanges a quiet store has all of it in one file.
            with self._store.kept_open():
                while self._look(stop):
                    pass

    def _look(self, stop: threading.Event) -> bool:
        """Move what is there and wait; return whether there was anything."""
        with self._turn:
            closely = self._nudged.is_set() or self._polls % _POLLS_PER_LOOK == 0
            if self._nudged.is_set() or self._polls % _POLLS_PER_SURVEY == 0:
                self._seen.clear()
                self._nudged.clear()
            moved = self._try_pass(stop, look=closely)
        self._polls += 1
        if moved is None:
            self._wait(stop, backoff(self._failures))
            self._failures += 1
            return False
        self._failures = 0
        self._keep_house(stop)
        self._wait(stop, _POLL_S)
        return any(moved) and not stop.is_set()

    def nudge(self) -> None:
        """Make `run` look at once, and at everything."""
        self._nudged.set()

    def _try_pass(self, stop: threading.Event, *, look: bool) -> Shipped | None:
        try:
            return self._pass(Considerate(stop, self._clock), look=look)
        except StoreError:
            return None
        except Exception as error:  # noqa: BLE001 - a dead shipper would move nothing
            self._complaints.add("", "The spool cannot be read", error)
            return None

    def _keep_house(self, stop: threading.Event) -> None:
        try:
            self._housekeeper.work(Considerate(stop, self._clock).proceed)
        except Exception as error:  # noqa: BLE001 - a dead shipper would move nothing
            self._complaints.add("", "The store cannot be pruned", error)

    def _wait(self, stop: threading.Event, seconds: float) -> None:
        while seconds > 0 and not stop.is_set():
            if self._nudged.wait(min(seconds, _POLL_S)):
                return
            seconds -= _POLL_S

    def _pass(self, pace: Pace, *, look: bool) -> Shipped:
        units = self._source.units()
        present = {unit.id for unit in units}
        self._seen = {key: seen for key, seen in self._seen.items() if key in present}
        self._complaints.keep(present)
        done = Pass(self._store, self._seen, self._complaints, pace)
        done.run(units, look=look)
        self._note_outage(done.failure, used=done.used_store)
        if done.failure is not None:
            raise done.failure
        return done.moved

    def _note_outage(self, error: StoreError | None, *, used: bool) -> None:
        if error is not None and not self._away:
            self._away = True
            _logger.critical(
                "%s; what was recorded waits in the spool and is moved when the "
                "store is back",
                error.describe(),
            )
        elif error is None and used and self._away:
            self._away = False
            _logger.info("The error store is back; the spool is being moved into it")
