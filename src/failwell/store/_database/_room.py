"""How much room the tables take, and how it is given back.

SQLite gives back single pages at the end of its file; PostgreSQL whole days, which are
tables of their own.
"""

import re
from typing import NamedTuple

from sqlalchemy import Connection, text

from failwell.store._database._columns import metadata
from failwell.store._database._schema import events

# Any number that other users of the database are unlikely to lock.
_LOCK = 0x6661696C70727565
_BOUNDS = re.compile(r"FOR VALUES FROM \('(-?\d+)'\) TO \('(-?\d+)'\)")
_PARTITIONS = text(
    "SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds"
    " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = to_regclass(:events)"
)
_SIZE = text(
    "SELECT sum(pg_total_relation_size(t.relid))"
    " FROM unnest(CAST(:names AS text[])) AS n,"
    " pg_partition_tree(to_regclass(n)) AS t"
)


class Day(NamedTuple):
    """A partition of the events."""

    name: str
    first: int
    end: int
    """The first moment after it."""


def may_prune(connection: Connection) -> bool:
    """Return whether no other node does so, until the transaction ends."""
    if connection.dialect.name == "sqlite":
        return True
    lock = text("SELECT pg_try_advisory_xact_lock(:number)")
    return bool(connection.execute(lock, {"number": _LOCK}).scalar())


def first_day(connection: Connection) -> Day | None:
    """Return the oldest partition of the events; SQLite has none."""
    if connection.dialect.name == "sqlite":
        return None
    found = []
    for name, bounds in connection.execute(_PARTITIONS, {"events": events.name}):
        # The one for whatever fits nowhere has no bounds.
        if matched := _BOUNDS.fullmatch(bounds):
            found.append(Day(name, int(matched[1]), int(matched[2])))
    return min(found, key=lambda day: day.first, default=None)


def drop_day(connection: Connection, day: Day) -> None:
    """Remove a partition with all that is in it."""
    preparer = connection.dialect.identifier_preparer
    connection.execute(text(f"DROP TABLE {preparer.quote(day.name)}"))


def used_bytes(connection: Connection) -> int:
    """Return how much room the tables take, free pages of a file apart."""
    if connection.dialect.name == "sqlite":
        pages = _pragma(connection, "page_count") - _pragma(
            connection, "freelist_count"
        )
        return pages * _pragma(connection, "page_size")
    names = {"names": list(metadata.tables)}
    return int(connection.execute(_SIZE, names).scalar() or 0)


def give_back(connection: Connection, pages: int) -> int:
    """Cut free pages off the end of a file; return how many bytes that gave back."""
    if connection.dialect.name != "sqlite":
        return 0
    before = _pragma(connection, "page_count")
    cursor = connection.connection.cursor()
    # One by one: asked for several, it answers each page with a row without columns,
    # and the driver never asks for the second.
    for _ in range(min(pages, _pragma(connection, "freelist_count"))):
        cursor.execute("PRAGMA incremental_vacuum(1)")
    cursor.close()
    freed = before - _pragma(connection, "page_count")
    return freed * _pragma(connection, "page_size")


def _pragma(connection: Connection, name: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
