"""Connections: how the database is opened, created, locked, and how it fails.

Refuses to know any table's meaning. A connection lives for one transaction, or for
the shipping of one unit: a file that was deleted or exchanged is noticed.
"""

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool, Pool, StaticPool

from failwell._clock import Clock
from failwell.store._errors import RefusedError, StoreError
from failwell.store._schema import kinds, metadata

_BUSY_TIMEOUT_S = 2.0
_OPENING_TRIES = 40
_OPENING_PAUSE_S = 0.05
# What the driver raises for a value or a row, and not for the state of the database.
_REFUSALS = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)


class Database:
    """One SQLite database, in a file or in memory (`sqlite://`).

    Args:
        url: An SQLAlchemy URL.
        clock: Waits between tries to create the schema.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        parsed = make_url(url)
        self.name = parsed.render_as_string(hide_password=True)
        in_memory = parsed.database in (None, "", ":memory:")
        self._path = None if in_memory else Path(str(parsed.database))
        self._clock = clock
        self._ready_file: tuple[int, int] | None = None
        # By process and thread. Of a parent, one stays here unused: closing it in a
        # child could touch the files that the parent works on.
        self._kept: dict[tuple[int, int], _Kept] = {}
        # One connection serves all threads of a memory database, so they take turns.
        self._turn: AbstractContextManager[Any] = (
            threading.RLock() if in_memory else nullcontext()
        )
        self._engine = _make_engine(parsed, StaticPool if in_memory else NullPool)
        # An application under test closes nothing, and Python 3.13 warns of that.
        weakref.finalize(self, self._engine.dispose)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a short transaction that sees one state and waits for no writer.

        Raises:
            StoreError: The database cannot be opened or read.
        """
        with self._transaction(writing=False) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that excludes other writers from its start; commit it.

        Raises:
            RefusedError: The database will not take what it was given.
            StoreError: The database cannot be opened, locked in time, or written.
        """
        with self._transaction(writing=True) as connection:
            yield connection

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Let the transactions of this thread share a connection meanwhile.

        Opening one costs as much as a small transaction, and closing the last one of
        a database has SQLite move the whole log of changes into the file.
        """
        owner = os.getpid(), threading.get_ident()
        if self._path is None or owner in self._kept:
            yield
            return
        self._kept[owner] = _Kept()
        try:
            yield
        finally:
            self._kept.pop(owner).close()

    def close(self) -> None:
        """Close the connection of a memory database; a file has none open."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        try:
            with self._turn:
                self._prepare()
                with self._begin(writing=writing) as connection:
                    yield connection
        except (SQLAlchemyError, sqlite3.Error) as error:
            cause = getattr(error, "orig", None) or error
            kind = RefusedError if isinstance(cause, _REFUSALS) else StoreError
            raise kind(self.name, str(cause)) from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StoreError(self.name, reason) from error

    @contextmanager
    def _begin(self, *, writing: bool) -> Iterator[Connection]:
        with self._connection() as connection:
            options = connection.execution_options(failwell_writing=writing)
            with options.begin():
                yield options

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        kept = self._kept.get((os.getpid(), threading.get_ident()))
        if kept is None:
            with self._engine.connect() as connection:
                yield connection
            return
        try:
            yield kept.connect(self._engine, self._present_file())
        except BaseException:
            kept.close()
            raise

    def _prepare(self) -> None:
        if self._ready_file is not None and self._ready_file == self._present_file():
            return
        for attempt in range(1, _OPENING_TRIES + 1):
            try:
                self._create()
                break
            except (OperationalError, sqlite3.OperationalError):
                # The change to WAL mode does not wait for a racing process. It is asked
                # of the driver itself, whose errors SQLAlchemy does not see.
                if attempt == _OPENING_TRIES:
                    raise
                self._clock.sleep(_OPENING_PAUSE_S)
        self._ready_file = self._present_file()

    def _present_file(self) -> tuple[int, int] | None:
        if self._path is None:
            return (0, 0)
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return (found.st_dev, found.st_ino)

    def _create(self) -> None:
        if self._path is not None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made here, because SQLite would let the umask decide who may read it;
            # the files that it adds beside take the mode of this one.
            if not self._path.exists():
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        with self._begin(writing=False) as connection:
            # The table that came last: a store without it is made complete.
            if inspect(connection).has_table(kinds.name):
                return
        if self._path is not None:
            with self._engine.connect() as connection:
                cursor = connection.connection.cursor()
                cursor.execute("PRAGMA journal_mode=WAL")
                cursor.close()
        with self._begin(writing=True) as connection:
            metadata.create_all(connection)


class _Kept:
    """A connection that outlives its transactions, opened at the first."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._file: tuple[int, int] | None = None

    def connect(self, engine: Engine, file: tuple[int, int] | None) -> Connection:
        if self._connection is None or self._file != file:
            self.close()
            self._connection, self._file = engine.connect(), file
        return self._connection

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _make_engine(url: URL, pool: type[Pool]) -> Engine:
    arguments = {
        "timeout": _BUSY_TIMEOUT_S,
        "check_same_thread": False,
        # SQLAlchemy begins each transaction itself, below: the driver would begin
        # late, and the upgrade to a writer then fails at once.
        "isolation_level": None,
    }
    try:
        engine = create_engine(url, poolclass=pool, connect_args=arguments)
    except SQLAlchemyError as error:
        name = url.render_as_string(hide_password=True)
        raise StoreError(name, "no URL of an SQLite file") from error
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    # A record leaves the spool once this database has it, so a commit must survive a
    # power cut: in WAL mode that takes FULL.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-16384")
    connection.execute("PRAGMA wal_autocheckpoint=4000")


def _on_begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("failwell_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
