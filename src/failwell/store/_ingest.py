"""One batch of a unit moves into the database in one transaction with its watermark.

Where the database refuses something, the batch is halved until the record at fault is
found and set aside. What a transaction did not commit is read again from the spool; what it did commit lies
below the watermark and is never read again. That gives the effect of exactly once.
"""

import contextlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from failwell.spool import Counter, SpoolFrame
from failwell.store._batch import (
    Batch,
    Rejected,
    read_batch,
)
from failwell.store._bulk import Bulk, Insert, Load, Row, Transaction, insertion
from failwell.store._counts import (
    is_sane,
    read_growth,
    read_keys,
    read_marks,
    remember_keys,
    write_counts,
)
from failwell.store._engine import Database
from failwell.store._errors import ConflictError, RefusedError
from failwell.store._labels import Label, Labels
from failwell.store._schema import (
    counter_marks,
    events,
    quarantine,
    unit_keys,
    unit_stacks,
    watermarks,
)
from failwell.store._spooled import SpooledRecord
from failwell.store._stacking import UnitStacks
from failwell.store._stacks import StackReader
from failwell.store._text import clean, clean_message
from failwell.store._times import SECOND

_FINISHED_KEPT = 30 * 24 * 3600 * SECOND
_RETRIES = 4
_QUARANTINE_KEPT = 1000
_LARGEST_QUARANTINED = (
    64 * 1024
)  # ValueError and its kin: the driver could not even send it.
_REFUSALS = (RefusedError, ValueError, OverflowError, TypeError)


class Ingested(NamedTuple):
    """What one batch brought."""

    records: int = 0
    counted: int = 0
    rejected: int = 0

    def plus(self, other: "Ingested") -> "Ingested":
        """Return both together."""
        return Ingested(*(a + b for a, b in zip(self, other, strict=True)))


class Progress(NamedTuple):
    """How far a unit has been moved."""

    position: int
    finished: bool


def read_progress(connection: Connection, unit_id: str) -> Progress:
    """Return how far a unit has been moved; position 0 for an unknown one."""
    transaction = Transaction(connection)
    for position, finished in _PROGRESS.fetch(transaction, [(unit_id,)]):
        return Progress(position, bool(finished))
    return Progress(0, finished=False)


def covers(
    connection: Connection, unit_id: str, size: int, counters: Iterable[Counter]
) -> bool:
    """Return whether all of a unit up to `size` and these counters are stored."""
    position, finished = read_progress(connection, unit_id)
    if finished:
        return True
    if position < size:
        return False
    transaction = Transaction(connection)
    sane = [counter for counter in counters if is_sane(counter)]
    marks = read_marks(transaction, unit_id, sane)
    missing = [c for c in sane if marks.get(c.slot, 0) < c.count]
    # A key without a definition below the size has lost it: it will never come.
    return not read_keys(transaction, unit_id, (c.key for c in missing))


class Ingest:
    """Moves what a unit of the spool holds into the database.

    Args:
        database: The target.
        stacks: Reads the frames of stacks.
        unit_id: The unit.
        now: The present moment.
    """

    def __init__(
        self, database: Database, stacks: StackReader, unit_id: str, now: int
    ) -> None:
        self._database = database
        self._stacks = stacks
        self._unit_id = unit_id
        self._now = now

    def run(
        self,
        frames: Sequence[SpoolFrame],
        counters: Sequence[Counter],
        *,
        finished: bool,
    ) -> Ingested:
        """Move these in one transaction, or in several where something is refused.

        Raises:
            StoreError: What was not moved remains above the watermark.
        """
        try:
            return self._persist(frames, counters, finished=finished)
        except _REFUSALS as error:
            if not frames:
                raise
            if len(frames) > 1:
                half = len(frames) // 2
                first = self.run(frames[:half], (), finished=False)
                return first.plus(self.run(frames[half:], counters, finished=finished))
            reason = f"{type(error).__name__}: {_reason(error)}"
            bad = Rejected(frames[0].end, reason, frames[0].payload)
            batch = Batch(frames[0].end, rejected=[bad])
        return self._write(batch, counters, finished=finished)

    def _persist(
        self,
        frames: Sequence[SpoolFrame],
        counters: Sequence[Counter],
        *,
        finished: bool,
    ) -> Ingested:
        """Move all in one transaction, again where something was in the way."""
        for _ in range(_RETRIES):
            with contextlib.suppress(ConflictError):
                return self._move(frames, counters, finished=finished)
        return self._move(frames, counters, finished=finished)

    def _move(
        self,
        frames: Sequence[SpoolFrame],
        counters: Sequence[Counter],
        *,
        finished: bool,
    ) -> Ingested:
        batch = read_batch(frames, self._stacks)
        self._database.make_room(record.at for record in batch.records)
        return self._write(batch, counters, finished=finished)

    def _write(
        self, batch: Batch, counters: Sequence[Counter], *, finished: bool
    ) -> Ingested:
        with self._database.writing() as connection:
            move = _Move(Transaction(connection), self._unit_id, self._now)
            return move.run(batch, counters, finished=finished)


class _Move:
    """One transaction.

    Args:
        transaction: A writing one.
        unit_id: The unit it comes from.
        now: The present moment.
    """

    def __init__(self, transaction: Transaction, unit_id: str, now: int) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._unit_id = unit_id
        self._now = now

    def run(
        self, batch: Batch, counters: Sequence[Counter], *, finished: bool
    ) -> Ingested:
        """Store what lies above the watermark, and move the watermark."""
        transaction, unit_id = self._transaction, self._unit_id
        position, already_finished = read_progress(self._connection, unit_id)
        if already_finished:
            return Ingested()
        new = _above(batch, position)
        remember_keys(transaction, unit_id, new.definitions)
        growth = read_growth(transaction, unit_id, counters)
        payloads = UnitStacks(transaction, unit_id).resolve(new)
        definitions = [entry.definition for entry in new.definitions]
        definitions += [definition for definition, _, _ in growth.new]
        labels = Labels(transaction, definitions, new.records)
        rows = list(map(_row, new.records, labels.records, payloads))
        _EVENTS.run(transaction, rows)
        write_counts(transaction, labels, growth, self._now)
        labels.write()
        self._set_aside(new.rejected)
        self._move_watermark(max(position, batch.position), finished=finished)
        return Ingested(len(rows), growth.total, len(new.rejected))

    def _set_aside(self, rejected: Sequence[Rejected]) -> None:
        if not rejected:
            return
        rows = [
            {
                "unit_id": self._unit_id,
                "position": entry.position,
                "at": self._now,
                "reason": clean_message(entry.reason),
                "payload": entry.payload[:_LARGEST_QUARANTINED],
            }
            for entry in rejected
        ]
        self._connection.execute(insert(quarantine), rows)
        newest = select(func.max(quarantine.c.id)).scalar_subquery()
        self._connection.execute(
            delete(quarantine).where(quarantine.c.id <= newest - _QUARANTINE_KEPT)
        )

    def _move_watermark(self, position: int, *, finished: bool) -> None:
        row = self._unit_id, position, finished, self._now
        _WATERMARK.run(self._transaction, [row])
        if finished:
            self._forget()

    def _forget(self) -> None:
        """Drop what only an unfinished unit needs, and long finished units."""
        for table in (unit_keys, unit_stacks, counter_marks):
            self._connection.execute(
                delete(table).where(table.c.unit_id == self._unit_id)
            )
        self._connection.execute(
            delete(watermarks).where(
                watermarks.c.finished,
                watermarks.c.moved_at < self._now - _FINISHED_KEPT,
            )
        )


def _above(batch: Batch, position: int) -> Batch:
    return Batch(
        batch.position,
        [entry for entry in batch.records if entry.position > position],
        [entry for entry in batch.stacks if entry.position > position],
        [entry for entry in batch.definitions if entry.position > position],
        [entry for entry in batch.rejected if entry.position > position],
    )


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, RefusedError) else str(error)


def _row(record: SpooledRecord, label: Label, payload: bytes) -> Row:
    head = record.head
    label.span.add_event(record.at)
    return (
        head.id,
        label.fingerprint_id,
        label.kind_id,
        record.at,
        None if head.user_id is None else clean(head.user_id),
        None if head.request_id is None else clean(head.request_id),
        clean(head.request.route) if head.request else "",
        payload,
    )


def _replace(insert: Insert) -> Insert:
    new = insert.excluded
    values = {name: new[name] for name in ("position", "finished", "moved_at")}
    return insert.on_conflict_do_update(index_elements=["unit_id"], set_=values)


_PROGRESS = Bulk(
    [watermarks.c.unit_id],
    lambda new: select(watermarks.c.position, watermarks.c.finished).where(
        watermarks.c.unit_id == new["unit_id"]
    ),
)
_WATERMARK = insertion(watermarks, *watermarks.c.keys(), otherwise=_replace)
_EVENTS = Load(events)
