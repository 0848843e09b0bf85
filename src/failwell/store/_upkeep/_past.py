"""The past of one group: what was done to it, from the day on which it appeared."""

from sqlalchemy import Connection

from failwell.store._ledger._history import BY_US, read_history
from failwell.store._model import HistoryEntry
from failwell.store._questions._present import find_group_row, homes_of
from failwell.store._times import moment


def past_of(connection: Connection, group_id: int, limit: int) -> list[HistoryEntry]:
    """Return the entries of a group and of those merged into it, the newest first."""
    row = find_group_row(connection, group_id)
    if row is None:
        return read_history(connection, [group_id], limit)
    entries = read_history(connection, homes_of(connection, row.id), limit)
    if len(entries) < limit:
        # Not written down: it would cost each new group a row, and it is known.
        entries.append(
            HistoryEntry(
                id=0,
                at=moment(row.first_seen),
                by=BY_US,
                action="appeared",
                group_id=row.id,
                details={},
            )
        )
    return entries
