"""What goes when it is too old or too much: small steps, each a transaction of its own.

Owns the order of what goes, and how much at once: ingest and readers wait for no step
longer than for a batch. Refuses to touch totals: events go but for landmarks, and
counts only where wider buckets hold them too.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Delete, delete, func, select

from failwell.store._alerting._outbox import forget_alerts
from failwell.store._database._engine import Database
from failwell.store._database._room import (
    Day,
    drop_day,
    first_day,
    give_back,
    may_prune,
    used_bytes,
)
from failwell.store._database._schema import (
    events,
    facets,
    fingerprint_hours,
    fingerprint_minutes,
    fingerprint_users,
    fingerprints,
    kind_minutes,
    quarantine,
    stacks,
    unit_stacks,
)
from failwell.store._ledger._happenings import forget_happenings
from failwell.store._ledger._history import forget_notes
from failwell.store._ledger._watermarks import note_change
from failwell.store._model import Pruned, Retention
from failwell.store._times import (
    DAY,
    HOUR,
    HOURS_KEPT,
    MINUTE,
    MINUTES_PER_HOUR,
    MINUTES_SHOWN,
)
from failwell.store._upkeep._landmarks import drop_overtaken, leave_landmarks

_EVENTS_PER_STEP = 200
_ROWS_PER_STEP = 2_000
_FINGERPRINTS_PER_STEP = 500
_STACKS_PER_STEP = 200
_PAGES_PER_STEP = 500

_Step = Callable[[Connection], Pruned]


def prune(
    database: Database, retention: Retention, now: int, *, thorough: bool
) -> Iterator[Pruned]:
    """Yield what each step removed; a step runs when the next is asked for.

    Args:
        database: Where.
        retention: What is kept.
        now: The present moment.
        thorough: Whether counts, tags and stacks are looked at too, and not only the
            events.
    """
    oldest = now - retention.days * DAY if retention.days else 0
    yield from _repeat(database, lambda c: _remove_old(c, oldest))
    yield from _remove_excess(database, retention.events)
    yield from _repeat(database, lambda c: _shrink(c, retention.bytes, now))
    if thorough:
        # They were told among the removed events, as ones that are kept all the same.
        yield from _repeat(database, lambda c: Pruned(landmarks=-drop_overtaken(c)))
        for column, below in _narrow(now, oldest):
            yield from _repeat(database, _trimming(column, below))
        yield from _forget_details(database, oldest, now)
        yield from _repeat(database, lambda c: _drop_stacks(c, now))
    yield from _repeat(database, lambda c: Pruned(freed=give_back(c, _PAGES_PER_STEP)))


def _repeat(database: Database, step: _Step) -> Iterator[Pruned]:
    """Take a step again and again until there is nothing left for it to do."""
    while any(done := _take(database, step)):
        yield done


def _take(database: Database, step: _Step) -> Pruned:
    with database.writing() as connection:
        if not may_prune(connection):
            return Pruned()
        done = step(connection)
        if done.events or done.landmarks or done.counts:
            note_change(connection)
        return done


def _remove_old(connection: Connection, oldest: int) -> Pruned:
    if connection.dialect.name == "sqlite":
        return _remove_oldest(connection, _EVENTS_PER_STEP, before=oldest)
    day = first_day(connection)
    if day is not None and day.end <= oldest:
        return _remove_day(connection, day)
    # What came too late for its day lies in none.
    edge = oldest // DAY * DAY
    edge = edge if day is None else min(edge, day.first)
    return _remove_oldest(connection, _EVENTS_PER_STEP, before=edge)


def _remove_excess(database: Database, most: int) -> Iterator[Pruned]:
    if not most:
        return
    with database.reading() as connection:
        excess = _count(connection) - most
    while excess > 0 and any(done := _take(database, _removing(excess))):
        yield done
        excess -= done.events


def _removing(excess: int) -> _Step:
    def remove(connection: Connection) -> Pruned:
        day = first_day(connection)
        if day is not None and _count(connection, *_of(day)) <= excess:
            return _remove_day(connection, day)
        return _remove_oldest(connection, min(excess, _EVENTS_PER_STEP))

    return remove


def _shrink(connection: Connection, most: int, now: int) -> Pruned:
    if not most or used_bytes(connection) <= most:
        return Pruned()
    if connection.dialect.name == "sqlite":
        return _remove_oldest(connection, _EVENTS_PER_STEP)
    # Rows that are deleted give nothing back here; and today is still being filled.
    day = first_day(connection)
    return Pruned() if day is None or day.end > now else _remove_day(connection, day)


def _remove_day(connection: Connection, day: Day) -> Pruned:
    late = _remove_oldest(connection, _EVENTS_PER_STEP, before=day.first)
    if any(late):
        return late
    n = _count(connection, *_of(day))
    left = leave_landmarks(connection, day.end - 1)
    drop_day(connection, day)
    return Pruned(events=n, landmarks=left, days=1)


def _of(day: Day) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return events.c.at >= day.first, events.c.at < day.end


def _count(connection: Connection, *where: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(events).where(*where)
    return int(connection.execute(statement).scalar_one())


def _remove_oldest(
    connection: Connection, n: int, *, before: int | None = None
) -> Pruned:
    """Remove about `n` events, the oldest ones; more where several share a moment."""
    chosen = select(events.c.at).order_by(events.c.at).limit(n)
    if before is not None:
        chosen = chosen.where(events.c.at < before)
    edge = connection.execute(select(func.max(chosen.subquery().c.at))).scalar()
    if edge is None:
        return Pruned()
    left = leave_landmarks(connection, edge)
    removed = connection.execute(delete(events).where(events.c.at <= edge))
    return Pruned(events=removed.rowcount, landmarks=left)


def _narrow(now: int, oldest: int) -> Iterator[tuple[Column[Any], int]]:
    """Yield the buckets that wider ones repeat, and below which they may go."""
    # Whole hours: the minutes of an hour add up to its count, or do not count.
    hour = oldest // HOUR
    yield kind_minutes.c.minute, hour * MINUTES_PER_HOUR
    yield fingerprint_minutes.c.minute, now // MINUTE - MINUTES_SHOWN
    yield fingerprint_hours.c.hour, now // HOUR - HOURS_KEPT


def _trimming(column: Column[Any], below: int) -> _Step:
    def trim(connection: Connection) -> Pruned:
        lowest = select(column).where(column < below).order_by(column)
        some = lowest.limit(_ROWS_PER_STEP).subquery()
        edge = connection.execute(select(func.max(some.c[column.name]))).scalar()
        if edge is None:
            return Pruned()
        return _counted(connection, delete(column.table).where(column <= edge))

    return trim


def _forget_details(database: Database, oldest: int, now: int) -> Iterator[Pruned]:
    """Remove what only events tell: tags, users by day, and what was set aside.

    And what nobody waits for: happenings that were not taken, alerts long sent, and
    what the history says of no group.
    """
    old = delete(quarantine).where(quarantine.c.at < oldest)
    yield _take(database, lambda connection: _counted(connection, old))
    yield _take(database, lambda connection: _forget_alerts(connection, now))
    yield _take(database, lambda c: Pruned(counts=forget_notes(c, oldest)))
    with database.reading() as connection:
        last = connection.execute(select(func.max(fingerprints.c.id))).scalar() or 0
    for first in range(0, last + 1, _FINGERPRINTS_PER_STEP):
        yield _take(database, _forgetting(first, oldest))


def _forget_alerts(connection: Connection, now: int) -> Pruned:
    gone = forget_happenings(connection, now) + forget_alerts(connection, now)
    return Pruned(counts=gone)


def _forgetting(first: int, oldest: int) -> _Step:
    def forget(connection: Connection) -> Pruned:
        last = first + _FINGERPRINTS_PER_STEP - 1
        tags, users = facets.c, fingerprint_users.c
        old_tags = delete(facets).where(
            tags.fingerprint_id.between(first, last), tags.last_seen < oldest
        )
        # Day 0 holds the users of all days.
        old_users = delete(fingerprint_users).where(
            users.fingerprint_id.between(first, last),
            users.day.between(1, oldest // DAY - 1),
        )
        return _counted(connection, old_tags).plus(_counted(connection, old_users))

    return forget


def _counted(connection: Connection, deletion: Delete) -> Pruned:
    return Pruned(counts=connection.execute(deletion).rowcount)


def _drop_stacks(connection: Connection, now: int) -> Pruned:
    """Remove stacks that no event, and no unit that is still being moved, refers to."""
    oldest = connection.execute(select(func.min(events.c.at))).scalar()
    day = (now if oldest is None else oldest) // DAY
    named = select(unit_stacks.c.hash)
    some = (
        select(stacks.c.hash)
        .where(stacks.c.last_used < day, stacks.c.hash.not_in(named))
        .limit(_STACKS_PER_STEP)
    )
    removed = connection.execute(delete(stacks).where(stacks.c.hash.in_(some)))
    return Pruned(stacks=removed.rowcount)
