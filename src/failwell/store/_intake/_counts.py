"""Counters of the spool become counts by minute, hour and day, each error exactly once.

A counter only grows. The highest reading of each is kept beside the counts, so that
reading it again, late, or out of order adds what is new and nothing twice.
"""

import collections
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, select

from failwell.records import AnswerDefinition, Definition, GroupDefinition
from failwell.spool import Counter
from failwell.store._database._bulk import (
    Bulk,
    Insert,
    Transaction,
    addition,
    insertion,
)
from failwell.store._database._schema import (
    answer_hours,
    counter_marks,
    fingerprint_hours,
    fingerprint_minutes,
    kind_days,
    kind_hours,
    kind_minutes,
    loss_hours,
    unit_keys,
)
from failwell.store._intake._batch import KeyDefinition, read_definition
from failwell.store._intake._labels import Labels
from failwell.store._times import (
    HOURS_PER_DAY,
    LATEST_MINUTE,
    MINUTE,
    MINUTES_PER_HOUR,
    MINUTES_SHOWN,
)

_HIGHEST = 2**32
"""More errors than a process can count in a minute, and few enough that no sum of
what a damaged file says ever leaves the integers of the database."""


class Growth(NamedTuple):
    """What counters counted since they were read last."""

    new: Sequence[tuple[Definition, int, int]] = ()
    """What was counted, in which minute, and how often."""
    marks: Sequence[tuple[str, int, int]] = ()
    """Unit, slot and reading of each counter that grew."""

    @property
    def total(self) -> int:
        """How much that is."""
        return sum(n for _, _, n in self.new)


def remember_keys(
    transaction: Transaction, unit_id: str, definitions: Iterable[KeyDefinition]
) -> None:
    """Keep what the keys of a unit count; the first definition of a key stays."""
    first = {d.key: (unit_id, d.key, d.payload) for d in reversed([*definitions])}
    _NEW_KEYS.run(transaction, sorted(first.values()))


def read_marks(
    transaction: Transaction, unit_id: str, counters: Iterable[Counter]
) -> dict[int, int]:
    """Return the highest reading of each of these counters, by slot."""
    slots = [counter.slot for counter in counters]
    if not slots:
        return {}
    # Slots are taken one after the other, so that those which grow lie together.
    span = (unit_id, min(slots), max(slots))
    return dict(_MARKS.fetch(transaction, [span]))


def read_keys(
    transaction: Transaction, unit_id: str, keys: Iterable[bytes]
) -> dict[bytes, bytes]:
    """Return the definition, encoded, of each of these keys of a unit."""
    wanted = [(unit_id, key) for key in sorted(set(keys))]
    return dict(_KEYS.fetch(transaction, wanted))


def read_definitions(
    transaction: Transaction, unit_id: str, keys: Iterable[bytes]
) -> dict[bytes, Definition]:
    """Return what these keys of a unit count."""
    encoded = read_keys(transaction, unit_id, keys)
    return {key: read_definition(definition) for key, definition in encoded.items()}


def read_growth(
    transaction: Transaction, unit_id: str, counters: Iterable[Counter]
) -> Growth:
    """Return what is new in the counters of a unit.

    A counter whose key has no definition yet is left for the next time.
    """
    sane = [counter for counter in counters if is_sane(counter)]
    marks = read_marks(transaction, unit_id, sane)
    grown = [c for c in sane if marks.get(c.slot, 0) < c.count]
    definitions = read_definitions(transaction, unit_id, (c.key for c in grown))
    known = [c for c in grown if c.key in definitions]
    return Growth(
        [(definitions[c.key], c.minute, c.count - marks.get(c.slot, 0)) for c in known],
        [(unit_id, c.slot, c.count) for c in known],
    )


def is_sane(counter: Counter) -> bool:
    """Return whether the numbers of a counter, perhaps out of a torn file, can be."""
    return 0 < counter.count < _HIGHEST and 0 <= counter.minute < LATEST_MINUTE


def write_counts(
    transaction: Transaction, labels: Labels, growth: Growth, now: int
) -> None:
    """Add what is new to the counts of everything that the labels were made for."""
    counts = _Counts(now // MINUTE - MINUTES_SHOWN)
    for definition, minute, n in growth.new:
        if isinstance(definition, GroupDefinition):
            label = labels.group(definition)
            label.span.add_minute(minute, n)
            counts.add(label.fingerprint_id, label.kind_id, minute, n)
        elif isinstance(definition, AnswerDefinition):
            counts.answers[labels.answer(definition), minute // MINUTES_PER_HOUR] += n
        else:
            counts.losses[labels.loss(definition), minute // MINUTES_PER_HOUR] += n
    counts.write(transaction)
    _MARK.run(transaction, sorted(growth.marks))


class _Counts:
    """Sums by the keys of the tables of counts."""

    def __init__(self, oldest_minute: int) -> None:
        self._oldest_minute = oldest_minute
        self._kind_minutes = collections.Counter[tuple[int, int]]()
        self._minutes = collections.Counter[tuple[int, int, int]]()
        self._hours = collections.Counter[tuple[int, int, int]]()
        self.answers = collections.Counter[tuple[int, int]]()
        self.losses = collections.Counter[tuple[int, int]]()

    def add(self, fingerprint_id: int, kind_id: int, minute: int, n: int) -> None:
        """Add errors of a fingerprint and a kind."""
        self._kind_minutes[minute, kind_id] += n
        self._hours[fingerprint_id, minute // MINUTES_PER_HOUR, kind_id] += n
        if minute >= self._oldest_minute:
            self._minutes[minute, fingerprint_id, kind_id] += n

    def write(self, transaction: Transaction) -> None:
        """Add all to the tables."""
        hours, days = collections.Counter[Any](), collections.Counter[Any]()
        for (minute, kind_id), n in self._kind_minutes.items():
            hours[minute // MINUTES_PER_HOUR, kind_id] += n
        for (hour, kind_id), n in hours.items():
            days[hour // HOURS_PER_DAY, kind_id] += n
        sums: list[collections.Counter[Any]] = [
            *(self._kind_minutes, hours, days),
            *(self._minutes, self._hours),
            *(self.answers, self.losses),
        ]
        for bulk, counted in zip(_ADDITIONS, sums, strict=True):
            bulk.run(transaction, [(*key, n) for key, n in sorted(counted.items())])


_ADDITIONS = [
    addition(table)
    for table in (
        kind_minutes,
        kind_hours,
        kind_days,
        fingerprint_minutes,
        fingerprint_hours,
        answer_hours,
        loss_hours,
    )
]
_NEW_KEYS = insertion(unit_keys, *unit_keys.c.keys())
_KEYS = Bulk(
    [unit_keys.c.unit_id, unit_keys.c.key],
    lambda new: select(unit_keys.c.key, unit_keys.c.definition).where(
        unit_keys.c.unit_id == new["unit_id"], unit_keys.c.key == new["key"]
    ),
)
_MARKS = Bulk(
    [counter_marks.c.unit_id, Column("first", BigInteger), Column("last", BigInteger)],
    lambda new: select(counter_marks.c.slot, counter_marks.c.n).where(
        counter_marks.c.unit_id == new["unit_id"],
        counter_marks.c.slot.between(new["first"], new["last"]),
    ),
)


def _raise_mark(insert: Insert) -> Insert:
    return insert.on_conflict_do_update(
        index_elements=list(counter_marks.primary_key), set_={"n": insert.excluded.n}
    )


_MARK = insertion(counter_marks, *counter_marks.c.keys(), otherwise=_raise_mark)
