"""Which transactions are run again, on the databases that ask for it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from databases import ON_SERVERS, DatabaseServer
from library import library, loans, users
from sqlalchemy.orm import Session

from failwell import transactional
from failwell.exceptions import ServiceUnavailableError
from failwell.responses._database import is_retryable
from failwell.testing import ManualClock

ANN = users.update().where(users.c.id == 1)
AGE = sa.select(users.c.age).where(users.c.id == 1)


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


@pytest.fixture(scope="module")
def engine(any_database: sa.URL) -> Iterator[sa.Engine]:
    """The library, where what was read must not change until it is written."""
    if any_database.get_backend_name() != "sqlite":
        with library(any_database, isolation_level="REPEATABLE READ") as engine:
            yield engine
        return
    with library(any_database, connect_args={"timeout": 0}) as engine:
        sa.event.listen(engine, "connect", _begins_when_told)
        sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN"))
        engine.dispose()
        yield engine


def _begins_when_told(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    """A session of one's own."""
    with engine.begin() as connection:
        connection.execute(ANN.values(age=30))
    with Session(engine) as session:
        yield session


def _disturb(engine: sa.Engine, session: Session) -> Callable[[], None]:
    """Return what makes the next write of `session` fail, once its transaction reads.

    PostgreSQL and SQLite refuse to write on an old snapshot. MariaDB before 11.6 does
    not: there another transaction holds the row, with no patience for it.
    """
    if engine.dialect.name == "mysql":
        session.execute(sa.text("SET innodb_lock_wait_timeout = 0"))
    other = engine.connect()
    other.execute(ANN.values(age=users.c.age + 10))
    if engine.dialect.name != "mysql":
        other.commit()

    def end() -> None:
        other.commit()
        other.close()

    return end


def test_the_whole_function_runs_again(
    engine: sa.Engine, session: Session, clock: ManualClock
) -> None:
    """It reads afresh, so nothing that another one saved is overwritten."""
    read: list[int] = []
    ends: list[Callable[[], None]] = []
    lines: list[str] = []

    def told(line: str) -> None:
        lines.append(line)
        ends.pop()()

    @transactional(session, logger=told, clock=clock)
    def celebrate() -> None:
        read.append(session.scalars(AGE).one())
        if len(read) == 1:
            ends.append(_disturb(engine, session))
        session.execute(ANN.values(age=read[-1] + 1))

    celebrate()

    assert read == [30, 40]
    assert session.scalars(AGE).one() == 41
    assert len(clock.sleeps) == 1
    assert 0 <= clock.sleeps[0] <= 0.05
    assert "celebrate failed at attempt 1 of 4" in lines[0]
    assert "users" not in lines[0]


def test_it_gives_up_with_a_503(
    engine: sa.Engine, session: Session, clock: ManualClock
) -> None:
    """After the first run and as many more as allowed, from the last error."""
    runs: list[int] = []

    @transactional(session, retries=2, clock=clock)
    def celebrate() -> None:
        runs.append(session.scalars(AGE).one())
        end = _disturb(engine, session)
        try:
            session.execute(ANN.values(age=99))
        finally:
            end()

    with pytest.raises(ServiceUnavailableError) as caught:
        celebrate()

    assert len(runs) == 3
    assert caught.value.retry_after == 1
    assert caught.value.__cause__ is not None
    assert is_retryable(caught.value.__cause__)
    assert session.scalars(AGE).one() == 60


def test_no_run_begins_after_the_deadline(
    engine: sa.Engine, session: Session, clock: ManualClock
) -> None:
    """The time that the runs take counts."""
    runs: list[int] = []

    @transactional(session, retries=9, max_elapsed=10, clock=clock)
    def celebrate() -> None:
        runs.append(session.scalars(AGE).one())
        end = _disturb(engine, session)
        clock.advance(4)
        try:
            session.execute(ANN.values(age=99))
        finally:
            end()

    with pytest.raises(ServiceUnavailableError):
        celebrate()

    assert len(runs) == 3


def test_a_function_that_has_committed_is_not_run_again(
    engine: sa.Engine, session: Session, clock: ManualClock
) -> None:
    """A part of it is saved already, and would be saved twice."""
    runs: list[int] = []

    @transactional(session, clock=clock)
    def celebrate() -> None:
        session.execute(ANN.values(age=35))
        session.commit()
        runs.append(session.scalars(AGE).one())
        end = _disturb(engine, session)
        try:
            session.execute(ANN.values(age=99))
        finally:
            end()

    with pytest.raises(sa.exc.OperationalError):
        celebrate()

    assert runs == [35]
    assert clock.sleeps == []


def test_a_failure_of_the_commit_itself_is_run_again(
    postgresql: DatabaseServer, clock: ManualClock
) -> None:
    """PostgreSQL finds a write skew when it commits, and has then rolled back."""
    runs: list[int] = []
    count = sa.select(sa.func.count()).select_from(loans)
    with (
        postgresql.database() as url,
        library(url, isolation_level="SERIALIZABLE") as engine,
        Session(engine) as session,
    ):

        @transactional(session, clock=clock)
        def lend() -> None:
            runs.append(session.scalars(count).one())
            session.execute(loans.insert().values(user_id=2))
            if len(runs) == 1:
                with engine.begin() as other:
                    other.execute(count)
                    other.execute(loans.insert().values(user_id=1))

        lend()
        assert session.scalars(count).one() == 3

    assert runs == [1, 2]


_NUMBERS = {
    "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend({})"),
    "mysql": ("SELECT CONNECTION_ID()", "KILL {}"),
}


def _end_connection(engine: sa.Engine, session: Session) -> None:
    ask, end = _NUMBERS[engine.dialect.name]
    number = session.scalar(sa.text(ask))
    with engine.connect() as other:
        other.exec_driver_sql(end.format(number))


@ON_SERVERS
def test_a_connection_lost_before_the_commit_is_replaced(
    engine: sa.Engine, session: Session, clock: ManualClock
) -> None:
    """The server has rolled back, so the next run starts from nothing."""
    runs: list[int] = []

    @transactional(session, clock=clock)
    def celebrate() -> None:
        session.execute(ANN.values(age=session.scalars(AGE).one() + 1))
        runs.append(1)
        if len(runs) == 1:
            _end_connection(engine, session)
        session.execute(sa.select(users)).all()

    celebrate()

    assert len(runs) == 2
    assert session.scalars(AGE).one() == 31


@ON_SERVERS
def test_a_connection_lost_at_the_commit_is_never_tried_again(
    engine: sa.Engine, session: Session, clock: ManualClock
) -> None:
    """Whether it was saved is not known; twice would be worse than unknown."""
    runs: list[int] = []

    @transactional(session, clock=clock)
    def celebrate() -> None:
        session.execute(ANN.values(age=31))
        runs.append(1)
        _end_connection(engine, session)

    with pytest.raises(sa.exc.DBAPIError):
        celebrate()

    assert runs == [1]
    assert clock.sleeps == []
