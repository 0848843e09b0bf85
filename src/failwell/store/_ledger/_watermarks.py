"""How far each unit has been moved, and how often the store has changed.

Two rows of `watermarks` are of no unit: `(closed)`, where nothing is to be moved into the
store any more, and `(changes)`, whose position counts the changes that a list may show.
It is written in the same statement as a unit's own, and is the last lock that any
transaction takes: nobody waits for it longer than a commit lasts.
"""

from typing import NamedTuple

from sqlalchemy import Connection, case, literal_column, or_, select

from failwell.store._database._bulk import Bulk, Insert, Transaction, insertion
from failwell.store._database._schema import watermarks
from failwell.store._errors import StoreError

CLOSED = "(closed)"
"""In place of a unit, where nothing is to be moved into this store any more."""
_CHANGES = "(changes)"
_ONE_MORE = _CHANGES, 1, False, 0
_WHY_CLOSED = (
    "it was copied into another database, which takes what is recorded since: set "
    "FAILWELL_STORE_URL to that, or run `flask failwell store open`"
)


class Progress(NamedTuple):
    """How far a unit has been moved."""

    position: int
    finished: bool


def read_progress(connection: Connection, unit_id: str) -> Progress:
    """Return how far a unit has been moved; position 0 for an unknown one.

    Raises:
        StoreError: The store is closed to shippers.
    """
    transaction = Transaction(connection)
    progress = Progress(0, finished=False)
    for found, position, finished in _PROGRESS.fetch(transaction, [(unit_id,)]):
        if found == CLOSED:
            raise StoreError(transaction.store, _WHY_CLOSED)
        progress = Progress(position, bool(finished))
    return progress


def move_watermark(
    transaction: Transaction, unit_id: str, progress: Progress, now: int
) -> None:
    """Note how far a unit has been moved, at the end of what moved it."""
    own = (unit_id, *progress, now)
    _WRITE.run(transaction, [own, _ONE_MORE])


def note_change(connection: Connection) -> None:
    """Note that lists may have changed, at the end of what changed them."""
    _WRITE.run(Transaction(connection), [_ONE_MORE])


def count_changes(connection: Connection) -> int:
    """Return how often lists may have changed since ever."""
    row = watermarks.c.unit_id == _CHANGES
    statement = select(watermarks.c.position).where(row)
    return connection.execute(statement).scalar() or 0


def _write(insert: Insert) -> Insert:
    old, new = watermarks.c, insert.excluded
    counts = old.unit_id == literal_column(f"'{_CHANGES}'")
    position = case((counts, old.position + new.position), else_=new.position)
    values = {"position": position, "finished": new.finished, "moved_at": new.moved_at}
    return insert.on_conflict_do_update(index_elements=["unit_id"], set_=values)


_PROGRESS = Bulk(
    [watermarks.c.unit_id],
    lambda new: select(
        watermarks.c.unit_id, watermarks.c.position, watermarks.c.finished
    ).where(
        or_(
            watermarks.c.unit_id == new["unit_id"],
            watermarks.c.unit_id == literal_column(f"'{CLOSED}'"),
        )
    ),
)
_WRITE = insertion(watermarks, *watermarks.c.keys(), otherwise=_write)
