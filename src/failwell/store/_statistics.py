"""Sums over time and over answers, out of the rollups; no event is ever scanned."""

from datetime import datetime

from sqlalchemy import Connection, Select, func, or_, select, union_all

from failwell.store._model import AnswerCount, ErrorStats
from failwell.store._schema import (
    answer_hours,
    answers,
    kind_hours,
    kind_minutes,
    kinds,
)
from failwell.store._times import MINUTES_PER_HOUR, MinuteRange, hour_start


def count_types(connection: Connection, minutes: MinuteRange) -> ErrorStats:
    """Count the errors of these minutes by the type of their kind."""
    parts = union_all(*_parts(minutes)).subquery()
    # By kind first: a few rows are joined instead of hundreds of thousands.
    sums = (
        select(parts.c.kind_id, func.sum(parts.c.n).label("n"))
        .group_by(parts.c.kind_id)
        .subquery()
    )
    n = func.sum(sums.c.n).label("n")
    statement = (
        select(kinds.c.type, n)
        .join(kinds, kinds.c.id == sums.c.kind_id)
        .group_by(kinds.c.type)
        .order_by(n.desc(), kinds.c.type)
    )
    types = {row.type: int(row.n) for row in connection.execute(statement)}
    return ErrorStats(total_errors=sum(types.values()), error_types=types)


def _parts(minutes: MinuteRange) -> list[Select[int, int]]:
    """Whole hours inside, and the minutes that stand out at the edges."""
    by_minute = select(kind_minutes.c.kind_id, kind_minutes.c.n)
    by_hour = select(kind_hours.c.kind_id, kind_hours.c.n)
    hours = minutes.hours
    minute, hour = kind_minutes.c.minute, kind_hours.c.hour
    within = by_minute.where(minute >= minutes.first, minute < minutes.end)
    if hours.first >= hours.end:
        return [within]
    edges = or_(
        minute < hours.first * MINUTES_PER_HOUR, minute >= hours.end * MINUTES_PER_HOUR
    )
    inside = by_hour.where(hour >= hours.first, hour < hours.end)
    return [within.where(edges), inside]


def count_hours(
    connection: Connection, first: int, end: int
) -> list[tuple[datetime, int]]:
    """Count all errors of each hour from `first` up to, but not with, `end`."""
    n = func.sum(kind_hours.c.n).label("n")
    statement = (
        select(kind_hours.c.hour, n)
        .where(kind_hours.c.hour >= first, kind_hours.c.hour < end)
        .group_by(kind_hours.c.hour)
    )
    counts = {row.hour: int(row.n) for row in connection.execute(statement)}
    return [(hour_start(hour), counts.get(hour, 0)) for hour in range(first, end)]


def most_answered(connection: Connection, limit: int) -> list[AnswerCount]:
    """Sum what was answered without being recorded, the most frequent first."""
    names = answers.c.code, answers.c.status, answers.c.method, answers.c.route
    n = func.sum(answer_hours.c.n).label("n")
    statement = (
        select(*names, n)
        .join(answer_hours, answer_hours.c.answer_id == answers.c.id)
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
