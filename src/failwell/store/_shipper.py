"""The shipper: moves what the spool holds into the store, batch by batch.

A unit is removed only after the store said that it has all of it. Whatever fails, the
spool keeps the rest: for a store that is away, the shipper waits and tries again; a
unit that cannot be read does not keep the others waiting.
"""

import contextlib
import logging
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.spool import Counter, SpoolFrame
from failwell.store._errors import StoreError
from failwell.store._housekeeping import Housekeeper
from failwell.store._store import Store
from failwell.store._units import Source, Unit

_logger = logging.getLogger("failwell")

_BATCH_FRAMES = 2000
_BATCH_BYTES = 4 * 1024 * 1024
# Beside requests: a short hold on the interpreter, then at least as long a rest.
_PACED_FRAMES = 250
_SHORTEST_REST_S = 0.005
# What took longer waited for the database, and kept nobody from working.
_LONGEST_REST_S = 0.25
_POLL_S = 0.25
# Counters grow without a trace in the directory; reading them costs more than a stat.
_POLLS_PER_LOOK = 4
# Nothing tells that a store was exchanged for an older one: every 10 seconds what is
# known of the units is forgotten and the store is asked again.
_POLLS_PER_SURVEY = 40
_BACKOFF_S, _LONGEST_BACKOFF_S = 0.5, 30.0
_MOST_DOUBLINGS = 10
_FAILURES_PER_PASS = 2


class Shipped(NamedTuple):
    """What one pass moved."""

    records: int = 0
    """Errors that were kept in full."""
    counted: int = 0
    """Errors and answers that were counted."""
    rejected: int = 0
    """Frames set aside because they cannot be stored."""
    removed: int = 0
    """Units of ended processes that were moved to their end."""

    def plus(self, other: "Shipped") -> "Shipped":
        """Return both together."""
        return Shipped(*(a + b for a, b in zip(self, other, strict=True)))


class _Seen(NamedTuple):
    """A unit as it was when all of it had been moved."""

    size: int
    counts: dict[int, int]
    """By slot."""

    def grown(self, counters: Iterable[Counter]) -> list[Counter]:
        """Return what has counted more since."""
        counts = self.counts
        return [c for c in counters if counts.get(c.slot) != c.count]


_NOTHING_SEEN = _Seen(-1, {})


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
        self._seen: dict[str, _Seen] = {}
        self._complained: set[str] = set()
        self._away = False
        self._nudged = threading.Event()
        self._turn = threading.Lock()
        self._housekeeper = Housekeeper(store, clock)

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
            return self._pass(proceed, _BATCH_FRAMES, look=True)
        finally:
            self._turn.release()

    def run(self, stop: threading.Event) -> None:
        """Move what comes, in small batches with rests between, until `stop` is set.

        Looks four times a second, and now and then prunes the store. While the store is away it waits longer each time,
        up to 30 seconds, with jitter. Never raises.
        """
        # To open a connection costs more than a small batch, and SQLite tidies up
        # when the last one is closed.
        with self._store.kept_open():
            self._run(stop)

    def _run(self, stop: threading.Event) -> None:
        failures = polls = 0
        while not stop.is_set():
            with self._turn:
                look = self._nudged.is_set() or polls % _POLLS_PER_LOOK == 0
                if self._nudged.is_set() or polls % _POLLS_PER_SURVEY == 0:
                    self._seen.clear()
                    self._nudged.clear()
                moved = self._try_pass(stop, look=look)
            polls += 1
            if moved:
                failures = 0
                self._keep_house(stop)
                self._wait(stop, _POLL_S)
            else:
                self._wait(stop, _backoff(failures))
                failures = min(failures + 1, _MOST_DOUBLINGS)

    def nudge(self) -> None:
        """Make `run` look at once, and at everything."""
        self._nudged.set()

    def _try_pass(self, stop: threading.Event, *, look: bool) -> bool:
        rest = _Rest(stop, self._clock)
        try:
            self._pass(rest.proceed, _PACED_FRAMES, look=look)
        except StoreError:
            return False
        except Exception as error:  # noqa: BLE001 - a dead shipper would move nothing
            self._complain("", "The spool cannot be read", error)
            return False
        return True

    def _keep_house(self, stop: threading.Event) -> None:
        try:
            self._housekeeper.work(_Rest(stop, self._clock).proceed)
        except Exception as error:  # noqa: BLE001 - a dead shipper would move nothing
            self._complain("retention", "The store cannot be pruned", error)

    def _wait(self, stop: threading.Event, seconds: float) -> None:
        while seconds > 0 and not stop.is_set():
            if self._nudged.wait(min(seconds, _POLL_S)):
                return
            seconds -= _POLL_S

    def _pass(self, proceed: Callable[[], bool], frames: int, *, look: bool) -> Shipped:
        units = self._source.units()
        self._forget_all_but({unit.id for unit in units})
        total, failures, used = Shipped(), [], False
        for unit in units:
            moved: Shipped | None = Shipped()
            try:
                moved = self._move(unit, proceed, frames, look=look)
                used = used or moved is not None
            except StoreError as error:
                # One more try with another unit tells a store that is away from a
                # unit that it cannot take.
                failures.append(error)
            except Exception as error:  # noqa: BLE001 - the other units must go on
                self._complain(unit.id, f"Unit {unit.id} cannot be moved", error)
            if moved is None:
                continue
            total = total.plus(moved)
            if len(failures) == _FAILURES_PER_PASS or not proceed():
                break
        self._note_outage(failures[0] if failures else None, used=used)
        if failures:
            raise failures[0]
        return total

    def _forget_all_but(self, units: set[str]) -> None:
        self._seen = {key: seen for key, seen in self._seen.items() if key in units}
        self._complained &= units

    def _move(
        self, unit: Unit, proceed: Callable[[], bool], frames: int, *, look: bool
    ) -> Shipped | None:
        """Move one unit; return None where nothing has changed."""
        seen = self._seen.get(unit.id)
        if seen is not None and not look and unit.size() == seen.size:
            return None
        # In this order: what is counted before the frames are read has its definition
        # among them, and only a unit whose owner is gone can be read to its end.
        adopted = unit.adopt()
        try:
            with self._store.kept_open():
                return self._move_on(unit, proceed, frames, adopted=adopted)
        finally:
            unit.release()

    def _move_on(
        self, unit: Unit, proceed: Callable[[], bool], frames: int, *, adopted: bool
    ) -> Shipped | None:
        counted, size = unit.counters(), unit.size()
        seen = self._seen.get(unit.id, _NOTHING_SEEN)
        grown = seen.grown(counted)
        if not (adopted or grown) and size == seen.size:
            return None
        moved = Shipped()
        offset = self._store.watermark(unit.id)
        for batch, is_last in _batches(unit.frames(offset), frames):
            finished = adopted and is_last
            # With the last frames every definition is there, and reading thousands
            # of counters with each batch would cost more than the batch.
            counters = grown if is_last else ()
            if not (batch or finished) and self._store.covers(
                unit.id, offset, counters
            ):
                # Nothing new: a commit for it would sync the disk and lock others out.
                break
            stored = self._store.ingest(unit.id, batch, counters, finished=finished)
            moved = moved.plus(Shipped(*stored))
            self._report_rejected(unit, stored.rejected)
            if not is_last and not proceed():
                return moved
        if not adopted:
            self._seen[unit.id] = _Seen(size, {c.slot: c.count for c in counted})
            return moved
        self._report_damage(unit)
        unit.remove()
        return moved.plus(Shipped(removed=1))

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

    def _complain(self, about: str, what: str, error: Exception) -> None:
        if about in self._complained:
            return
        self._complained.add(about)
        # It may be the log that fails: a filter or handler of the application's.
        with contextlib.suppress(Exception):
            _logger.error(
                "%s: %s: %s; it is kept and tried again",
                what,
                type(error).__name__,
                error,
            )

    def _report_rejected(self, unit: Unit, rejected: int) -> None:
        if rejected:
            _logger.warning(
                "%d frames of unit %s cannot be stored; they are set aside in the "
                "store's table quarantine, with the reason",
                rejected,
                unit.id,
            )

    def _report_damage(self, unit: Unit) -> None:
        if unit.damaged_bytes:
            _logger.warning(
                "Unit %s of the spool had %d damaged bytes; all else in it was moved, "
                "but for counts that the damaged bytes defined",
                unit.id,
                unit.damaged_bytes,
            )


class _Rest:
    """After each batch, rest about as long as it took."""

    def __init__(self, stop: threading.Event, clock: Clock) -> None:
        self._stop = stop
        self._clock = clock
        self._since = clock.monotonic()

    def proceed(self) -> bool:
        """Rest; return False once it is time to stop."""
        busy = self._clock.monotonic() - self._since
        rest = min(max(_SHORTEST_REST_S, busy), _LONGEST_REST_S)
        stopped = self._stop.wait(rest)
        self._since = self._clock.monotonic()
        return not stopped


def _batches(
    frames: Iterable[SpoolFrame], most: int
) -> Iterator[tuple[list[SpoolFrame], bool]]:
    """Yield the frames in batches, each with whether it is the last; at least one."""
    batch: list[SpoolFrame] = []
    size = 0
    for frame in frames:
        if len(batch) == most or size >= _BATCH_BYTES:
            yield batch, False
            batch, size = [], 0
        batch.append(frame)
        size += len(frame.payload)
    yield batch, True


def _backoff(failures: int) -> float:
    longest = min(_LONGEST_BACKOFF_S, _BACKOFF_S * 2.0**failures)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter is no secret
