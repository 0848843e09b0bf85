"""The databases of the application: one that works, and one that somebody has locked."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa
from flask import Flask, current_app
from library import library


@contextmanager
def stores(app: Flask, folder: Path) -> Iterator[None]:
    """Open the databases of `app` and close them at the end."""
    url = f"sqlite:///{folder / 'locked.db'}"
    # One connection and no patience.
    options = {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0}
    locked = sa.create_engine(url, connect_args={"timeout": 0}, **options)
    try:
        with library("sqlite://") as engine, closing(locked.raw_connection()) as holder:
            app.extensions["wild"] = {"engine": engine, "url": url, "full": locked}
            holder.cursor().execute("BEGIN EXCLUSIVE")
            yield
    finally:
        locked.dispose()


def run(statement: sa.Executable | str, **values: object) -> None:
    """Run one statement in the database that works."""
    if isinstance(statement, str):
        statement = sa.text(statement)
    with current_app.extensions["wild"]["engine"].begin() as connection:
        connection.execute(statement, values)


def run_where_it_is_locked() -> None:
    """Read from the database that somebody has locked."""
    url = current_app.extensions["wild"]["url"]
    engine = sa.create_engine(url, connect_args={"timeout": 0})
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT * FROM canary"))
    finally:
        engine.dispose()


def take_a_connection_too_many() -> None:
    """Ask the pool for a connection when all are lent."""
    current_app.extensions["wild"]["full"].connect()
