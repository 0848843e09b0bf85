"""Locks, time limits and connections: what says nothing of the request's content."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
import sqlalchemy as sa
from databases import ON_SERVERS, DatabaseServer
from library import SECRETS, failure_of, library, users
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError

from failwell.responses._database import (
    Constraints,
    classify_database,
    is_lost_before_commit,
    is_retryable,
)

TRY_AGAIN = (503, "SERVICE_UNAVAILABLE", "1")
BUG = (500, "DATABASE_ERROR", None)

ANN = users.update().where(users.c.id == 1)
BOB = users.update().where(users.c.id == 2)


@pytest.fixture(scope="module")
def engine(any_database: sa.URL) -> Iterator[sa.Engine]:
    """The library on each database."""
    options = {"connect_args": {"timeout": 0}}
    is_sqlite = any_database.get_backend_name() == "sqlite"
    with library(any_database, **(options if is_sqlite else {})) as engine:
        yield engine


def facts(error: BaseException) -> tuple[int, str, str | None]:
    """Return status, code and `Retry-After` of an answer that tells nothing more."""
    answer = classify_database(error, Constraints())
    assert answer is not None
    body = json.dumps(answer.to_dict()).lower()
    assert [secret for secret in SECRETS if secret in body] == []
    return answer.status_code, answer.code, dict(answer.headers).get("Retry-After")


def test_waiting_for_a_lock_too_long(engine: sa.Engine) -> None:
    """Try again, all of the transaction."""
    patience = {
        "postgresql": "SET LOCAL lock_timeout = '5ms'",
        "mysql": "SET innodb_lock_wait_timeout = 0",
        "sqlite": "SELECT 1",
    }

    with engine.begin() as holder:
        holder.execute(ANN.values(age=31))
        error = failure_of(engine, patience[engine.dialect.name], ANN.values(age=32))

    assert facts(error) == TRY_AGAIN
    assert is_retryable(error)


def test_a_snapshot_of_sqlite_that_is_too_old(tmp_path: Path) -> None:
    """SQLITE_BUSY_SNAPSHOT is busy, whatever the patience."""
    with library(f"sqlite:///{tmp_path / 'app.db'}") as engine:
        sa.event.listen(engine, "connect", _begins_by_itself)
        sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN"))
        engine.dispose()
        with engine.connect() as reader, engine.connect() as writer:
            reader.exec_driver_sql("SELECT * FROM users").all()
            writer.execute(ANN.values(age=31))
            writer.commit()
            with pytest.raises(sa.exc.OperationalError) as caught:
                reader.execute(ANN.values(age=32))

    assert getattr(caught.value.orig, "sqlite_errorname", "") == "SQLITE_BUSY_SNAPSHOT"
    assert facts(caught.value) == TRY_AGAIN
    assert is_retryable(caught.value)


def _begins_by_itself(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_a_deadlock(server: str, request: pytest.FixtureRequest) -> None:
    """One of the two is sent away; it may come again."""
    database: DatabaseServer = request.getfixturevalue(server)
    errors: list[Exception] = []
    both_hold = threading.Barrier(2)

    def cross(engine: sa.Engine, first: sa.Update, second: sa.Update) -> None:
        with engine.connect() as connection:
            if server == "postgresql":
                connection.exec_driver_sql("SET deadlock_timeout = '10ms'")
            connection.execute(first.values(age=50))
            both_hold.wait()
            try:
                connection.execute(second.values(age=51))
            except sa.exc.DBAPIError as error:
                errors.append(error)
            connection.rollback()

    with database.database() as url, library(url) as engine:
        other = threading.Thread(target=cross, args=(engine, ANN, BOB))
        other.start()
        cross(engine, BOB, ANN)
        other.join()

    assert [facts(error) for error in errors] == [TRY_AGAIN]
    assert is_retryable(errors[0])


@ON_SERVERS
def test_a_serialization_failure(engine: sa.Engine) -> None:
    """The row was changed after the snapshot was taken."""
    strict = engine.execution_options(isolation_level="REPEATABLE READ")
    with strict.connect() as slow:
        if engine.dialect.name == "mysql":
            # MariaDB 11.6 makes it the default.
            slow.exec_driver_sql("SET innodb_snapshot_isolation = ON")
        slow.execute(sa.select(users)).all()
        with engine.begin() as quick:
            quick.execute(ANN.values(age=users.c.age + 1))
        with pytest.raises(sa.exc.OperationalError) as caught:
            slow.execute(ANN.values(age=32))

    assert facts(caught.value) == TRY_AGAIN
    assert is_retryable(caught.value)


def test_a_statement_that_takes_too_long(engine: sa.Engine) -> None:
    """504, and no promise that it is quicker in a second."""
    slow = {
        "postgresql": ["SET LOCAL statement_timeout = '5ms'", "SELECT pg_sleep(60)"],
        "mysql": [
            (
                "SET STATEMENT max_statement_time = 0.005 FOR "
                "SELECT * FROM users WHERE SLEEP(60)"
            )
        ],
        "sqlite": [
            (
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                "SELECT max(i) FROM n"
            )
        ],
    }

    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "checkout", _give_little_time)
    error = failure_of(engine, *slow[engine.dialect.name])
    if engine.dialect.name == "sqlite":
        sa.event.remove(engine, "checkout", _give_little_time)
        engine.dispose()

    assert facts(error) == (504, "DEADLINE_EXCEEDED", None)
    assert not is_retryable(error)


def _give_little_time(connection: Any, *_: object) -> None:  # noqa: ANN401 - the driver's
    connection.set_progress_handler(lambda: 1, 1000)


def _end_connection(engine: sa.Engine, victim: sa.Connection) -> None:
    """Have the server close the victim's connection."""
    numbers = {
        "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"),
        "mysql": ("SELECT CONNECTION_ID()", "KILL {}"),
    }
    ask, end = numbers[engine.dialect.name]
    number = victim.exec_driver_sql(ask).scalar()
    with engine.connect() as other:
        other.exec_driver_sql(end.format(number))


@ON_SERVERS
def test_a_connection_that_is_lost(engine: sa.Engine) -> None:
    """Nobody knows what became of a statement alone; a transaction is rolled back."""
    with engine.connect() as connection:
        _end_connection(engine, connection)
        with pytest.raises(sa.exc.DBAPIError) as caught:
            connection.execute(ANN.values(age=31))

    assert facts(caught.value) == TRY_AGAIN
    assert not is_retryable(caught.value)
    assert is_lost_before_commit(caught.value)


@ON_SERVERS
def test_a_connection_that_is_lost_at_commit(engine: sa.Engine) -> None:
    """It may have been saved: nobody is told when to send it again."""
    with engine.connect() as connection:
        connection.execute(ANN.values(age=31))
        _end_connection(engine, connection)
        with pytest.raises(sa.exc.DBAPIError) as caught:
            connection.commit()

    assert facts(caught.value) == (503, "SERVICE_UNAVAILABLE", None)
    assert not is_retryable(caught.value)
    assert not is_lost_before_commit(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://tests@/nothing?host=/nowhere",
        "mysql+pymysql://root@127.0.0.1:9/nothing",
        "sqlite:////nowhere/nothing.db",
    ],
)
def test_a_database_that_cannot_be_reached(url: str) -> None:
    """Nothing was sent, so trying again is safe."""
    engine = sa.create_engine(url)
    with pytest.raises(sa.exc.OperationalError) as caught:
        engine.connect()

    assert facts(caught.value) == TRY_AGAIN
    assert is_retryable(caught.value)


def test_a_raw_driver_that_cannot_connect() -> None:
    """Whether anything was sent is unknown without SQLAlchemy."""
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect("host=/nowhere")

    assert facts(caught.value) == TRY_AGAIN
    assert not is_retryable(caught.value)


def test_a_pool_without_connections() -> None:
    """SQLAlchemy's own TimeoutError is no error of a driver."""
    engine = sa.create_engine(
        "sqlite://", poolclass=sa.QueuePool, pool_size=1, max_overflow=0, pool_timeout=0
    )
    with engine.connect(), pytest.raises(sa.exc.TimeoutError) as caught:
        engine.connect()
    engine.dispose()

    assert facts(caught.value) == TRY_AGAIN
    assert not is_retryable(caught.value)


def test_a_file_that_may_not_be_written(tmp_path: Path) -> None:
    """That is how the server is set up, not how it feels today."""
    with library(f"sqlite:///{tmp_path / 'app.db'}"):
        engine = sa.create_engine(
            f"sqlite:///file:{tmp_path / 'app.db'}?mode=ro&uri=true"
        )
        error = failure_of(engine, ANN.values(age=31))
        engine.dispose()

    assert facts(error) == BUG


class Model(DeclarativeBase):
    """The models of this module."""


class Page(Model):
    """A page that knows its version."""

    __tablename__ = "page"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(20))
    version: Mapped[int] = mapped_column()
    __mapper_args__: ClassVar = {"version_id_col": version}


def test_a_version_that_is_stale(engine: sa.Engine) -> None:
    """Somebody else has saved in between."""
    Model.metadata.create_all(engine)
    with Session(engine) as session:
        page = Page(text="first")
        session.add(page)
        session.commit()
        assert page.version == 1
        session.execute(sa.text("UPDATE page SET version = 9"))
        page.text = "second"
        with pytest.raises(StaleDataError) as caught:
            session.flush()

    assert facts(caught.value) == (409, "CONFLICT", None)
    assert not is_retryable(caught.value)


def test_what_sqlalchemy_itself_complains_of(engine: sa.Engine) -> None:
    """Its use was wrong, but for `one()`, whose fault only the view knows."""
    with engine.connect() as connection:
        with pytest.raises(sa.exc.NoResultFound) as nothing:
            connection.execute(sa.select(users).where(users.c.id == 77)).one()
        with pytest.raises(sa.exc.MultipleResultsFound) as several:
            connection.execute(sa.select(users)).one()
        with pytest.raises(sa.exc.StatementError) as unbound:
            connection.execute(sa.text("SELECT :a"), {})

    assert classify_database(nothing.value, Constraints()) is None
    assert facts(several.value) == BUG
    assert facts(unbound.value) == BUG
