"""What databases refuse for its content, row by row on every database."""

import functools
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pymysql
import pytest
import sqlalchemy as sa
from databases import DatabaseServer
from library import SECRETS, failure_of, library, loans, seats, users
from pymysql.converters import conversions

from failwell.exceptions import AppError
from failwell.responses._database import (
    Constraints,
    classify_database,
    is_retryable,
)

CONFLICT = (409, "CONFLICT")
VIOLATION = (422, "CONSTRAINT_VIOLATION")
BUG = (500, "DATABASE_ERROR")


@pytest.fixture(scope="module")
def engine(any_database: sa.URL) -> Iterator[sa.Engine]:
    """The library on each database."""
    with library(any_database) as engine:
        yield engine


def answer_to(error: BaseException) -> AppError:
    """Return the answer, after looking that it tells nothing."""
    answer = classify_database(error, Constraints())
    assert answer is not None
    body = json.dumps(answer.to_dict()).lower()
    assert [secret for secret in SECRETS if secret in body] == []
    return answer


def facts(error: BaseException) -> tuple[int, str]:
    """Return status and code of the answer, which tells nothing more."""
    answer = answer_to(error)
    assert answer.details == {}
    assert not is_retryable(error)
    return answer.status_code, answer.code


REFUSALS = {
    "unique": (users.insert().values(email="ann@example.org", age=1), CONFLICT),
    "unique, updated": (
        users.update().where(users.c.id == 2).values(email="ann@example.org"),
        CONFLICT,
    ),
    "primary key": (users.insert().values(id=1, email="c@x.org"), CONFLICT),
    "composite key": (seats.insert().values(room=1, number=1), CONFLICT),
    "parent missing": (loans.insert().values(user_id=77), VIOLATION),
    "parent missing, updated": (loans.update().values(user_id=77), VIOLATION),
    "still referenced": (users.delete().where(users.c.id == 1), CONFLICT),
    "still referenced, RESTRICT": (users.delete().where(users.c.id == 2), CONFLICT),
    "check": (users.insert().values(email="c@x.org", age=-1), VIOLATION),
    "not null": (users.insert().values(email=None, age=1), VIOLATION),
    "not null, left out": (users.insert().values(age=1), VIOLATION),
    "beyond 64 bits": (users.insert().values(email="c@x.org", age=2**70), VIOLATION),
    "lone surrogate": (users.insert().values(email="\ud800"), VIOLATION),
    "missing table": ("SELECT * FROM nowhere", BUG),
    "syntax": ("SELECT FROM WHERE", BUG),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_every_database_refuses(engine: sa.Engine, case: str) -> None:
    """The codes differ from database to database, the answers do not."""
    statement, expected = REFUSALS[case]

    error = failure_of(engine, statement)

    assert facts(error) == expected


@pytest.mark.parametrize(
    "statement",
    [
        users.insert().values(email="x" * 31, age=1),
        users.insert().values(email="c@x.org", age=2**40),
        # Without a type SQLAlchemy casts nothing, and the database must read the text.
        sa.text("UPDATE users SET age = :age").bindparams(
            sa.bindparam("age", "old", sa.types.NullType())
        ),
    ],
    ids=["too long", "out of range", "no number"],
)
def test_values_that_do_not_fit_their_column(
    engine: sa.Engine, statement: sa.Executable
) -> None:
    """SQLite takes them: its columns have no limits."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(statement)
    else:
        assert facts(failure_of(engine, statement)) == VIOLATION


def test_a_value_in_the_sql_is_our_own_mistake(engine: sa.Engine) -> None:
    """Nothing was bound, so no client can have sent it."""
    statement = "UPDATE users SET age = 'old'"
    if engine.dialect.name == "sqlite":
        statement = "INSERT INTO users (id, email) VALUES ('old', 'c@x.org')"

    assert facts(failure_of(engine, statement)) == BUG


def test_renaming_a_key_that_is_referred_to(engine: sa.Engine) -> None:
    """SQLite does not tell which way round it was, and references are set more often."""
    error = failure_of(engine, users.update().where(users.c.id == 1).values(id=77))

    expected = VIOLATION if engine.dialect.name == "sqlite" else CONFLICT
    assert facts(error) == expected


def test_a_nul_in_a_text(engine: sa.Engine) -> None:
    """PostgreSQL's driver refuses it without any SQLSTATE."""
    statement = users.insert().values(email="a\0b")

    if engine.dialect.name != "postgresql":
        with engine.connect() as connection:
            connection.execute(statement)
        return
    error = failure_of(engine, statement)
    assert isinstance(error, sa.exc.DataError)
    assert getattr(error.orig, "sqlstate", "") is None
    assert facts(error) == VIOLATION


def test_a_sequence_behind_its_table_is_our_own_mistake(engine: sa.Engine) -> None:
    """No client can do anything about an id that the database made up."""
    tables = {
        "postgresql": ["CREATE TABLE tickets (id serial PRIMARY KEY, title text)"],
        # AUTO_INCREMENT and rowids follow their table; a default of one's own need not.
        "mysql": [
            "CREATE SEQUENCE numbers",
            "CREATE TABLE tickets (id INT PRIMARY KEY DEFAULT nextval(numbers), title TEXT)",
        ],
        "sqlite": ["CREATE TABLE tickets (id INT PRIMARY KEY DEFAULT 1, title TEXT)"],
    }
    insert = sa.text("INSERT INTO tickets (title) VALUES (:title)")

    error = failure_of(
        engine,
        *tables[engine.dialect.name],
        "INSERT INTO tickets (id, title) VALUES (1, 'restored')",
        insert.bindparams(title="new"),
    )

    assert facts(error) == BUG


def test_the_bodies_of_a_batch_are_read_as_one(engine: sa.Engine) -> None:
    """SQLAlchemy sends many rows in one statement."""
    with engine.connect() as connection, pytest.raises(sa.exc.IntegrityError) as caught:
        connection.execute(
            users.insert(), [{"email": "c@x.org"}, {"email": "ann@example.org"}]
        )

    assert facts(caught.value) == CONFLICT


def test_raw_errors_of_psycopg(postgresql: DatabaseServer) -> None:
    """A driver used without SQLAlchemy is answered the same."""
    folder = str(postgresql.folder)
    with psycopg.connect(host=folder, user="tests", dbname="postgres") as connection:
        connection.execute("CREATE TEMPORARY TABLE users (email text UNIQUE)")
        connection.execute("INSERT INTO users VALUES ('ann@example.org')")
        connection.commit()
        found = []
        for value in ("ann@example.org", "\ud800", "a\0b"):
            with pytest.raises(Exception) as caught:  # noqa: PT011 - each another
                connection.execute("INSERT INTO users VALUES (%s)", (value,))
            connection.rollback()
            found.append(facts(caught.value))

    assert found == [CONFLICT, VIOLATION, VIOLATION]


def test_raw_errors_of_pymysql(mariadb_url: sa.URL) -> None:
    """A driver used without SQLAlchemy is answered the same."""
    socket = mariadb_url.query["unix_socket"]
    with (
        pymysql.connect(
            unix_socket=str(socket), user="root", database=mariadb_url.database
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("CREATE TABLE users (email VARCHAR(20) UNIQUE)")
        cursor.execute("INSERT INTO users VALUES ('ann@example.org')")
        found = []
        for value in ("ann@example.org", "x" * 21, "\ud800"):
            with pytest.raises(Exception) as caught:  # noqa: PT011 - each another
                cursor.execute("INSERT INTO users VALUES (%s)", (value,))
            found.append(facts(caught.value))

    assert found == [CONFLICT, VIOLATION, VIOLATION]


def test_an_encoder_of_the_application_that_fails(mariadb_url: sa.URL) -> None:
    """It is called by the driver, but the fault is its own, whatever else was bound."""

    def explode(*_: object) -> str:
        raise OverflowError("the encoder's own")

    socket = str(mariadb_url.query["unix_socket"])
    with (
        pymysql.connect(
            unix_socket=socket, user="root", conv={**conversions, complex: explode}
        ) as connection,
        connection.cursor() as cursor,
        pytest.raises(OverflowError) as caught,
    ):
        cursor.execute("SELECT %s, %s", (1j, 2**70))

    assert classify_database(caught.value, Constraints()) is None


def test_raw_errors_of_sqlite3() -> None:
    """Without the statement the direction of a foreign key is unknown: 409 is true."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            "PRAGMA foreign_keys = ON;"
            "CREATE TABLE users (id INTEGER PRIMARY KEY);"
            "CREATE TABLE loans (user_id REFERENCES users);"
        )
        with pytest.raises(sqlite3.IntegrityError) as caught:
            connection.execute("INSERT INTO loans VALUES (7)")

    assert facts(caught.value) == CONFLICT


def test_errors_of_others_are_no_business_of_the_database() -> None:
    """The same classes raised by the application's own code stay unexpected."""
    raised: list[BaseException] = [KeyError("users"), OSError("users")]
    for function in ("\ud800".encode, functools.partial((2**70).to_bytes, 1, "big")):
        with pytest.raises((UnicodeEncodeError, OverflowError)) as caught:
            function()
        raised.append(caught.value)

    assert [classify_database(error, Constraints()) for error in raised] == [None] * 4


def test_text_that_cannot_be_encoded_in_the_sql_itself(engine: sa.Engine) -> None:
    """It is no value of a client, so it stays unexpected: 500."""
    error = failure_of(engine, "SELECT '\ud800'")

    assert isinstance(error, UnicodeEncodeError)
    assert classify_database(error, Constraints()) is None
