"""One batch of a unit moves into the database in one transaction with its watermark.

What a transaction did not commit is read again from the spool; what it did commit lies
below the watermark and is never read again. That gives the effect of exactly once.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from failwell.records import GroupDefinition
from failwell.spool import Counter
from failwell.store._database._bulk import Load, Row, Transaction
from failwell.store._database._schema import (
    counter_marks,
    events,
    quarantine,
    unit_keys,
    unit_stacks,
    watermarks,
)
from failwell.store._errors import BehindError
from failwell.store._intake._batch import Batch, Rejected
from failwell.store._intake._counts import (
    is_sane,
    read_definitions,
    read_growth,
    read_keys,
    read_marks,
    remember_keys,
    write_counts,
)
from failwell.store._intake._facets import Facets
from failwell.store._intake._fingerprints import Label
from failwell.store._intake._labels import Labels
from failwell.store._intake._memory import Memory
from failwell.store._intake._spooled import SpooledRecord
from failwell.store._intake._stacking import UnitStacks
from failwell.store._ledger._happenings import add_happenings
from failwell.store._ledger._watermarks import Progress, move_watermark, read_progress
from failwell.store._text import clean, clean_message
from failwell.store._times import DAY, SECOND

_FINISHED_KEPT = 30 * 24 * 3600 * SECOND
_QUARANTINE_KEPT = 1000
_LARGEST_QUARANTINED = 64 * 1024


class Ingested(NamedTuple):
    """What one batch brought."""

    records: int = 0
    counted: int = 0
    rejected: int = 0

    def plus(self, other: "Ingested") -> "Ingested":
        """Return both together."""
        return Ingested(*(a + b for a, b in zip(self, other, strict=True)))


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


class Move:
    """One batch on its way in.

    Args:
        transaction: A writing one.
        memory: What earlier batches left.
        unit_id: The unit it comes from.
        now: The present moment.
    """

    def __init__(
        self, transaction: Transaction, memory: Memory, unit_id: str, now: int
    ) -> None:
        self._memory = memory
        self._transaction = transaction
        self._connection = transaction.connection
        self._unit_id = unit_id
        self._now = now

    def run(
        self,
        batch: Batch,
        counters: Sequence[Counter],
        *,
        finished: bool,
        since: int,
    ) -> Ingested:
        """Store what lies above the watermark, and move the watermark.

        Raises:
            BehindError: The watermark lies before `since`, where the batch begins.
        """
        transaction, unit_id = self._transaction, self._unit_id
        position, already_finished = read_progress(self._connection, unit_id)
        if already_finished:
            return Ingested()
        if position < since:
            raise BehindError(transaction.store, "it has less than it had")
        new = _above(batch, position)
        remember_keys(transaction, unit_id, new.definitions)
        growth = read_growth(transaction, unit_id, counters)
        met = read_definitions(transaction, unit_id, (user.key for user in new.users))
        payloads = UnitStacks(transaction, unit_id).resolve(new)
        definitions = [entry.definition for entry in new.definitions]
        definitions += [definition for definition, _, _ in growth.new]
        labels = Labels(transaction, [*definitions, *met.values()], new.records)
        self._insert_events(new.records, labels.records, payloads)
        write_counts(transaction, labels, growth, self._now)
        for entry in new.users:
            definition = met.get(entry.key)
            if isinstance(definition, GroupDefinition):
                labels.note_user(definition, entry.user)
        newest = max((record.at for record in new.records), default=self._now)
        labels.write(newest // DAY, self._now)
        add_happenings(transaction, "new", labels.new_groups, self._now)
        self._set_aside(new.rejected)
        if finished:
            self._forget()
        progress = Progress(max(position, batch.position), finished)
        move_watermark(transaction, unit_id, progress, self._now)
        return Ingested(len(new.records), growth.total, len(new.rejected))

    def _insert_events(
        self,
        records: Sequence[SpooledRecord],
        labels: Sequence[Label],
        payloads: Sequence[bytes],
    ) -> None:
        facets = Facets(self._memory)
        for record, label in zip(records, labels, strict=True):
            label.span.add_event(record.at)
            facets.add(label.fingerprint_id, record)
        _EVENTS.run(self._transaction, map(_row, records, labels, payloads))
        facets.write(self._transaction)

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
        [entry for entry in batch.users if entry.position > position],
        [entry for entry in batch.rejected if entry.position > position],
    )


def _row(record: SpooledRecord, label: Label, payload: bytes) -> Row:
    return (
        record.id,
        label.fingerprint_id,
        label.kind_id,
        record.at,
        None if record.user_id is None else clean(record.user_id),
        None if record.request_id is None else clean(record.request_id),
        clean(record.route),
        payload,
    )


_EVENTS = Load(events)
