"""The errors of a group that were kept just after and just before one of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, select, tuple_

from failwell.store._database._schema import events, fingerprints, landmarks
from failwell.store._questions._present import find_group_row
from failwell.store._questions._queries import of_each, place
from failwell.store._text import clean


def find_neighbours(
    connection: Connection, group_id: int, error_id: str
) -> tuple[str | None, str | None]:
    """Return the ids of the next newer and the next older one, None where there is none.

    An error that is not kept, or not in the group, has no neighbours.
    """
    row = find_group_row(connection, group_id)
    if row is None:
        return None, None
    own = select(fingerprints.c.id).where(fingerprints.c.group_id == row.id)
    ids = connection.scalars(own).all()
    here = _find(connection, ids, clean(error_id))
    if here is None:
        return None, None
    newer = _next(connection, ids, here, is_newer=True)
    return newer, _next(connection, ids, here, is_newer=False)


def _find(
    connection: Connection, ids: Sequence[int], error_id: str
) -> tuple[int, str] | None:
    for table in (events, landmarks):
        own = table.c.id == error_id, table.c.fingerprint_id.in_(ids)
        row = connection.execute(
            select(table.c.at, table.c.id).where(*own).limit(1)
        ).first()
        if row is not None:
            return place(row)
    return None


def _next(
    connection: Connection, ids: Sequence[int], here: tuple[int, str], *, is_newer: bool
) -> str | None:
    def choose(table: Table, id_: int) -> Select[*tuple[Any, ...]]:
        at = tuple_(table.c.at, table.c.id)
        own = select(table.c.at, table.c.id).where(table.c.fingerprint_id == id_)
        if is_newer:
            chosen = own.where(at > here).order_by(table.c.at, table.c.id)
        else:
            newest = table.c.at.desc(), table.c.id.desc()
            chosen = own.where(at < here).order_by(*newest)
        return chosen.limit(1)

    found = [place(row) for row in of_each(connection, ids, choose)]
    nearest = min if is_newer else max
    return nearest(found)[1] if found else None
