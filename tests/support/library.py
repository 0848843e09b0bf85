"""Tables for tests of database faults: users, what refers to them, and seats."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from failwell.responses._database import NAMING_CONVENTION

metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.String(30), unique=True, nullable=False),
    sa.Column("age", sa.Integer),
    # Not at its column: MariaDB takes no name there.
    sa.CheckConstraint("age > 0", name="age"),
)
loans = sa.Table(
    "loans",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False),
)
badges = sa.Table(
    "badges",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="RESTRICT")),
)
seats = sa.Table(
    "seats",
    metadata,
    sa.Column("room", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
)
SECRETS = ("users", "loans", "seats", "ann@", "insert", "uq_", "ck_", "fk_", "pk_")
"""What no answer may contain, in small letters."""


@contextmanager
def library(url: sa.URL | str, **options: Any) -> Iterator[sa.Engine]:  # noqa: ANN401 - the engine's own
    """Yield an engine over the tables with two users: one has a loan, one a badge."""
    engine = sa.create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _enforce_foreign_keys)
    try:
        metadata.create_all(engine)
        with engine.begin() as connection:
            for row in (
                users.insert().values(email="ann@example.org", age=30),
                users.insert().values(email="bob@example.org", age=40),
                loans.insert().values(user_id=1),
                badges.insert().values(user_id=2),
                seats.insert().values(room=1, number=1),
            ):
                connection.execute(row)
        yield engine
        metadata.drop_all(engine)
    finally:
        engine.dispose()


def failure_of(engine: sa.Engine, *statements: object) -> Exception:
    """Return what the last of the statements, or the COMMIT, raises."""
    with engine.connect() as connection:
        try:
            for statement in statements:
                connection.execute(
                    sa.text(statement) if isinstance(statement, str) else statement
                )
            connection.commit()
        except Exception as error:  # noqa: BLE001 - which one is the question
            return error
    raise AssertionError("nothing was refused")


def _enforce_foreign_keys(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's
    connection.execute("PRAGMA foreign_keys = ON")
