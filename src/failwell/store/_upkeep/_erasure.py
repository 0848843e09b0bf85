"""The erasing of what is kept of one user.

Owns what "all of one user" means: the errors that name the user as theirs, also those
kept as landmarks, tags with that value, frames that were set aside, words of group
titles, and the history. Counts and sketches hold no id, and stay.
"""

import re
from typing import Any

from msgspec import json
from sqlalchemy import Connection, Delete, delete, or_, select, update

from failwell.store._database._schema import (
    events,
    facets,
    groups,
    landmarks,
    quarantine,
)
from failwell.store._database._schema_triage import history
from failwell.store._ledger._watermarks import note_change
from failwell.store._model import Erased
from failwell.store._text import clean
from failwell.store._upkeep._merging import refresh_text

_ERASED = "[erased]"
# A shorter id, as a bare number, says nothing of anybody and is in half of all titles.
_FEWEST_TELLING = 6


def erase_user(connection: Connection, user_id: str) -> Erased:
    """Remove it, in the transaction of the connection; doing it twice does no harm."""
    user = clean(user_id)
    if connection.dialect.name == "sqlite":
        # Else what is deleted stays readable in the file until its place is needed.
        connection.exec_driver_sql("PRAGMA secure_delete=ON").fetchall()
    erased = Erased(
        events=_remove(connection, delete(events).where(events.c.user_id == user)),
        landmarks=_remove(
            connection, delete(landmarks).where(landmarks.c.user_id == user)
        ),
        tags=_remove(connection, delete(facets).where(facets.c.value == user)),
        quarantined=_erase_quarantined(connection, user_id),
        titles=_erase_from_titles(connection, user),
        history=_erase_from_history(connection, user),
    )
    if any(erased):
        note_change(connection)
    return erased


def _remove(connection: Connection, deletion: Delete) -> int:
    return connection.execute(deletion).rowcount


def _erase_quarantined(connection: Connection, user_id: str) -> int:
    """Remove frames that were set aside and have the id as a text of its own."""
    told = json.encode(user_id.encode("utf-8", "replace").decode())
    rows = connection.execute(select(quarantine.c.id, quarantine.c.payload))
    found = [row.id for row in rows if told in row.payload]
    return _remove(connection, delete(quarantine).where(quarantine.c.id.in_(found)))


def _erase_from_titles(connection: Connection, user: str) -> int:
    """Take the id out of the messages that groups are shown with, where it tells."""
    if not _tells(user):
        return 0
    mention = _mention_of(user)
    titles = select(groups.c.id, groups.c.message).where(
        groups.c.message.contains(user, autoescape=True)
    )
    changed = [
        (row.id, mention.sub(_ERASED, row.message))
        for row in connection.execute(titles).all()
        if mention.search(row.message)
    ]
    for group_id, message in changed:
        title = update(groups).where(groups.c.id == group_id)
        connection.execute(title.values(message=message))
        refresh_text(connection, group_id)
    return len(changed)


def _erase_from_history(connection: Connection, user: str) -> int:
    """Take the id out of who did something, what was said, and whose groups are."""
    if not user:
        return 0
    mine = update(groups).where(groups.c.assigned_to == user)
    changed = connection.execute(mine.values(assigned_to=None)).rowcount
    told = json.encode(user)[1:-1].decode()
    named = or_(
        history.c.done_by.contains(user, autoescape=True),
        history.c.details.contains(told, autoescape=True),
    )
    for row in connection.execute(select(history).where(named)).all():
        by = _without(row.done_by, user)
        details = json.encode(_without(json.decode(row.details), user)).decode()
        if (by, details) != (row.done_by, row.details):
            entry = update(history).where(history.c.id == row.id)
            connection.execute(entry.values(done_by=by, details=details))
            changed += 1
    return changed


def _without(value: Any, user: str) -> Any:  # noqa: ANN401 - JSON types
    """Return JSON without an id: whole texts, and words of texts where it tells."""
    if isinstance(value, dict):
        return {name: _without(item, user) for name, item in value.items()}
    if isinstance(value, list):
        return [_without(item, user) for item in value]
    if not isinstance(value, str):
        return value
    if value == user:
        return _ERASED
    return _mention_of(user).sub(_ERASED, value) if _tells(user) else value


def _tells(user: str) -> bool:
    return len(user) >= _FEWEST_TELLING


def _mention_of(user: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(user)}(?!\w)")
