"""Groups made one, and taken apart again.

A merge repoints fingerprints and so holds for what comes later. The emptied group stays,
hidden, for its fingerprints to come back to, and its id leads to where they are.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Column, ColumnElement, Connection, func, or_, select, update

from failwell.store._bulk import Transaction
from failwell.store._present import find_group_row, lock_present, present_group
from failwell.store._schema import fingerprints, groups
from failwell.store._text import search_text
from failwell.store._triage import Deed
from failwell.store._users import count_users

_FEWEST = 2


def merge_groups(deed: Deed, group_ids: Sequence[int]) -> int:
    """Make all of these groups one with the first; return its id.

    Raises:
        NotFoundError: One of them does not exist.
        ValueError: They are fewer than two, or of several applications.
    """
    connection = deed.connection
    rows = (present_group(connection, group_id) for group_id in group_ids)
    found = {row.id: row for row in rows}
    if len(found) < _FEWEST:
        message = "a merge takes two groups at least, which are not one already"
        raise ValueError(message)
    applications = sorted({row.application for row in found.values()})
    if len(applications) > 1:
        message = (
            f"groups of several applications ({', '.join(applications)}) stay apart"
        )
        raise ValueError(message)
    target, *others = map(int, found)
    _move(connection, fingerprints.c.group_id.in_(found), target)
    # Else a deletion under way could leave what was moved without a group.
    lock_present(connection, found)
    _recount(connection, found.keys())
    deed.tell("merged", {target: {"groups": others}})
    return target


def unmerge_group(deed: Deed, group_id: int) -> list[int]:
    """Take a merge back; return the groups that are there again.

    A group that was merged into another comes back with what began in it. Of one that
    others were merged into, all of them come back.

    Raises:
        NotFoundError: There is no such group.
        ValueError: It has no part in a merge.
    """
    connection = deed.connection
    present = int(present_group(connection, group_id).id)
    home = fingerprints.c.home_group_id
    is_away = (home == group_id) if present != group_id else (home != group_id)
    moved = (fingerprints.c.group_id == present) & is_away
    back = sorted(connection.scalars(select(home).distinct().where(moved)))
    if not back:
        message = f"group {group_id} was not merged: there is nothing to take apart"
        raise ValueError(message)
    _move(connection, moved, home)
    _recount(connection, [present, *back])
    deed.tell("unmerged", {present: {"groups": back}})
    return back


def refresh_text(connection: Connection, group_id: int) -> None:
    """Make a group, or the one it was merged into, found by all that is said in it."""
    row = find_group_row(connection, group_id)
    if row is None:
        return
    homes = select(fingerprints.c.home_group_id).where(
        fingerprints.c.group_id == row.id
    )
    told = select(groups.c.type, groups.c.culprit, groups.c.code, groups.c.message)
    chosen = told.where(or_(groups.c.id == row.id, groups.c.id.in_(homes)))
    text = "\n".join(search_text(*said) for said in connection.execute(chosen))
    this = update(groups).where(groups.c.id == row.id)
    connection.execute(this.values(search=text))


def _move(
    connection: Connection, chosen: ColumnElement[bool], group: int | Column[int]
) -> None:
    # An ingest elsewhere locks the fingerprints that it adds to, in this order, and
    # asks then which groups they belong to.
    locked = select(fingerprints.c.id).where(chosen).order_by(fingerprints.c.id)
    ids = connection.scalars(locked.with_for_update()).all()
    moved = update(fingerprints).where(fingerprints.c.id.in_(ids))
    connection.execute(moved.values(group_id=group))


def _recount(connection: Connection, group_ids: Collection[int]) -> None:
    """Make the totals of groups sums and unions over the fingerprints they have now."""
    for group_id in sorted(group_ids):
        own = fingerprints.c.group_id == group_id
        totals = select(
            func.coalesce(func.sum(fingerprints.c.total), 0).label("total"),
            func.min(fingerprints.c.first_seen).label("first_seen"),
            func.max(fingerprints.c.last_seen).label("last_seen"),
        ).where(own)
        row = connection.execute(totals).one()
        values = {
            "total": int(row.total),
            "first_seen": row.first_seen,
            "last_seen": row.last_seen,
        }
        this = update(groups).where(groups.c.id == group_id)
        connection.execute(this.values(values))
        refresh_text(connection, group_id)
    count_users(Transaction(connection), group_ids)
