"""Counters of the spool become counts by minute and hour, each error exactly once.

A counter only grows. The highest reading of each is kept beside the counts, so that
reading it again, late, or out of order adds what is new and nothing twice.
"""

import collections
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects.sqlite import insert

from failwell.records import AnswerDefinition, Definition, GroupDefinition
from failwell.spool import Counter
from failwell.store._batch import KeyDefinition, clean, read_definition
from failwell.store._groups import GroupWriter
from failwell.store._schema import (
    answer_hours,
    answers,
    counter_marks,
    group_hours,
    group_minutes,
    unit_keys,
)
from failwell.store._times import LATEST_MINUTE, MINUTES_PER_HOUR

_HIGHEST = 2**32
"""More errors than a process can count in a minute, and few enough that no sum of
what a damaged file says ever leaves the integers of the database."""


class _New(NamedTuple):
    """What a counter counted since it was read last."""

    definition: Definition
    minute: int
    n: int


def remember_keys(
    connection: Connection, unit_id: str, definitions: Sequence[KeyDefinition]
) -> None:
    """Keep what the keys of a unit count; the first definition of a key stays."""
    rows = [
        {"unit_id": unit_id, "key": d.key, "definition": d.payload} for d in definitions
    ]
    if rows:
        connection.execute(insert(unit_keys).on_conflict_do_nothing(), rows)


def read_marks(connection: Connection, unit_id: str) -> dict[int, int]:
    """Return the highest reading of each counter of a unit, by slot."""
    statement = select(counter_marks.c.slot, counter_marks.c.n)
    found = connection.execute(statement.where(counter_marks.c.unit_id == unit_id))
    return {row[0]: row[1] for row in found}


def read_keys(connection: Connection, unit_id: str) -> dict[bytes, bytes]:
    """Return the definition, encoded, of each key of a unit."""
    statement = select(unit_keys.c.key, unit_keys.c.definition)
    found = connection.execute(statement.where(unit_keys.c.unit_id == unit_id))
    return {row[0]: row[1] for row in found}


def add_counters(
    connection: Connection,
    groups: GroupWriter,
    unit_id: str,
    counters: Iterable[Counter],
) -> int:
    """Add what is new in the counters of a unit; return how much that is.

    A counter whose key has no definition yet is left for the next time.
    """
    marks = read_marks(connection, unit_id)
    grown = [c for c in counters if marks.get(c.slot, 0) < c.count and is_sane(c)]
    if not grown:
        return 0
    keys = read_keys(connection, unit_id)
    definitions = {
        key: read_definition(keys[key]) for key in {c.key for c in grown} & keys.keys()
    }
    known = [c for c in grown if c.key in definitions]
    new = [
        _New(definitions[c.key], c.minute, c.count - marks.get(c.slot, 0))
        for c in known
    ]
    _add_group_counts(connection, groups, new)
    _add_answer_counts(connection, new)
    rows = [{"unit_id": unit_id, "slot": c.slot, "n": c.count} for c in known]
    _upsert(connection, counter_marks, rows, add=False)
    return sum(entry.n for entry in new)


def is_sane(counter: Counter) -> bool:
    """Return whether the numbers of a counter, perhaps out of a torn file, can be."""
    return counter.count < _HIGHEST and 0 <= counter.minute < LATEST_MINUTE


def _add_group_counts(
    connection: Connection, groups: GroupWriter, new: Sequence[_New]
) -> None:
    minutes: collections.Counter[tuple[int, int, str, str]] = collections.Counter()
    hours: collections.Counter[tuple[int, int, str, str]] = collections.Counter()
    groups.look_up(
        entry.definition.hash
        for entry in new
        if isinstance(entry.definition, GroupDefinition)
    )
    for definition, minute, n in new:
        if isinstance(definition, GroupDefinition):
            group_id = groups.define(definition)
            groups.add_count(group_id, minute, n)
            where = clean(definition.environment), clean(definition.release)
            minutes[group_id, minute, *where] += n
            hours[group_id, minute // MINUTES_PER_HOUR, *where] += n
    for table, counts in ((group_minutes, minutes), (group_hours, hours)):
        bucket = "minute" if table is group_minutes else "hour"
        names = ("group_id", bucket, "environment", "release")
        rows = [
            {**dict(zip(names, key, strict=True)), "n": n} for key, n in counts.items()
        ]
        _upsert(connection, table, rows)


def _add_answer_counts(connection: Connection, new: Sequence[_New]) -> None:
    hours: collections.Counter[tuple[int, int]] = collections.Counter()
    for definition, minute, n in new:
        if isinstance(definition, AnswerDefinition):
            answer_id = _answer_id(connection, definition)
            hours[answer_id, minute // MINUTES_PER_HOUR] += n
    rows = [
        {"answer_id": answer_id, "hour": hour, "n": n}
        for (answer_id, hour), n in hours.items()
    ]
    _upsert(connection, answer_hours, rows)


def _answer_id(connection: Connection, definition: AnswerDefinition) -> int:
    names = ("application", "environment", "release", "code", "method", "route")
    row: dict[str, Any] = {name: clean(getattr(definition, name)) for name in names}
    row["status"] = definition.status
    connection.execute(insert(answers).values(**row).on_conflict_do_nothing())
    same = [answers.c[name] == value for name, value in row.items()]
    return int(connection.execute(select(answers.c.id).where(*same)).scalar_one())


def _upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[dict[str, Any]],
    *,
    add: bool = True,
) -> None:
    if not rows:
        return
    statement = insert(table)
    new = statement.excluded.n
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={"n": table.c.n + new if add else new},
        ),
        rows,
    )
