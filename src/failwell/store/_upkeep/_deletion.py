"""Groups that are removed with all that is known of them alone.

Statistics of all errors stay as they are, and so does the history. What comes later of
such a group begins a new one, under a number that was never used.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, text

from failwell.store._database._schema import (
    events,
    facets,
    fingerprint_hours,
    fingerprint_minutes,
    fingerprint_totals,
    fingerprint_users,
    fingerprints,
    groups,
    landmarks,
)
from failwell.store._questions._present import homes_of, lock_present
from failwell.store._upkeep._triage import Deed

_ADDED_TO = facets, fingerprint_minutes, fingerprint_hours
_TABLES = (
    *(events, landmarks, *_ADDED_TO),
    *(fingerprint_totals, fingerprint_users),
)


def delete_groups(deed: Deed, group_ids: Sequence[int]) -> list[int]:
    """Remove groups with those that were merged into them; return their ids.

    Raises:
        NotFoundError: One of them does not exist.
    """
    _wait_for_others(deed.connection)
    rows = lock_present(deed.connection, group_ids)
    for row in rows:
        _delete(deed, row.id)
    deed.tell(
        "deleted",
        {
            row.id: {
                "application": row.application,
                "code": row.code,
                "type": row.type,
                "culprit": row.culprit,
                "count": row.total,
            }
            for row in rows
        },
    )
    return [int(row.id) for row in rows]


def _wait_for_others(connection: Connection) -> None:
    """Let those end that are adding to groups, and nobody else begin; SQLite does so.

    In the order in which an ingest comes to these tables, so that none of the two waits
    for the other in a circle.
    """
    if connection.dialect.name == "postgresql":
        names = ", ".join(table.name for table in _ADDED_TO)
        mode = "SHARE ROW EXCLUSIVE MODE"
        connection.execute(text(f"LOCK TABLE {names} IN {mode}"))


def _delete(deed: Deed, group_id: int) -> None:
    connection = deed.connection
    homes = homes_of(connection, group_id)
    own = fingerprints.c.group_id == group_id
    ids = select(fingerprints.c.id).where(own)
    for table in _TABLES:
        connection.execute(delete(table).where(table.c.fingerprint_id.in_(ids)))
    connection.execute(delete(fingerprints).where(own))
    connection.execute(delete(groups).where(groups.c.id.in_(homes)))
