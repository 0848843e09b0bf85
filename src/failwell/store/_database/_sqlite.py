"""SQLite: a file that one process at a time writes to, or a database in memory."""

import os
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.pool import NullPool, StaticPool

from failwell.store._database._partitions import Writing
from failwell.store._errors import RefusedError, StoreError

_BUSY_TIMEOUT_S = 2.0
_CACHE_KIB = 16 * 1024
_PAGES_PER_CHECKPOINT = 4000
# What says that a value or a row is at fault, and not the state of the database.
_REFUSALS = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)


class SQLite:
    """What is particular to SQLite.

    Args:
        url: A path, or none for a database in memory.
        name: The URL without a password.

    Raises:
        SQLAlchemyError: The URL is none of SQLite.
    """

    races = (sqlite3.OperationalError,)
    """What may mean that another process is just making the same."""

    def __init__(self, url: URL, name: str) -> None:
        self.name = name
        self.is_shared = url.database in (None, "", ":memory:")
        """Whether one connection serves all threads, which then take turns."""
        self._path = None if self.is_shared else Path(str(url.database))
        self.turn: AbstractContextManager[Any] = (
            threading.RLock() if self.is_shared else nullcontext()
        )
        arguments = {
            "timeout": _BUSY_TIMEOUT_S,
            "check_same_thread": False,
            # SQLAlchemy begins each transaction itself, below: the driver would begin
            # late, and the upgrade to a writer then fails at once.
            "isolation_level": None,
        }
        pool = StaticPool if self.is_shared else NullPool
        self.engine = create_engine(url, poolclass=pool, connect_args=arguments)
        event.listen(self.engine, "connect", _on_connect)
        event.listen(self.engine, "begin", _on_begin)

    def connect(self) -> Connection:
        """Return a connection."""
        return self.engine.connect()

    def for_transaction(self, connection: Connection, *, writing: bool) -> Connection:
        """Return a connection that begins its transactions as they need it."""
        return connection.execution_options(failwell_writing=writing)

    def present(self) -> object:
        """Return what another file would differ in; None where there is none."""
        if self._path is None:
            return ()
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return (found.st_dev, found.st_ino)

    def make(self) -> None:
        """Make the file and its folder where they are missing."""
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made here, because SQLite would let the umask decide who may read it;
        # the files that it adds beside take the mode of this one.
        if not self._path.exists():
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))

    def settle_format(self) -> None:
        """Give a new file the form that lets others read meanwhile, and give space back."""
        if self._path is None:
            return
        with (
            self.connect() as connection,
            closing(connection.connection.cursor()) as cursor,
        ):
            cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
            cursor.execute("PRAGMA journal_mode=WAL")

    def lock_schema(self, connection: Connection) -> None:
        """Keep other processes from changing tables; the transaction does already."""

    def make_room(self, writing: Writing, moments: Iterable[int]) -> None:
        """Do nothing: the table of events is one."""

    def kind_of(self, cause: BaseException) -> type[StoreError]:
        """Return what an error of the driver means."""
        return RefusedError if isinstance(cause, _REFUSALS) else StoreError


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    # A record leaves the spool once this database has it, so a commit must survive a
    # power cut: in WAL mode that takes FULL.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={_PAGES_PER_CHECKPOINT}")


def _on_begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("failwell_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
