"""Since when the store knows each release of an application: that is their order."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, case, select

from failwell.store._database._bulk import Insert, Transaction, insertion
from failwell.store._database._schema_triage import releases
from failwell.store._text import clean


class Release(NamedTuple):
    """A release, and the moment of the first error that the store has of it."""

    name: str
    first_seen: int


def note_releases(
    transaction: Transaction, seen: Iterable[tuple[str, str, int]]
) -> None:
    """Note when releases of applications were seen, where that was earlier."""
    _NOTE.run(transaction, sorted(seen))


def newest_release(connection: Connection, application: str) -> Release | None:
    """Return the release of an application that the store has known for least long."""
    own = releases.c.application == clean(application)
    statement = (
        select(releases.c.release, releases.c.first_seen)
        .where(own)
        .order_by(releases.c.first_seen.desc(), releases.c.release.desc())
        .limit(1)
    )
    row = connection.execute(statement).first()
    return None if row is None else Release(*row)


def _note(insert: Insert) -> Insert:
    known, new = releases.c.first_seen, insert.excluded.first_seen
    earlier = case((new < known, new), else_=known)
    keys = list(releases.primary_key)
    return insert.on_conflict_do_update(
        index_elements=keys, set_={"first_seen": earlier}
    )


_NOTE = insertion(releases, *releases.c.keys(), otherwise=_note)
