"""Where groups are now: the id of one that was merged leads to the one it is in."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, select

from failwell.exceptions import NotFoundError
from failwell.store._errors import ConflictError
from failwell.store._listing import GROUP_COLUMNS
from failwell.store._schema import fingerprints, groups

_MOST = 10_000

Group: TypeAlias = Row[*tuple[Any, ...]]


def find_group_row(connection: Connection, group_id: int) -> Group | None:
    """Return the row of a group, or of the group that it was merged into."""
    present = (
        select(fingerprints.c.group_id)
        .where(fingerprints.c.home_group_id == group_id)
        .limit(1)
        .scalar_subquery()
    )
    # A group is seen again as soon as a fingerprint of it is counted, so one that is
    # not has none; one that was not merged leads to itself.
    seen = groups.c.last_seen.is_not(None)
    for wanted in (group_id, present):
        statement = select(*GROUP_COLUMNS).where(groups.c.id == wanted, seen)
        row = connection.execute(statement).first()
        if row is not None:
            return row
    return None


def present_group(connection: Connection, group_id: int) -> Group:
    """Return the same.

    Raises:
        NotFoundError: There is no such group.
    """
    row = find_group_row(connection, group_id)
    if row is None:
        raise NotFoundError("Group", group_id)
    return row


def lock_present(connection: Connection, group_ids: Iterable[int]) -> list[Group]:
    """Return the rows of these groups, each once; nobody else changes them meanwhile.

    Raises:
        ConflictError: One was merged or deleted just now; the next try finds it so.
        NotFoundError: One of them does not exist.
        ValueError: They are too many.
    """
    asked = list(dict.fromkeys(group_ids))
    if len(asked) > _MOST:
        message = f"{len(asked):,} groups at once; allowed: {_MOST:,}"
        raise ValueError(message)
    visible = select(groups.c.id).where(
        groups.c.id.in_(asked), groups.c.last_seen.is_not(None)
    )
    found = set(connection.scalars(visible))
    wanted = {
        id_ if id_ in found else int(present_group(connection, id_).id) for id_ in asked
    }
    # In the order in which an ingest elsewhere locks them.
    locked = select(groups).where(groups.c.id.in_(wanted)).order_by(groups.c.id)
    rows = connection.execute(locked.with_for_update()).all()
    if len(rows) < len(wanted) or any(row.last_seen is None for row in rows):
        store = connection.engine.url.render_as_string(hide_password=True)
        raise ConflictError(store, "a group was merged or deleted meanwhile")
    return list(rows)


def homes_of(connection: Connection, group_id: int) -> list[int]:
    """Return a group and those that were merged into it."""
    homes = (
        select(fingerprints.c.home_group_id)
        .where(fingerprints.c.group_id == group_id)
        .distinct()
    )
    return sorted({group_id, *connection.scalars(homes)})
