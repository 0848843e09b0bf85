"""Connections: how the database is opened, made ready and locked, and how it fails.

Refuses to know any table's meaning, and what SQLite and PostgreSQL do differently. A
connection lives for one transaction, or for as long as its thread ships: a database
that was deleted or exchanged is noticed.
"""

import os
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from failwell._clock import Clock
from failwell.store._database._postgresql import PostgreSQL
from failwell.store._database._sqlite import SQLite
from failwell.store._database._version import make_ready
from failwell.store._errors import StoreError

_OPENING_TRIES = 40
_OPENING_PAUSE_S = 0.05

Backend: TypeAlias = SQLite | PostgreSQL


class Database:
    """One database: SQLite in a file or in memory (`sqlite://`), or PostgreSQL.

    Args:
        url: An SQLAlchemy URL.
        clock: Waits between tries to make it ready.
        make: Whether it is made where it is missing.

    Raises:
        StoreError: It is no URL of these.
    """

    def __init__(self, url: str, clock: Clock, *, make: bool = True) -> None:
        self.backend = _backend(url)
        self._make = make
        self.name = self.backend.name
        self._clock = clock
        self._ready: object = None
        # By process and thread. Of a parent, one stays here unused: closing it in a
        # child could touch the files that the parent works on.
        self._kept: dict[tuple[int, int], _Kept] = {}
        self._driver_error: type[Exception] = (
            self.backend.engine.dialect.loaded_dbapi.Error
        )
        # An application under test closes nothing, and Python 3.13 warns of that.
        weakref.finalize(self, self.backend.engine.dispose)

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
        """Open a transaction that writes; commit it. SQLite has one at a time.

        Raises:
            RefusedError: The database will not take what it was given.
            ConflictError: Another transaction was in the way; nothing was written.
            StoreError: The database cannot be opened, locked in time, or written.
        """
        with self._transaction(writing=True) as connection:
            yield connection

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Let the transactions of this thread share a connection meanwhile.

        Opening one costs as much as a small transaction, and closing the last one of
        an SQLite file moves the whole log of changes into it.
        """
        owner = os.getpid(), threading.get_ident()
        if self.backend.is_shared or owner in self._kept:
            yield
            return
        self._kept[owner] = _Kept()
        try:
            yield
        finally:
            self._kept.pop(owner).close()

    def make_room(self, moments: Iterable[int]) -> None:
        """Make the partitions that events of these moments need.

        Raises:
            StoreError: They cannot be made.
        """
        self.backend.make_room(self.writing, moments)

    def close(self) -> None:
        """Close what is open and not in use."""
        self.backend.engine.dispose()

    @contextmanager
    def _transaction(self, *, writing: bool) -> Iterator[Connection]:
        try:
            with self.backend.turn:
                self._prepare()
                with self._begin(writing=writing) as connection:
                    yield connection
        except (SQLAlchemyError, self._driver_error) as error:
            cause = getattr(error, "orig", None) or error
            kind = self.backend.kind_of(cause)
            if kind is StoreError:
                # It may come back as another one, or without its tables.
                self._ready = None
            raise kind(self.name, str(cause)) from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StoreError(self.name, reason) from error

    @contextmanager
    def _begin(self, *, writing: bool) -> Iterator[Connection]:
        with self._connection() as connection:
            options = self.backend.for_transaction(connection, writing=writing)
            with options.begin():
                try:
                    yield options
                except self._driver_error as error:
                    _give_up_broken(options, error)
                    raise

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        kept = self._kept.get((os.getpid(), threading.get_ident()))
        if kept is None:
            with self.backend.connect() as connection:
                yield connection
            return
        try:
            yield kept.connect(self.backend)
        except BaseException:
            kept.close()
            raise

    def _prepare(self) -> None:
        if self._ready is not None and self._ready == self.backend.present():
            return
        for attempt in range(1, _OPENING_TRIES + 1):
            try:
                make_ready(self.backend, make=self._make)
                break
            except (SQLAlchemyError, self._driver_error) as error:
                # The change to WAL mode does not wait for a racing process.
                cause = getattr(error, "orig", None) or error
                racing = isinstance(cause, self.backend.races)
                if attempt == _OPENING_TRIES or not racing:
                    raise
                self._clock.sleep(_OPENING_PAUSE_S)
        self._ready = self.backend.present()


class _Kept:
    """A connection that outlives its transactions, opened at the first."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._present: object = None

    def connect(self, backend: Backend) -> Connection:
        present = backend.present()
        if self._connection is None or self._present != present:
            self.close()
            self._connection, self._present = backend.connect(), present
        return self._connection

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _backend(url: str) -> Backend:
    name = "(its URL cannot be read)"
    try:
        parsed = make_url(url)
        name = parsed.render_as_string(hide_password=True)
        kinds: dict[str, type[Backend]] = {"sqlite": SQLite, "postgresql": PostgreSQL}
        return kinds[parsed.get_backend_name()](parsed, name)
    except (KeyError, SQLAlchemyError) as error:
        reason = "no URL of an SQLite file or of PostgreSQL with psycopg"
        raise StoreError(name, reason) from error
    except ModuleNotFoundError as error:
        reason = f'{error.name} is missing: pip install "failwell[postgresql]"'
        raise StoreError(name, reason) from error


def _give_up_broken(connection: Connection, error: Exception) -> None:
    # SQLAlchemy does not see what is asked of the driver itself; a pool would keep it.
    dialect: Any = connection.dialect
    if dialect.is_disconnect(error, connection.connection.dbapi_connection, None):
        connection.invalidate(error)
