"""Sums over time, out of the rollups; no event is ever scanned.

Days inside a range, hours at their edges, minutes at the edges of these. Where the
minutes of an hour were removed by retention, they no longer add up to the hour's count:
then the hour counts as a whole.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    cast,
    func,
    select,
    union_all,
)

from failwell.store._database._schema import (
    answer_hours,
    answers,
    fingerprint_hours,
    fingerprint_minutes,
    fingerprints,
    kind_days,
    kind_hours,
    kind_minutes,
    kinds,
    loss_hours,
    losses,
)
from failwell.store._model import (
    MINUTES_OF,
    AnswerCount,
    Bucket,
    ErrorStats,
    LossCount,
    TimeSeries,
)
from failwell.store._questions._present import find_group_row
from failwell.store._text import clean
from failwell.store._times import (
    HOURS_KEPT,
    HOURS_PER_DAY,
    MINUTES_PER_DAY,
    MINUTES_PER_HOUR,
    MINUTES_SHOWN,
    MinuteRange,
    minute_start,
)


class _Rollup(NamedTuple):
    """A table of counts by kind, and the bucket that it counts in."""

    table: Table
    bucket: ColumnElement[int]
    minutes: int
    """Of each bucket."""


_DAYS = _Rollup(kind_days, kind_days.c.day, MINUTES_PER_DAY)
_HOURS = _Rollup(kind_hours, kind_hours.c.hour, MINUTES_PER_HOUR)
_MINUTES = _Rollup(kind_minutes, kind_minutes.c.minute, 1)
_ROLLUPS = (_DAYS, _HOURS, _MINUTES)


def count_errors(
    connection: Connection, minutes: MinuteRange, application: str | None
) -> ErrorStats:
    """Count the errors of these minutes by what they are."""
    parts = list(_parts(_outward(connection, minutes), _ROLLUPS))
    types, codes, environments, releases = (Counter[str]() for _ in range(4))
    if parts:
        rows = connection.execute(_by_kind(parts, application)).all()
        for type_, code, environment, release, n in rows:
            types[type_] += int(n)
            codes[code] += int(n)
            environments[environment] += int(n)
            releases[release] += int(n)
    return ErrorStats(
        total_errors=types.total(),
        error_types=_ranked(types),
        codes=_ranked(codes),
        environments=_ranked(environments),
        releases=_ranked(releases),
    )


def count_kinds(
    connection: Connection,
    minutes: MinuteRange,
    bucket: Bucket,
    application: str | None,
) -> TimeSeries:
    """Count all errors of each bucket that the minutes touch."""
    rollup = {"minute": _MINUTES, "hour": _HOURS, "day": _DAYS}[bucket]
    counts = _counts(rollup.table, rollup.bucket)
    if application is not None:
        own = select(kinds.c.id).where(kinds.c.application == clean(application))
        counts = counts.where(rollup.table.c.kind_id.in_(own))
    hours = minutes.hours
    complete = bucket != "minute" or _are_apart(connection, hours.start, hours.stop)
    return _series(connection, counts, minutes, bucket, complete=complete)


def count_group(
    connection: Connection,
    minutes: MinuteRange,
    bucket: Bucket,
    group_id: int,
    now: int,
) -> TimeSeries:
    """Count the errors of a group in each bucket that the minutes touch.

    Args:
        connection: A transaction.
        minutes: The range.
        bucket: In what parts.
        group_id: The group.
        now: The present minute.
    """
    row = find_group_row(connection, group_id)
    present = group_id if row is None else row.id
    own = select(fingerprints.c.id).where(fingerprints.c.group_id == present)
    if bucket == "minute":
        table, column = fingerprint_minutes, fingerprint_minutes.c.minute
        kept = MINUTES_SHOWN
    else:
        table, column = fingerprint_hours, fingerprint_hours.c.hour
        kept = HOURS_KEPT * MINUTES_PER_HOUR
    at = column // HOURS_PER_DAY if bucket == "day" else column
    counts = _counts(table, at).where(table.c.fingerprint_id.in_(own))
    complete = minutes.first >= now - kept
    return _series(connection, counts, minutes, bucket, complete=complete)


def count_answers(
    connection: Connection,
    hours: range | None,
    application: str | None,
    limit: int,
) -> list[AnswerCount]:
    """Sum what was answered without being recorded, the most frequent first."""
    names = answers.c.code, answers.c.status, answers.c.method, answers.c.route
    n = func.sum(answer_hours.c.n).label("n")
    statement = (
        select(*names, n)
        .join(answer_hours, answer_hours.c.answer_id == answers.c.id)
        .where(*_within(hours, answer_hours), *_of(application, answers))
        .group_by(*names)
        .order_by(n.desc(), *names)
        .limit(limit)
    )
    return [
        AnswerCount(
            code=row.code,
            status=row.status,
            method=row.method,
            route=row.route,
            count=int(row.n),
        )
        for row in connection.execute(statement)
    ]


def count_losses(
    connection: Connection, hours: range | None, application: str | None
) -> list[LossCount]:
    """Sum what was counted and not kept in full, the most frequent reason first."""
    n = func.sum(loss_hours.c.n).label("n")
    statement = (
        select(losses.c.reason, n)
        .join(loss_hours, loss_hours.c.loss_id == losses.c.id)
        .where(*_within(hours, loss_hours), *_of(application, losses))
        .group_by(losses.c.reason)
        .order_by(n.desc(), losses.c.reason)
    )
    return [
        LossCount(reason=row.reason, count=int(row.n))
        for row in connection.execute(statement)
    ]


def _outward(connection: Connection, minutes: MinuteRange) -> MinuteRange:
    """Return the range with those hours whole that are not known by minutes."""
    first, end = minutes
    if first < end and first % MINUTES_PER_HOUR:
        hour = first // MINUTES_PER_HOUR
        if not _are_apart(connection, hour, hour + 1):
            first = hour * MINUTES_PER_HOUR
    if first < end and end % MINUTES_PER_HOUR:
        hour = end // MINUTES_PER_HOUR
        if not _are_apart(connection, hour, hour + 1):
            end = (hour + 1) * MINUTES_PER_HOUR
    return MinuteRange(first, end)


def _are_apart(connection: Connection, first: int, end: int) -> bool:
    """Return whether every error of these hours is still counted by minute."""
    sums = []
    for table, column, minutes in (_HOURS, _MINUTES):
        per_hour = MINUTES_PER_HOUR // minutes
        n = func.coalesce(func.sum(table.c.n), 0)
        within = column >= first * per_hour, column < end * per_hour
        sums.append(select(n).where(*within).scalar_subquery())
    whole, apart = sums
    return bool(connection.execute(select(whole == apart)).scalar())


def _parts(
    minutes: MinuteRange, rollups: Sequence[_Rollup]
) -> Iterator[Select[int, int]]:
    """Yield the widest buckets wholly inside, and narrower ones at their edges."""
    (table, column, width), *finer = rollups
    first, end = -(-minutes.first // width), minutes.end // width
    if first < end:
        within = column >= first, column < end
        yield select(table.c.kind_id, table.c.n).where(*within)
        edges = [
            MinuteRange(minutes.first, first * width),
            MinuteRange(end * width, minutes.end),
        ]
    else:
        edges = [minutes]
    for edge in edges:
        if finer and edge.first < edge.end:
            yield from _parts(edge, finer)


def _by_kind(
    parts: Sequence[Select[int, int]], application: str | None
) -> Select[*tuple[Any, ...]]:
    together = union_all(*parts).subquery()
    # By kind first: few rows are joined instead of many.
    sums = (
        select(together.c.kind_id, _sum(together.c.n).label("n"))
        .group_by(together.c.kind_id)
        .subquery()
    )
    told = kinds.c.type, kinds.c.code, kinds.c.environment, kinds.c.release
    joined = select(*told, sums.c.n).join(sums, sums.c.kind_id == kinds.c.id)
    return joined.where(*_of(application, kinds))


def _ranked(sums: Counter[str]) -> dict[str, int]:
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


def _counts(table: Table, at: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    at = at.label("at")
    return select(at, _sum(table.c.n).label("n")).group_by(at)


def _sum(numbers: ColumnElement[int]) -> ColumnElement[int]:
    # PostgreSQL sums to decimal numbers, which take the driver longer than the query.
    return cast(func.sum(numbers), BigInteger)


def _series(
    connection: Connection,
    counts: Select[*tuple[Any, ...]],
    minutes: MinuteRange,
    bucket: Bucket,
    *,
    complete: bool,
) -> TimeSeries:
    width = MINUTES_OF[bucket]
    touched = _touched(minutes, width)
    at = counts.selected_columns.at
    within = counts.where(at >= touched.start, at < touched.stop)
    found = {row.at: int(row.n) for row in connection.execute(within)}
    points = ((minute_start(at * width), found.get(at, 0)) for at in touched)
    return TimeSeries(bucket=bucket, points=tuple(points), complete=complete)


def _touched(minutes: MinuteRange, width: int) -> range:
    return range(minutes.first // width, -(-minutes.end // width))


def _within(hours: range | None, table: Table) -> list[ColumnElement[bool]]:
    if hours is None:
        return []
    return [table.c.hour >= hours.start, table.c.hour < hours.stop]


def _of(application: str | None, table: Table) -> list[ColumnElement[bool]]:
    if application is None:
        return []
    return [table.c.application == clean(application)]
