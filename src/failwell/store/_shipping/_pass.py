"""One pass of the shipper over the units: in which order, and what fails alone.

What is written now comes first, and again after every few batches of what waits: after
an outage, the errors of today do not queue behind those of yesterday. And yesterday's
go on between, however many come today.
"""

import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from failwell.spool import Counter, CounterImage
from failwell.store._errors import BehindError, StoreError
from failwell.store._pace import Pace, batches
from failwell.store._shipping._units import Unit
from failwell.store._store import Store

_logger = logging.getLogger("failwell")

_FAILURES_PER_PASS = 2
_BATCHES_PER_TURN = 4
"""Of what waits, before what is written now has its turn again."""


class Shipped(NamedTuple):
    """What one pass moved."""

    records: int = 0
    """Errors that were kept in full."""
    counted: int = 0
    """Errors, answers and losses that were counted."""
    rejected: int = 0
    """Frames set aside because they cannot be stored."""
    removed: int = 0
    """Units of ended processes that were moved to their end."""

    def plus(self, other: "Shipped") -> "Shipped":
        """Return both together."""
        return Shipped(*(a + b for a, b in zip(self, other, strict=True)))


class Seen(NamedTuple):
    """A unit as it was when all of it had been moved."""

    size: int
    position: int | None
    """Its watermark; None where that is not known."""
    image: CounterImage


_NOTHING = Seen(-1, None, CounterImage())


class Complaints:
    """Says of each unit once what is wrong with it."""

    def __init__(self) -> None:
        self._about: set[str] = set()

    def keep(self, units: Iterable[str]) -> None:
        """Forget those about others than these."""
        self._about &= set(units)

    def add(self, about: str, what: str, error: Exception) -> None:
        """Say it, unless it was said."""
        if about in self._about:
            return
        self._about.add(about)
        # It may be the log that fails: a filter or handler of the application's.
        with contextlib.suppress(Exception):
            _logger.error(
                "%s: %s: %s; it is kept and tried again",
                what,
                type(error).__name__,
                error,
            )


class Pass:
    """Moves what the units hold now.

    Args:
        store: Where.
        seen: What earlier passes left, by unit.
        complaints: Takes what is wrong with single units.
        pace: How much at once, and when others may work.
    """

    def __init__(
        self,
        store: Store,
        seen: dict[str, Seen],
        complaints: Complaints,
        pace: Pace,
    ) -> None:
        self._store = store
        self._seen = seen
        self._complaints = complaints
        self._pace = pace
        self._failures: list[StoreError] = []
        self.moved = Shipped()
        self.used_store = False
        """Whether the store was asked for anything."""

    @property
    def failure(self) -> StoreError | None:
        """The first one of the store."""
        return self._failures[0] if self._failures else None

    def run(self, units: Sequence[Unit], *, look: bool) -> None:
        """Move the units.

        Args:
            units: The oldest first.
            look: Whether to look at the counters of those too that did not grow.
        """
        live: list[Unit] = []
        left: list[Unit] = []
        for unit in units:
            if look or not self._is_unchanged(unit):
                (left if _is_left(unit) else live).append(unit)
        proceed = self._pace.proceed
        turn = _Turns(lambda: self._move_all(live, proceed), proceed)
        if self._move_all(live, proceed):
            self._move_all(left, turn.proceed)

    def _is_unchanged(self, unit: Unit) -> bool:
        seen = self._seen.get(unit.id)
        return seen is not None and unit.size() == seen.size

    def _move_all(self, units: Iterable[Unit], proceed: Callable[[], bool]) -> bool:
        """Move these; return whether to go on."""
        for unit in units:
            try:
                if not self._move(unit, proceed):
                    continue
            except BehindError:
                # Asked for the watermark again, the next pass goes on from there.
                self._seen.pop(unit.id, None)
            except StoreError as error:
                # One more try with another unit tells a store that is away from a
                # unit that it cannot take.
                self._failures.append(error)
            except Exception as error:  # noqa: BLE001 - the other units must go on
                what = f"Unit {unit.id} cannot be moved"
                self._complaints.add(unit.id, what, error)
            if len(self._failures) >= _FAILURES_PER_PASS or not proceed():
                return False
        return True

    def _move(self, unit: Unit, proceed: Callable[[], bool]) -> bool:
        """Move one unit; return False where nothing has changed."""
        # In this order: what is counted before the frames are read has its definition
        # among them, and only a unit whose owner is gone can be read to its end.
        adopted = unit.adopt()
        try:
            image, size = unit.image(), unit.size()
            seen = self._seen.get(unit.id, _NOTHING)
            grown = image.since(seen.image)
            if not (adopted or grown) and size == seen.size:
                return False
            with self._store.kept_open():
                offset = seen.position
                if offset is None:
                    offset = self._store.watermark(unit.id)
                self.used_store = True
                end = self._move_frames(unit, grown, proceed, offset, adopted=adopted)
            if end is None:
                return True
            if adopted:
                _report_damage(unit)
                unit.remove()
                self.moved = self.moved.plus(Shipped(removed=1))
            else:
                self._seen[unit.id] = Seen(size, end, image)
        finally:
            unit.release()
        return True

    def _move_frames(
        self,
        unit: Unit,
        counters: Sequence[Counter],
        proceed: Callable[[], bool],
        offset: int,
        *,
        adopted: bool,
    ) -> int | None:
        """Move frames and counters; return where they end, None before that."""
        for batch, is_last in batches(unit.frames(offset), self._pace.frames):
            finished = adopted and is_last
            # With the last frames every definition is there, and reading thousands
            # of counters with each batch would cost more than the batch.
            present = counters if is_last else ()
            if not (batch or finished) and self._store.covers(unit.id, offset, present):
                # Nothing new: a commit for it would sync the disk and lock others out.
                break
            stored = self._store.ingest(
                unit.id,
                batch,
                present,
                finished=finished,
                since=offset,
                pace=self._pace,
            )
            self.moved = self.moved.plus(Shipped(*stored))
            _report_rejected(unit, stored.rejected)
            offset = batch[-1].end if batch else offset
            if not is_last and not proceed():
                return None
        return offset


class _Turns:
    """Gives others a turn after every few batches."""

    def __init__(self, others: Callable[[], bool], proceed: Callable[[], bool]) -> None:
        self._others = others
        self._proceed = proceed
        self._batches = 0

    def proceed(self) -> bool:
        """Return whether to go on, after a batch."""
        self._batches += 1
        if self._batches % _BATCHES_PER_TURN == 0 and not self._others():
            return False
        return self._proceed()


def _is_left(unit: Unit) -> bool:
    """Return whether nobody writes a unit any more."""
    try:
        return unit.adopt()
    except OSError:
        # Moving it says what is wrong.
        return False
    finally:
        unit.release()


def _report_rejected(unit: Unit, rejected: int) -> None:
    if rejected:
        _logger.warning(
            "%d frames of unit %s cannot be stored; they are set aside in the "
            "store's table quarantine, with the reason",
            rejected,
            unit.id,
        )


def _report_damage(unit: Unit) -> None:
    if unit.damaged_bytes:
        _logger.warning(
            "Unit %s of the spool had %d damaged bytes; all else in it was moved, "
            "but for counts that the damaged bytes defined",
            unit.id,
            unit.damaged_bytes,
        )
