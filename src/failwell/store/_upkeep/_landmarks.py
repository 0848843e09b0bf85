"""The first and the last event of each fingerprint, kept when retention removes them.

They carry their frames themselves, so that no stack is kept for their sake. By
fingerprint and not by group: merges and their end need not touch them.
"""

from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
)

from failwell.store._database._schema import events, landmarks
from failwell.store._questions._queries import read_records


def leave_landmarks(connection: Connection, edge: int) -> int:
    """Copy the landmarks among the events up to a moment, which are to be removed.

    The first of a fingerprint is one where no earlier one is known, the last where no
    later event remains. Returns how many were copied.
    """
    rows = connection.execute(_ends(edge)).all()
    records = read_records(connection, rows)
    copies = [
        {
            **{column.name: getattr(row, column.name) for column in landmarks.c},
            "payload": msgspec.json.encode(record),
        }
        for row, record in zip(rows, records, strict=True)
    ]
    if copies:
        connection.execute(insert(landmarks), copies)
    _drop_stale(connection, edge)
    return len(copies)


def drop_overtaken(connection: Connection) -> int:
    """Remove landmarks that were the last of a fingerprint which has newer events now.

    Returns how many. Where no event of a fingerprint is removed, nothing else does it.
    """
    other, later = landmarks.alias(), events.alias()
    is_first = ~exists().where(
        other.c.fingerprint_id == landmarks.c.fingerprint_id,
        _place(other) < _place(landmarks),
    )
    is_overtaken = exists().where(
        later.c.fingerprint_id == landmarks.c.fingerprint_id,
        _place(later) > _place(landmarks),
    )
    statement = delete(landmarks).where(~is_first, is_overtaken)
    return connection.execute(statement).rowcount


def _drop_stale(connection: Connection, edge: int) -> None:
    """Remove landmarks that are neither first nor last any more."""
    touched = select(events.c.fingerprint_id).where(events.c.at <= edge)
    other = landmarks.alias()
    place, other_place = _place(landmarks), _place(other)
    same = other.c.fingerprint_id == landmarks.c.fingerprint_id
    is_first = ~exists().where(same, other_place < place)
    is_last = ~exists().where(same, other_place > place) & ~_goes_on(landmarks, edge)
    connection.execute(
        delete(landmarks).where(
            landmarks.c.fingerprint_id.in_(touched), ~or_(is_first, is_last)
        )
    )


def _ends(edge: int) -> Select[*tuple[Any, ...]]:
    """Select what is to be left behind of the events up to a moment."""
    same, at, id_ = events.c.fingerprint_id, events.c.at, events.c.id
    nth = func.row_number().over(partition_by=same, order_by=(at, id_))
    last = func.row_number().over(partition_by=same, order_by=(at.desc(), id_.desc()))
    going = (
        select(events, nth.label("nth"), last.label("nth_last"))
        .where(at <= edge)
        .subquery()
    )
    own = landmarks.c.fingerprint_id == going.c.fingerprint_id
    is_known = exists().where(own, landmarks.c.at <= going.c.at)
    return select(going).where(
        or_(
            (going.c.nth == 1) & ~is_known,
            (going.c.nth_last == 1) & ~_goes_on(going, edge),
        )
    )


def _goes_on(of: FromClause, edge: int) -> ColumnElement[bool]:
    """Return whether later events of the same fingerprint remain."""
    later = events.alias()
    same = later.c.fingerprint_id == of.c.fingerprint_id
    return exists().where(same, later.c.at > edge)


def _place(table: FromClause) -> ColumnElement[Any]:
    return tuple_(table.c.at, table.c.id)
