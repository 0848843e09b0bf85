"""The erasing of what is kept of one user.

Owns what "all of one user" means: the errors that name the user as theirs, also those
kept as landmarks, tags with that value, frames that were set aside, and words of group
titles. Counts and sketches hold no id, and stay.
"""

import re

import msgspec
from sqlalchemy import Connection, Delete, delete, select, update

from failwell.store._merging import refresh_text
from failwell.store._model import Erased
from failwell.store._schema import events, facets, groups, landmarks, quarantine
from failwell.store._text import clean

_ERASED = "[erased]"
# A shorter id, as a bare number, says nothing of anybody and is in half of all titles.
_FEWEST_TELLING = 6


def erase_user(connection: Connection, user_id: str) -> Erased:
    """Remove it, in the transaction of the connection; doing it twice does no harm."""
    user = clean(user_id)
    if connection.dialect.name == "sqlite":
        # Else what is deleted stays readable in the file until its place is needed.
        connection.exec_driver_sql("PRAGMA secure_delete=ON").fetchall()
    return Erased(
        events=_remove(connection, delete(events).where(events.c.user_id == user)),
        landmarks=_remove(
            connection, delete(landmarks).where(landmarks.c.user_id == user)
        ),
        tags=_remove(connection, delete(facets).where(facets.c.value == user)),
        quarantined=_erase_quarantined(connection, user_id),
        titles=_erase_from_titles(connection, user),
    )


def _remove(connection: Connection, deletion: Delete) -> int:
    return connection.execute(deletion).rowcount


def _erase_quarantined(connection: Connection, user_id: str) -> int:
    """Remove frames that were set aside and have the id as a text of its own."""
    told = msgspec.json.encode(user_id.encode("utf-8", "replace").decode())
    rows = connection.execute(select(quarantine.c.id, quarantine.c.payload))
    found = [row.id for row in rows if told in row.payload]
    return _remove(connection, delete(quarantine).where(quarantine.c.id.in_(found)))


def _erase_from_titles(connection: Connection, user: str) -> int:
    """Take the id out of the messages that groups are shown with, where it tells."""
    if len(user) < _FEWEST_TELLING:
        return 0
    mention = re.compile(rf"(?<!\w){re.escape(user)}(?!\w)")
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
