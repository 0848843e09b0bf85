"""Which version of the schema a database has, and how it becomes the present one.

Made anew where there is nothing, else brought up to date by Alembic, which is loaded
only then. Whoever does it holds a lock: of several processes that start at once one
works, and the others find it done.
"""

from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Column, Connection, MetaData, Table, Text, inspect, select

from failwell.store._database import (  # noqa: F401 - the tables of `metadata`
    _schema,
    _schema_alerts,
    _schema_triage,
)
from failwell.store._database._columns import metadata
from failwell.store._errors import StoreError

if TYPE_CHECKING:
    from failwell.store._database._postgresql import PostgreSQL
    from failwell.store._database._sqlite import SQLite

    Backend: TypeAlias = SQLite | PostgreSQL

HEAD = "0005"
"""The newest of `migrations/versions`."""
_OLDER = ("0001", "0002", "0003", "0004")
_UNNOTED = "0001"
"""Of stores from before versions were noted."""
_TABLE_OF_UNNOTED = "group_hashes"

version_table = Table(
    "failwell_version", MetaData(), Column("version_num", Text, primary_key=True)
)


def make_ready(backend: "Backend", *, make: bool) -> None:
    """Make the tables, or bring them to the present version.

    Raises:
        StoreError: A newer failwell made them, or they are somebody else's; or there
            are none, and none are to be made.
    """
    if make:
        backend.make()
    elif backend.present() is None:
        raise StoreError(backend.name, "there is no such file")
    with backend.connect() as connection:
        options = backend.for_transaction(connection, writing=False)
        with options.begin():
            found = _find(options, backend.name)
    if found == HEAD:
        return
    if found is None and not make:
        reason = "it is no store: none of failwell's tables are in it"
        raise StoreError(backend.name, reason)
    if found is None:
        backend.settle_format()
    with backend.connect() as connection:
        options = backend.for_transaction(connection, writing=True)
        with options.begin():
            backend.lock_schema(options)
            _upgrade(options, _find(options, backend.name))


def _upgrade(connection: Connection, found: str | None) -> None:
    if found is None:
        metadata.create_all(connection)
        _note(connection, HEAD)
    elif found != HEAD:
        from failwell.store._database._alembic import (  # noqa: PLC0415 - costs 60 ms: only on use
            upgrade,
        )

        if not inspect(connection).has_table(version_table.name):
            _note(connection, found)
        upgrade(connection)


def _find(connection: Connection, name: str) -> str | None:
    """Return the version, None where there is nothing yet."""
    present = inspect(connection)
    if present.has_table(version_table.name):
        version = connection.execute(select(version_table.c.version_num)).scalar()
        if version not in (HEAD, *_OLDER):
            reason = (
                f"its tables are of version {version}, and this failwell knows those "
                f"up to {HEAD}: use the newer failwell that made them"
            )
            raise StoreError(name, reason)
        return str(version)
    if present.has_table(_TABLE_OF_UNNOTED):
        return _UNNOTED
    taken = sorted(t for t in metadata.tables if present.has_table(t))
    if taken:
        reason = (
            f"it holds tables of something else, named {', '.join(taken)}: give "
            "failwell a database of its own"
        )
        raise StoreError(name, reason)
    return None


def _note(connection: Connection, version: str) -> None:
    version_table.create(connection, checkfirst=True)
    connection.execute(version_table.insert().values(version_num=version))
