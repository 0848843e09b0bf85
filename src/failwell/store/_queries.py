"""Groups and events, as the console and the command line show them.

A fixed number of statements a question, however many groups answer it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Row, Select, bindparam, func, select
from sqlalchemy.sql.elements import ColumnElement

from failwell.records import ErrorRecord, decode_frames, put_frames
from failwell.store._model import GroupPage, GroupSummary
from failwell.store._schema import (
    events,
    fingerprint_hours,
    fingerprint_totals,
    fingerprints,
    groups,
    kinds,
    stacks,
)
from failwell.store._times import HOURS_SHOWN, moment

_PER_QUERY = 500

_decoder = msgspec.json.Decoder(ErrorRecord)
_hash = (
    select(fingerprints.c.hash)
    .where(fingerprints.c.group_id == groups.c.id)
    .order_by(fingerprints.c.id)
    .limit(1)
    .scalar_subquery()
    .label("hash")
)


def newest_groups(connection: Connection, limit: int, hour: int) -> list[GroupSummary]:
    """Return the groups seen last, with their counts up to that hour."""
    # Null means that a group was defined and nothing of it has arrived yet.
    seen = groups.c.last_seen.is_not(None)
    order = groups.c.last_seen.desc(), groups.c.id.desc()
    return _summaries(
        connection, select(groups, _hash).where(seen).order_by(*order), limit, hour
    )


def find_group(
    connection: Connection, group_id: int, event_limit: int, hour: int
) -> GroupPage | None:
    """Return a group with its newest events."""
    chosen = select(groups, _hash).where(
        groups.c.id == group_id, groups.c.last_seen.is_not(None)
    )
    summaries = _summaries(connection, chosen, 1, hour)
    if not summaries:
        return None
    hashes = select(fingerprints.c.hash).where(fingerprints.c.group_id == group_id)
    newest = (
        select(events.c.payload)
        .join(fingerprints, fingerprints.c.id == events.c.fingerprint_id)
        .where(fingerprints.c.group_id == group_id)
        .order_by(events.c.at.desc())
        .limit(event_limit)
    )
    return GroupPage(
        group=summaries[0],
        hashes=tuple(connection.scalars(hashes.distinct().order_by("hash"))),
        environments=_seen_in(connection, group_id, kinds.c.environment),
        releases=_seen_in(connection, group_id, kinds.c.release),
        events=_records(connection, newest),
    )


def find(
    connection: Connection, error_id: str, event_limit: int, hour: int
) -> tuple[GroupPage, ErrorRecord | None] | None:
    """Return the group of an error, and the error where it was kept."""
    group_id, record = _find_event(connection, error_id) or (None, None)
    if group_id is None:
        group_id = _find_hash(connection, error_id.partition("-")[0])
    if group_id is None:
        return None
    page = find_group(connection, group_id, event_limit, hour)
    return None if page is None else (page, record)


def _find_event(
    connection: Connection, error_id: str
) -> tuple[int, ErrorRecord] | None:
    """Return the group of an error that was kept in full, and the error."""
    statement = select(fingerprints.c.group_id, events.c.payload).join(
        fingerprints, fingerprints.c.id == events.c.fingerprint_id
    )
    row = connection.execute(statement.where(events.c.id == error_id)).first()
    return None if row is None else (row.group_id, *_read(connection, [row.payload]))


def _find_hash(connection: Connection, hash_: str) -> int | None:
    """Return the group of a hash; the one seen last where applications share it."""
    statement = (
        select(groups.c.id)
        .join(fingerprints, fingerprints.c.group_id == groups.c.id)
        .where(fingerprints.c.hash == hash_)
        .order_by(groups.c.last_seen.desc())
        .limit(1)
    )
    return connection.execute(statement).scalar()


def recent_events(connection: Connection, limit: int) -> list[ErrorRecord]:
    """Return the newest errors that were kept in full."""
    newest = select(events.c.payload).order_by(events.c.at.desc()).limit(limit)
    return list(_records(connection, newest))


def _records(
    connection: Connection, payloads: Select[bytes]
) -> tuple[ErrorRecord, ...]:
    return _read(connection, connection.scalars(payloads))


def _read(connection: Connection, payloads: Iterable[bytes]) -> tuple[ErrorRecord, ...]:
    records = [_decoder.decode(payload) for payload in payloads]
    wanted = {info.stack for record in records for info in record.exceptions}
    found = find_stacks(
        connection, sorted(wanted - {""}), stacks.c.hash, stacks.c.frames
    )
    frames = {row.hash: decode_frames(row.frames) for row in found}
    return tuple(put_frames(record, frames) for record in records)


def find_stacks(
    connection: Connection, hashes: Sequence[str], *columns: Column[Any]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Yield those of many stacks that are stored."""
    chosen = stacks.c.hash.in_(bindparam("hashes", expanding=True))
    statement = select(*columns).where(chosen)
    for start in range(0, len(hashes), _PER_QUERY):
        some = {"hashes": hashes[start:][:_PER_QUERY]}
        yield from connection.execute(statement, some)


def _seen_in(
    connection: Connection, group_id: int, column: ColumnElement[str]
) -> tuple[str, ...]:
    totals = fingerprint_totals.c
    statement = (
        select(column)
        .join(fingerprint_totals, totals.kind_id == kinds.c.id)
        .join(fingerprints, fingerprints.c.id == totals.fingerprint_id)
        .where(fingerprints.c.group_id == group_id)
        .distinct()
    )
    return tuple(sorted(value for value in connection.scalars(statement) if value))


def _summaries(
    connection: Connection, chosen: Select[*tuple[object, ...]], limit: int, hour: int
) -> list[GroupSummary]:
    rows = connection.execute(chosen.limit(limit)).all()
    charts = _charts(connection, [row.id for row in rows], hour)
    return [_summary(row, charts[row.id]) for row in rows]


def _charts(
    connection: Connection, ids: Sequence[int], hour: int
) -> defaultdict[int, list[int]]:
    first = hour - HOURS_SHOWN + 1
    charts: defaultdict[int, list[int]] = defaultdict(lambda: [0] * HOURS_SHOWN)
    hours, group_id = fingerprint_hours.c, fingerprints.c.group_id
    statement = (
        select(group_id, hours.hour, func.sum(hours.n))
        .join(fingerprints, fingerprints.c.id == hours.fingerprint_id)
        .where(group_id.in_(ids), hours.hour.between(first, hour))
        .group_by(group_id, hours.hour)
    )
    for of_group, at, count in connection.execute(statement):
        charts[of_group][at - first] = int(count)
    return charts


def _summary(row: Row[*tuple[object, ...]], chart: Sequence[int]) -> GroupSummary:
    return GroupSummary(
        id=row.id,
        hash=row.hash,
        application=row.application,
        code=row.code,
        type=row.type,
        culprit=row.culprit,
        message=row.message,
        count=row.total,
        first_seen=moment(row.first_seen),
        last_seen=moment(row.last_seen),
        hourly=tuple(chart),
    )
