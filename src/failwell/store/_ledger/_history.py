"""Who did what: every change of a group, and what else the console was used for.

An entry is written in the transaction of what it tells. What no person did is by
`failwell`. Entries of a group outlive it; those about none go with retention.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select

from failwell.store._database._bulk import Bulk, Transaction, insertion
from failwell.store._database._schema_triage import history
from failwell.store._model import HistoryEntry
from failwell.store._query import Page
from failwell.store._text import clean
from failwell.store._times import moment

BY_US = "failwell"
"""Who did what no person did."""
_LONGEST_TEXT = 10_000
_MOST_NOTES = 100_000


def write_history(
    transaction: Transaction,
    now: int,
    by: str,
    action: str,
    about: Mapping[int, Mapping[str, object]],
) -> None:
    """Write an entry about each of these groups.

    Args:
        transaction: That of the change.
        now: The present moment.
        by: Who did it.
        action: What was done.
        about: Details, by group.
    """
    told = clean(by), clean(action)
    rows = [(now, id_, *told, _encode(about[id_])) for id_ in sorted(about)]
    _WRITE.run(transaction, rows)


def write_note(
    connection: Connection,
    now: int,
    by: str,
    action: str,
    details: Mapping[str, object],
) -> None:
    """Write an entry about no group."""
    row = now, None, clean(by), clean(action), _encode(details)
    _WRITE.run(Transaction(connection), [row])


def read_history(
    connection: Connection, group_ids: Collection[int], limit: int
) -> list[HistoryEntry]:
    """Return the entries of groups, the newest first."""
    return _read(connection, history.c.group_id.in_(group_ids), limit)


def read_audit(
    connection: Connection, limit: int, before: int | None
) -> Page[HistoryEntry]:
    """Return all entries, the newest first, from an id on."""
    older = history.c.id < before if before is not None else history.c.id > 0
    found = _read(connection, older, limit + 1)
    shown = found[:limit]
    return Page(tuple(shown), str(shown[-1].id) if len(found) > limit else None)


def forget_notes(connection: Connection, oldest: int) -> int:
    """Remove what is about no group and too old or too much; return how many."""
    newest = (
        select(history.c.id)
        .where(history.c.group_id.is_(None))
        .order_by(history.c.id.desc())
        .offset(_MOST_NOTES)
        .limit(1)
    )
    edge = func.coalesce(newest.scalar_subquery(), 0)
    unwanted = or_(history.c.at < oldest, history.c.id <= edge)
    notes = history.c.group_id.is_(None)
    return connection.execute(delete(history).where(and_(notes, unwanted))).rowcount


def _read(
    connection: Connection, which: ColumnElement[bool], limit: int
) -> list[HistoryEntry]:
    statement = select(history).where(which).order_by(history.c.id.desc()).limit(limit)
    return [
        HistoryEntry(
            id=row.id,
            at=moment(row.at),
            by=row.done_by,
            action=row.action,
            group_id=row.group_id,
            details=msgspec.json.decode(row.details),
        )
        for row in connection.execute(statement)
    ]


def _encode(details: Mapping[str, object]) -> str:
    return msgspec.json.encode(_cleaned(details)).decode()


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - JSON types
    if isinstance(value, str):
        return clean(value, _LONGEST_TEXT)
    if isinstance(value, Mapping):
        return {str(name): _cleaned(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value


_WRITE: Bulk = insertion(history, "at", "group_id", "done_by", "action", "details")
