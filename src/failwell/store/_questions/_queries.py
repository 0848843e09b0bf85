"""One group with what belongs to it, and single events.

A fixed number of statements a question, however many rows answer it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Row,
    Select,
    Table,
    bindparam,
    func,
    select,
    tuple_,
    union_all,
)

from failwell.records import ErrorRecord, decode_frames, put_frames
from failwell.store._database._schema import (
    events,
    facets,
    fingerprint_totals,
    fingerprints,
    groups,
    kinds,
    landmarks,
    stacks,
)
from failwell.store._model import Fingerprint, GroupPage, ValueCount
from failwell.store._query import EventCursor, Page
from failwell.store._questions._listing import summaries
from failwell.store._questions._present import find_group_row
from failwell.store._text import clean
from failwell.store._times import moment

_PER_QUERY = 500
# SQLite takes 500 parts of a union; of events there are two a fingerprint.
_FINGERPRINTS_PER_QUERY = 100
_VALUES_SHOWN = 10

_Event: TypeAlias = Row[*tuple[Any, ...]]

_decoder = msgspec.json.Decoder(ErrorRecord)


def find_group(
    connection: Connection, group_id: int, event_limit: int, hour: int
) -> GroupPage | None:
    """Return a group, or the one that it was merged into, with its newest events."""
    row = find_group_row(connection, group_id)
    if row is None:
        return None
    owned = _fingerprints_of(connection, row.id)
    ids = [fingerprint.id for fingerprint in owned]
    newest = _newest(connection, ids, event_limit)
    # Read together: mostly they share their stacks.
    records = read_records(connection, [*newest, *_first(connection, ids)])
    releases = _seen_in(connection, ids, kinds.c.release)
    return GroupPage(
        group=summaries(connection, [row], hour)[0],
        fingerprints=tuple(
            Fingerprint(
                hash=found.hash,
                algorithm=found.algorithm,
                parts=tuple(msgspec.json.decode(found.parts)),
                home=found.home_group_id,
                count=found.total,
            )
            for found in owned
        ),
        environments=tuple(_seen_in(connection, ids, kinds.c.environment)),
        releases=tuple(sorted(releases, key=attrgetter("last_seen"), reverse=True)),
        tags=_tags(connection, ids),
        events=records[: len(newest)],
        first=records[-1] if records else None,
    )


def list_events(
    connection: Connection, group_id: int, limit: int, cursor: EventCursor | None
) -> Page[ErrorRecord]:
    """Return a group's kept events, the newest first, from a cursor on."""
    row = find_group_row(connection, group_id)
    if row is None:
        return Page(())
    ids = [fingerprint.id for fingerprint in _fingerprints_of(connection, row.id)]
    rows = _newest(connection, ids, limit + 1, cursor)
    shown = rows[:limit]
    more = None
    if len(rows) > limit:
        more = EventCursor(shown[-1].at, shown[-1].id).encode()
    return Page(read_records(connection, shown), more)


def find(
    connection: Connection, error_id: str, event_limit: int, hour: int
) -> tuple[GroupPage, ErrorRecord | None] | None:
    """Return the group of an error, and the error where it was kept."""
    wanted = clean(error_id)
    group_id, record = _find_event(connection, wanted) or (None, None)
    if group_id is None:
        group_id = _find_hash(connection, wanted.partition("-")[0])
    if group_id is None:
        return None
    page = find_group(connection, group_id, event_limit, hour)
    return None if page is None else (page, record)


def recent_events(
    connection: Connection, limit: int, application: str | None
) -> list[ErrorRecord]:
    """Return the newest errors that were kept in full."""
    newest = select(*_kept(events)).order_by(events.c.at.desc()).limit(limit)
    if application is not None:
        own = select(kinds.c.id).where(kinds.c.application == clean(application))
        newest = newest.where(events.c.kind_id.in_(own))
    return list(read_records(connection, connection.execute(newest).all()))


def _find_stacks(
    connection: Connection, hashes: Sequence[str], *columns: Column[Any]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield those of many stacks that are stored."""
    chosen = stacks.c.hash.in_(bindparam("hashes", expanding=True))
    statement = select(*columns).where(chosen)
    for start in range(0, len(hashes), _PER_QUERY):
        some = {"hashes": hashes[start:][:_PER_QUERY]}
        yield from connection.execute(statement, some)


def _fingerprints_of(
    connection: Connection, group_id: int
) -> Sequence[Row[*tuple[Any, ...]]]:
    statement = select(fingerprints).where(fingerprints.c.group_id == group_id)
    order = fingerprints.c.total.desc(), fingerprints.c.id
    return connection.execute(statement.order_by(*order)).all()


def _newest(
    connection: Connection,
    ids: Sequence[int],
    limit: int,
    before: EventCursor | None = None,
) -> list[_Event]:
    """Return the newest events of these fingerprints."""

    def newest(table: Table, id_: int) -> Select[*tuple[Any, ...]]:
        own = select(*_kept(table)).where(table.c.fingerprint_id == id_)
        if before is not None:
            own = own.where(tuple_(table.c.at, table.c.id) < tuple(before))
        return own.order_by(table.c.at.desc(), table.c.id.desc()).limit(limit)

    found = of_each(connection, ids, newest)
    return sorted(found, key=place, reverse=True)[:limit]


def _first(connection: Connection, ids: Sequence[int]) -> list[_Event]:
    """Return the first event of these fingerprints, where there is one."""

    def first(table: Table, id_: int) -> Select[*tuple[Any, ...]]:
        own = select(*_kept(table)).where(table.c.fingerprint_id == id_)
        return own.order_by(table.c.at, table.c.id).limit(1)

    return sorted(of_each(connection, ids, first), key=place)[:1]


def of_each(
    connection: Connection,
    ids: Sequence[int],
    choose: Callable[[Table, int], Select[*tuple[Any, ...]]],
) -> Iterator[_Event]:
    """Yield what is chosen of each fingerprint alone: an index has it in order."""
    for start in range(0, len(ids), _FINGERPRINTS_PER_QUERY):
        parts = [
            select(choose(table, id_).subquery())
            for id_ in ids[start:][:_FINGERPRINTS_PER_QUERY]
            for table in (events, landmarks)
        ]
        yield from connection.execute(union_all(*parts))


def place(row: _Event) -> tuple[int, str]:
    """Return what the events of a group are in order by."""
    return row.at, row.id


def _kept(table: Table) -> tuple[Column[Any], ...]:
    return table.c.at, table.c.id, table.c.payload


def read_records(
    connection: Connection, rows: Iterable[_Event]
) -> tuple[ErrorRecord, ...]:
    """Return the records of rows with a payload, with their frames."""
    records = [_decoder.decode(row.payload) for row in rows]
    wanted = {info.stack for record in records for info in record.exceptions}
    found = _find_stacks(
        connection, sorted(wanted - {""}), stacks.c.hash, stacks.c.frames
    )
    frames = {row.hash: decode_frames(row.frames) for row in found}
    return tuple(put_frames(record, frames) for record in records)


def _seen_in(
    connection: Connection, ids: Sequence[int], column: Column[str]
) -> list[ValueCount]:
    """Return the values that a column of `kinds` has for all errors of a group."""
    n = func.sum(fingerprint_totals.c.n).label("n")
    statement = (
        select(
            column.label("value"),
            n,
            func.max(fingerprint_totals.c.last_seen),
            func.min(fingerprint_totals.c.first_seen),
        )
        .join(kinds, kinds.c.id == fingerprint_totals.c.kind_id)
        .where(fingerprint_totals.c.fingerprint_id.in_(ids), column != "")
        .group_by(column)
        .order_by(n.desc(), column)
    )
    return [_value_count(*row) for row in connection.execute(statement)]


def _tags(
    connection: Connection, ids: Sequence[int]
) -> dict[str, tuple[ValueCount, ...]]:
    n = func.sum(facets.c.n).label("n")
    statement = (
        select(facets.c.name, facets.c.value, n, func.max(facets.c.last_seen))
        .where(facets.c.fingerprint_id.in_(ids))
        .group_by(facets.c.name, facets.c.value)
        .order_by(facets.c.name, n.desc(), facets.c.value)
    )
    found: defaultdict[str, list[ValueCount]] = defaultdict(list)
    for name, *row in connection.execute(statement):
        if len(found[name]) < _VALUES_SHOWN:
            found[name].append(_value_count(*row))
    return {name: tuple(values) for name, values in found.items()}


def _value_count(
    value: str, count: int, last_seen: int, first_seen: int | None = None
) -> ValueCount:
    return ValueCount(
        value=value,
        count=int(count),
        last_seen=moment(last_seen),
        first_seen=None if first_seen is None else moment(first_seen),
    )


def _find_event(
    connection: Connection, error_id: str
) -> tuple[int, ErrorRecord] | None:
    for table in (events, landmarks):
        statement = (
            select(fingerprints.c.group_id, *_kept(table))
            .join(fingerprints, fingerprints.c.id == table.c.fingerprint_id)
            .where(table.c.id == error_id)
            .limit(1)
        )
        row = connection.execute(statement).first()
        if row is not None:
            return row.group_id, *read_records(connection, [row])
    return None


def _find_hash(connection: Connection, hash_: str) -> int | None:
    """Return the group of a hash; the one seen last where applications share it."""
    statement = (
        select(groups.c.id)
        .join(fingerprints, fingerprints.c.group_id == groups.c.id)
        .where(fingerprints.c.hash == hash_, groups.c.last_seen.is_not(None))
        .order_by(groups.c.last_seen.desc())
        .limit(1)
    )
    return connection.execute(statement).scalar()
