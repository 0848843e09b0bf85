"""The list of groups: filtered, sorted, a page at a time.

A fixed number of statements, however many groups there are or come back. Pages are cut
by what they are sorted by, never by number: what comes meanwhile shifts nothing.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.sql.elements import ColumnElement

from failwell.store._database._schema import (
    events,
    facets,
    fingerprint_hours,
    fingerprint_totals,
    fingerprints,
    groups,
    kinds,
    landmarks,
)
from failwell.store._model import GroupSummary
from failwell.store._query import NOBODY, GroupCursor, GroupQuery, Page
from failwell.store._text import clean
from failwell.store._times import HOUR, HOURS_SHOWN, moment, stored

_Condition = ColumnElement[bool]

# That of the fingerprint that it began with.
_HASH = (
    select(fingerprints.c.hash)
    .where(fingerprints.c.home_group_id == groups.c.id)
    .order_by(fingerprints.c.id)
    .limit(1)
    .scalar_subquery()
    .label("hash")
)
GROUP_COLUMNS = (*groups.c, _HASH)

_RANKS = {
    "last_seen": groups.c.last_seen,
    "first_seen": groups.c.first_seen,
    "count": groups.c.total,
}


def list_groups(
    connection: Connection, query: GroupQuery, hour: int
) -> Page[GroupSummary]:
    """Return the groups that a query asks for.

    Args:
        connection: A transaction.
        query: Which, and in which order.
        hour: The present one.
    """
    cursor = query.cursor()
    rank_hour = cursor.hour if cursor else hour
    chosen, rank = _ranked(query, rank_hour)
    chosen = chosen.where(*_conditions(query))
    if cursor:
        chosen = chosen.where(tuple_(rank, groups.c.id) < (cursor.value, cursor.id))
    chosen = chosen.order_by(rank.desc(), groups.c.id.desc()).limit(query.limit + 1)
    rows = connection.execute(chosen).all()
    more = None
    if len(rows) > query.limit:
        last = rows[query.limit - 1]
        more = GroupCursor(query.sort, last.rank, last.id, rank_hour).encode()
    return Page(summaries(connection, rows[: query.limit], hour), more)


def summaries(
    connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]], hour: int
) -> tuple[GroupSummary, ...]:
    """Return rows of `GROUP_COLUMNS` with their counts up to that hour."""
    charts = _charts(connection, [row.id for row in rows], hour)
    return tuple(_summary(row, charts[row.id]) for row in rows)


def _ranked(
    query: GroupQuery, hour: int
) -> tuple[Select[*tuple[Any, ...]], ColumnElement[int]]:
    """Return the selection of all groups, and what it is sorted by."""
    if query.sort != "trend":
        rank: ColumnElement[int] = _RANKS[query.sort]
        return select(*GROUP_COLUMNS, rank.label("rank")), rank
    scores = _scores(hour).subquery()
    rank = func.coalesce(scores.c.score, 0)
    joined = groups.outerjoin(scores, scores.c.group_id == groups.c.id)
    return select(*GROUP_COLUMNS, rank.label("rank")).select_from(joined), rank


def _scores(hour: int) -> Select[int, int]:
    """Select by how much the day up to an hour had more errors than the one before."""
    at, n = fingerprint_hours.c.hour, fingerprint_hours.c.n
    recent = case((at > hour - HOURS_SHOWN, n), else_=-n)
    return (
        select(fingerprints.c.group_id, func.sum(recent).label("score"))
        .join_from(
            fingerprints,
            fingerprint_hours,
            fingerprint_hours.c.fingerprint_id == fingerprints.c.id,
        )
        .where(at > hour - 2 * HOURS_SHOWN, at <= hour)
        .group_by(fingerprints.c.group_id)
    )


def _conditions(query: GroupQuery) -> list[_Condition]:
    # Null means that nothing of the group has arrived yet, or that it was merged.
    found: list[_Condition] = [groups.c.last_seen.is_not(None), *_of_group(query)]
    of_kind = _of_kind(query)
    if of_kind:
        kind_ids = select(kinds.c.id).where(*of_kind)
        found.append(
            _has(
                fingerprint_totals.c.fingerprint_id,
                fingerprint_totals.c.kind_id.in_(kind_ids),
            )
        )
    if query.route is not None:
        is_route = facets.c.name == "route", facets.c.value == clean(query.route)
        found.append(_has(facets.c.fingerprint_id, *is_route))
    if query.user is not None:
        found.append(_had_user(clean(query.user)))
    unwanted = (and_(*_conditions(other)) for other in query.without)
    return [*found, *_in_time(query), *map(not_, unwanted)]


def _of_group(query: GroupQuery) -> list[_Condition]:
    """Return what its own row says of a group."""
    found: list[_Condition] = []
    if query.application is not None:
        found.append(groups.c.application == clean(query.application))
    if query.state is not None:
        found.append(groups.c.state == query.state)
    if query.regressed is not None:
        at = groups.c.regressed_at
        found.append(at.is_not(None) if query.regressed else at.is_(None))
    if query.assigned is not None:
        to = None if query.assigned == NOBODY else clean(query.assigned)
        # Of nobody's groups too it must be said whether they are somebody's.
        found.append(groups.c.assigned_to.is_not_distinct_from(to))
    for text in filter(None, (query.text, *query.words)):
        wanted = clean(text.casefold())
        found.append(groups.c.search.contains(wanted, autoescape=True))
    return found


def _of_kind(query: GroupQuery) -> list[_Condition]:
    """Return what one and the same error must have been."""
    found: list[_Condition] = [
        kinds.c[name] == clean(value)
        for name, value in (
            ("code", query.code),
            ("release", query.release),
            ("environment", query.environment),
        )
        if value is not None
    ]
    if query.type is not None:
        name = clean(query.type)
        ending = f".{name}"
        begin = func.length(kinds.c.type) - len(ending) + 1
        found.append(
            or_(kinds.c.type == name, func.substr(kinds.c.type, begin) == ending)
        )
    return found


def _has(fingerprint: ColumnElement[int], *conditions: _Condition) -> _Condition:
    owners = select(fingerprints.c.group_id).where(
        fingerprints.c.id.in_(select(fingerprint).where(*conditions))
    )
    return groups.c.id.in_(owners)


def _had_user(user: str) -> _Condition:
    kept = union(
        *(
            select(table.c.fingerprint_id).where(table.c.user_id == user)
            for table in (events, landmarks)
        )
    )
    owners = select(fingerprints.c.group_id).where(fingerprints.c.id.in_(kept))
    return groups.c.id.in_(owners)


def _in_time(query: GroupQuery) -> list[_Condition]:
    found: list[_Condition] = []
    if query.since is not None:
        found.append(groups.c.last_seen >= stored(query.since))
    if query.until is None:
        return found
    hours: list[_Condition] = [
        fingerprint_hours.c.hour < -(-stored(query.until) // HOUR)
    ]
    if query.since is not None:
        hours.append(fingerprint_hours.c.hour >= stored(query.since) // HOUR)
    # Asked group by group: the hours of a long range are many, those of a group few.
    own = and_(
        fingerprints.c.group_id == groups.c.id,
        fingerprint_hours.c.fingerprint_id == fingerprints.c.id,
    )
    return [*found, exists().where(own, *hours)]


def _charts(
    connection: Connection, ids: Sequence[int], hour: int
) -> dict[int, list[int]]:
    first = hour - 2 * HOURS_SHOWN + 1
    charts = {id_: [0] * (2 * HOURS_SHOWN) for id_ in ids}
    at = fingerprint_hours.c.hour
    statement = (
        select(fingerprints.c.group_id, at, func.sum(fingerprint_hours.c.n))
        .join_from(
            fingerprints,
            fingerprint_hours,
            fingerprint_hours.c.fingerprint_id == fingerprints.c.id,
        )
        .where(fingerprints.c.group_id.in_(ids), at.between(first, hour))
        .group_by(fingerprints.c.group_id, at)
    )
    for group_id, touched, count in connection.execute(statement):
        charts[group_id][touched - first] = int(count)
    return charts


def _summary(row: Row[*tuple[Any, ...]], chart: Sequence[int]) -> GroupSummary:
    before, hourly = chart[:HOURS_SHOWN], chart[HOURS_SHOWN:]
    return GroupSummary(
        id=row.id,
        hash=row.hash,
        application=row.application,
        code=row.code,
        type=row.type,
        culprit=row.culprit,
        message=row.message,
        state=row.state,
        state_at=None if row.state_at is None else moment(row.state_at),
        regressed=row.regressed_at is not None,
        assigned_to=row.assigned_to,
        muted_until=None if row.muted_until is None else moment(row.muted_until),
        muted_more=row.muted_more,
        resolved_in=row.resolved_in,
        until_next_release=row.resolved_in is None and row.regresses_from is not None,
        count=row.total,
        users=row.users,
        first_seen=moment(row.first_seen),
        last_seen=moment(row.last_seen),
        hourly=tuple(hourly),
        trend=sum(hourly) - sum(before),
    )
