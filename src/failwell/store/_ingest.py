"""One batch of a unit moves into the database in one transaction with its watermark.

What a transaction did not commit is read again from the spool; what it did commit lies
below the watermark and is never read again. That gives the effect of exactly once.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
)

from failwell.records import GroupDefinition
from failwell.spool import Counter
from failwell.store._batch import Batch, Rejected, StoredRecord, clean, clean_message
from failwell.store._counts import (
    add_counters,
    is_sane,
    read_keys,
    read_marks,
    remember_keys,
)
from failwell.store._groups import GroupWriter
from failwell.store._schema import (
    counter_marks,
    events,
    quarantine,
    unit_keys,
    unit_stacks,
    watermarks,
)
from failwell.store._stacking import UnitStacks
from failwell.store._times import SECOND, microseconds

_FINISHED_KEPT = 30 * 24 * 3600 * SECOND
_QUARANTINE_KEPT = 1000
_LARGEST_QUARANTINED = 64 * 1024
# What says that this row is at fault; every other error means the database is.
_ROW_ERRORS = (
    DataError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    OverflowError,
    ValueError,
    TypeError,
)


class Ingested(NamedTuple):
    """What one batch brought."""

    records: int = 0
    counted: int = 0
    rejected: int = 0


class Progress(NamedTuple):
    """How far a unit has been moved."""

    position: int
    finished: bool


def read_progress(connection: Connection, unit_id: str) -> Progress:
    """Return how far a unit has been moved; position 0 for an unknown one."""
    statement = select(watermarks.c.position, watermarks.c.finished)
    row = connection.execute(statement.where(watermarks.c.unit_id == unit_id)).first()
    return Progress(0, finished=False) if row is None else Progress(*row)


def covers(
    connection: Connection,
    unit_id: str,
    size: int,
    counters: Iterable[Counter],
) -> bool:
    """Return whether all of a unit up to `size` and these counters are stored."""
    position, finished = read_progress(connection, unit_id)
    if finished:
        return True
    if position < size:
        return False
    marks, keys = read_marks(connection, unit_id), read_keys(connection, unit_id)
    # A key without a definition below the size has lost it: it will never come.
    countable = (c for c in counters if c.key in keys and is_sane(c))
    return all(marks.get(c.slot, 0) >= c.count for c in countable)


class Ingest:
    """One batch on its way in.

    Args:
        connection: A writing transaction.
        unit_id: The unit it comes from.
        now: The present moment.
    """

    def __init__(self, connection: Connection, unit_id: str, now: int) -> None:
        self._connection = connection
        self._unit_id = unit_id
        self._now = now
        self._groups = GroupWriter(connection)

    def run(
        self, batch: Batch, counters: Sequence[Counter], *, finished: bool
    ) -> Ingested:
        """Store what lies above the watermark, and move the watermark."""
        position, already_finished = read_progress(self._connection, self._unit_id)
        if already_finished:
            return Ingested()
        new = _above(batch, position)
        rejected = list(new.rejected)
        remember_keys(self._connection, self._unit_id, new.definitions)
        self._define_groups(new)
        records = UnitStacks(self._connection, self._unit_id).resolve(new)
        rejected += self._insert_events(records)
        counted = add_counters(self._connection, self._groups, self._unit_id, counters)
        self._groups.write()
        self._set_aside(rejected)
        self._move_watermark(max(position, batch.position), finished=finished)
        stored = len(records) + len(new.rejected) - len(rejected)
        return Ingested(stored, counted, len(rejected))

    def _define_groups(self, new: Batch) -> None:
        """Make the groups that are new, first of all as their definitions say."""
        definitions = [
            entry.definition
            for entry in new.definitions
            if isinstance(entry.definition, GroupDefinition)
        ]
        hashes = {definition.hash for definition in definitions}
        self._groups.look_up(hashes | {stored.record.group for stored in new.records})
        for definition in definitions:
            self._groups.define(definition)

    def _insert_events(self, records: Sequence[StoredRecord]) -> list[Rejected]:
        """Insert all at once; where that fails, each alone, to find the bad one."""
        rows = [self._row(stored) for stored in records]
        if not rows or self._insert(rows) is None:
            return []
        rejected = []
        for stored, row in zip(records, rows, strict=True):
            error = self._insert([row])
            if error is not None:
                reason = f"{type(error).__name__}: {error}"
                rejected.append(Rejected(stored.position, reason, stored.payload))
        return rejected

    def _insert(self, rows: Sequence[dict[str, Any]]) -> Exception | None:
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(events).on_conflict_do_nothing(), rows)
        except _ROW_ERRORS as error:
            return error
        return None

    def _row(self, stored: StoredRecord) -> dict[str, Any]:
        record = stored.record
        return {
            "id": record.id,
            "group_id": self._groups.add_event(stored),
            "at": microseconds(record.timestamp),
            "environment": clean(record.environment),
            "release": clean(record.release),
            "type": clean(record.type),
            "user_id": None if record.user_id is None else clean(record.user_id),
            "request_id": (
                None if record.request_id is None else clean(record.request_id)
            ),
            "payload": stored.payload,
        }

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
        row = {"position": position, "finished": finished, "moved_at": self._now}
        statement = insert(watermarks).values(unit_id=self._unit_id, **row)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["unit_id"], set_=row)
        )
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
