"""Connections and transactions.

Owns how SQLite is opened and how a writing transaction begins. Refuses to commit
what a caller did not write inside `writing()`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

db = SQLAlchemy(engine_options={"pool_size": 8, "max_overflow": 24})

_WRITES = "meetings_writes"
_BUSY_TIMEOUT_MS = 5_000


def connect_database(app: Flask, url: str) -> None:
    """Give `app` its engine and sessions; opens no connection yet."""
    app.config["SQLALCHEMY_ENGINES"] = {"default": url}
    db.init_app(app)
    with app.app_context():
        _tune(db.engine)


@contextmanager
def writing() -> Iterator[Session]:
    """Yield the request's session inside a transaction that holds the write lock.

    Commits when the block ends, rolls back when it raises. What the session has read
    before is dropped first: SQLite cannot upgrade a reading transaction whose snapshot
    is old, whatever the busy timeout (SQLITE_BUSY_SNAPSHOT).
    """
    session = db.session
    session.rollback()
    try:
        session.connection(execution_options={_WRITES: True})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def write_lock(connection: Connection) -> Connection:
    """Return `connection` so marked that its transactions begin with the write lock."""
    return connection.execution_options(**{_WRITES: True})


def _tune(engine: Engine) -> None:
    event.listen(engine, "connect", _open)
    event.listen(engine, "begin", _begin)


def _open(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's pool record
    # The driver would begin transactions by itself, and only at the first write.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
