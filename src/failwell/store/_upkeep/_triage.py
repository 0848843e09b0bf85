"""What people make of groups: resolved, open, muted, somebody's, and commented.

Each takes the ids of groups, which may lead to where these were merged into, changes all
of them or none, and writes an entry of the history for each that it changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, update

from failwell.store._database._bulk import Transaction
from failwell.store._database._schema import groups
from failwell.store._ledger._history import write_history
from failwell.store._ledger._releases import newest_release
from failwell.store._ledger._watermarks import note_change
from failwell.store._questions._present import Group, lock_present
from failwell.store._times import moment

_OPEN: dict[str, Any] = {
    "state": "open",
    "muted_until": None,
    "muted_more": None,
    "regressed_at": None,
    "resolved_in": None,
    "regresses_from": None,
}


@dataclass(frozen=True, slots=True)
class Deed:
    """A change, by whom and when."""

    connection: Connection
    by: str
    now: int

    def change(self, ids: Iterable[int], values: Mapping[str, Any]) -> None:
        """Give columns of groups other values."""
        chosen = update(groups).where(groups.c.id.in_(list(ids)))
        self.connection.execute(chosen.values(**values))

    def tell(self, action: str, about: Mapping[int, Mapping[str, Any]]) -> None:
        """Write the history, and note that lists have changed; this comes last."""
        if about:
            transaction = Transaction(self.connection)
            write_history(transaction, self.now, self.by, action, about)
            note_change(self.connection)


def resolve_groups(
    deed: Deed, group_ids: Iterable[int], *, until_next_release: bool
) -> list[int]:
    """Say that groups are mended, in the newest release or in the one to come.

    Raises:
        NotFoundError: One of them does not exist.
        ValueError: It is to be the next release, and the application names none.
    """
    rows = lock_present(deed.connection, group_ids)
    about = {}
    for application in sorted({row.application for row in rows}):
        ids = [row.id for row in rows if row.application == application]
        newest = newest_release(deed.connection, application)
        if newest is None and until_next_release:
            message = (
                f"no error of {application} names a release, so that none can be the"
                " next: set FAILWELL_RELEASE, or resolve without waiting for it"
            )
            raise ValueError(message)
        name = newest.name if newest else None
        if until_next_release:
            later = deed.now + 1
            own: dict[str, Any] = {"resolved_in": None, "regresses_from": later}
            details = {"in_release_after": name}
        else:
            since = newest.first_seen if newest else None
            own = {"resolved_in": name, "regresses_from": since}
            details = {"in_release": name}
        state = {**_OPEN, "state": "resolved", "state_at": deed.now, **own}
        deed.change(ids, state)
        about.update(dict.fromkeys(ids, details))
    deed.tell("resolved", about)
    return _ids(rows)


def reopen_groups(deed: Deed, group_ids: Iterable[int]) -> list[int]:
    """Say that groups need work; return those that were not open.

    Raises:
        NotFoundError: One of them does not exist.
    """
    rows = lock_present(deed.connection, group_ids)
    changed = [row for row in rows if row.state != "open"]
    deed.change(_ids(changed), {**_OPEN, "state_at": deed.now})
    deed.tell("reopened", {row.id: {"was": row.state} for row in changed})
    return _ids(changed)


def mute_groups(
    deed: Deed, group_ids: Iterable[int], *, until: int | None, more: int | None
) -> list[int]:
    """Say that groups need no attention for a while, or for ever.

    Raises:
        NotFoundError: One of them does not exist.
    """
    rows = lock_present(deed.connection, group_ids)
    own = {"muted_until": until, "muted_more": more}
    state = {**_OPEN, "state": "muted", "state_at": deed.now, **own}
    deed.change(_ids(rows), state)
    details = {"until": None if until is None else moment(until), "more": more}
    deed.tell("muted", dict.fromkeys(_ids(rows), details))
    return _ids(rows)


def assign_groups(deed: Deed, group_ids: Iterable[int], to: str | None) -> list[int]:
    """Say whose groups are; return those that were somebody else's.

    Raises:
        NotFoundError: One of them does not exist.
    """
    rows = lock_present(deed.connection, group_ids)
    changed = [row for row in rows if row.assigned_to != to]
    deed.change(_ids(changed), {"assigned_to": to})
    about = {row.id: {"to": to, "was": row.assigned_to} for row in changed}
    deed.tell("assigned", about)
    return _ids(changed)


def comment_group(deed: Deed, group_id: int, text: str) -> list[int]:
    """Add a comment to a group.

    Raises:
        NotFoundError: There is no such group.
    """
    rows = lock_present(deed.connection, [group_id])
    deed.tell("commented", {id_: {"text": text} for id_ in _ids(rows)})
    return _ids(rows)


def _ids(rows: Iterable[Group]) -> list[int]:
    return [int(row.id) for row in rows]
