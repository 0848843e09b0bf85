"""PostgreSQL: its sessions, which partitions are there, and what its errors mean."""

import os
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from failwell.store._database._partitions import (
    Partition,
    Writing,
    make_partitions,
    partition_of,
)
from failwell.store._errors import ConflictError, RefusedError, StoreError
from failwell.store._times import DAY

_CONNECT_TIMEOUT_S = 5
_LOCK_TIMEOUT_S = 10
_POOL_SIZE = 2
_POOL_OVERFLOW = 8
_POOL_RECYCLE_S = 1800
# One number for every failwell: whoever makes or changes tables holds it.
_SCHEMA_LOCK = 0x6661696C77656C6C
# Classes of SQLSTATE. Those of the first say that a value or a row is at fault.
_REFUSALS = ("22", "23", "54")
_CONFLICTS = ("40",)
_NO_PARTITION = "23514"


class PostgreSQL:
    """What is particular to PostgreSQL.

    Args:
        url: `postgresql+psycopg://…`; without a driver it means this one.
        name: The URL without a password.

    Raises:
        SQLAlchemyError: The URL names another driver.
        ModuleNotFoundError: psycopg is not installed.
    """

    is_shared = False
    turn = nullcontext()
    races = ()

    def __init__(self, url: URL, name: str) -> None:
        self.name = name
        if url.drivername not in ("postgresql", "postgresql+psycopg"):
            message = f"{url.drivername}: the driver is psycopg"
            raise ArgumentError(message)
        self.engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            poolclass=QueuePool,
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_OVERFLOW,
            pool_pre_ping=True,
            pool_recycle=_POOL_RECYCLE_S,
            use_native_hstore=False,
            connect_args={}
            if "connect_timeout" in url.query
            else {"connect_timeout": _CONNECT_TIMEOUT_S},
        )
        event.listen(self.engine, "connect", _on_connect)
        self._partitions: frozenset[Partition] = frozenset()
        self._process = os.getpid()

    def connect(self) -> Connection:
        """Return a connection of this process."""
        if self._process != os.getpid():
            # The sockets are the parent's: they are forgotten, not closed.
            self.engine.dispose(close=False)
            self._process = os.getpid()
        return self.engine.connect()

    def for_transaction(self, connection: Connection, *, writing: bool) -> Connection:
        """Return a connection whose transactions see one state when they only read."""
        return connection.execution_options(
            isolation_level="READ COMMITTED" if writing else "REPEATABLE READ",
            postgresql_readonly=not writing,
        )

    def present(self) -> object:
        """Return the same always: errors tell when a database was exchanged."""
        return ()

    def make(self) -> None:
        """Do nothing: the database is made by whoever gives its URL."""

    def settle_format(self) -> None:
        """Do nothing: there is one."""

    def lock_schema(self, connection: Connection) -> None:
        """Keep other processes from changing tables until the transaction ends."""
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:number)"), {"number": _SCHEMA_LOCK}
        )

    def make_room(self, writing: Writing, moments: Iterable[int]) -> None:
        """Make the partitions that are missing for events of these moments."""
        wanted = {partition_of(day) for day in {at // DAY for at in moments}}
        missing = wanted - self._partitions
        if missing:
            with writing() as connection:
                make_partitions(connection, missing)
            self._partitions |= missing

    def kind_of(self, cause: BaseException) -> type[StoreError]:
        """Return what an error of the driver means."""
        state = str(getattr(cause, "sqlstate", None) or "")
        diagnosis = getattr(cause, "diag", None)
        if state == _NO_PARTITION and not getattr(diagnosis, "constraint_name", None):
            # It was there and has been dropped: the next try makes it again.
            self._partitions = frozenset()
            return ConflictError
        if state.startswith(_CONFLICTS):
            return ConflictError
        return RefusedError if state.startswith(_REFUSALS) else StoreError


def _on_connect(connection: DBAPIConnection, _record: object) -> None:
    session: Any = connection
    session.autocommit = True
    # What was moved leaves the spool, so that no session may trade it for speed.
    session.execute("SET synchronous_commit = on")
    session.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT_S}s'")
    session.autocommit = False
