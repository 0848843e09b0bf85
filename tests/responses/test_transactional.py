"""A function as one transaction: when it commits, and which sessions it takes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy as ClassicSQLAlchemy
from flask_sqlalchemy_lite import SQLAlchemy
from library import library, users
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from failwell import transactional


class Model(DeclarativeBase):
    """The models of this module, over a table of the library."""


class User(Model):
    """A user."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    age: Mapped[int]


ADD_CAT = users.insert().values(email="cat@example.org", age=3)


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    """The library in memory."""
    with library("sqlite://", poolclass=sa.StaticPool) as engine:
        yield engine


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    """A session of one's own."""
    with Session(engine) as session:
        yield session


def saved(session: Session) -> list[str]:
    """Return the addresses that are left after a roll-back."""
    session.rollback()
    return list(session.scalars(sa.select(users.c.email).order_by(users.c.id)))


def test_what_returns_is_committed(session: Session) -> None:
    """Arguments and result pass through; the name is kept."""

    @transactional(session)
    def add(email: str, *, age: int) -> str:
        """Add a user."""
        session.add(User(email=email, age=age))
        return email.upper()

    assert add("cat@example.org", age=3) == "CAT@EXAMPLE.ORG"
    assert not session.in_transaction()
    assert saved(session)[2:] == ["cat@example.org"]
    assert (add.__name__, add.__doc__) == ("add", "Add a user.")


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_what_raises_is_rolled_back(
    session: Session, error: type[BaseException]
) -> None:
    """Whatever it is, it is raised as it is; the session is usable afterwards."""
    runs: list[int] = []

    @transactional(session)
    def add() -> None:
        runs.append(1)
        session.execute(ADD_CAT)
        raise error("cat")

    with pytest.raises(error, match="cat"):
        add()

    assert runs == [1]
    assert len(saved(session)) == 2


def test_a_refusal_at_commit_is_rolled_back(session: Session) -> None:
    """What is only flushed by the commit fails there."""

    @transactional(lambda: session)
    def add() -> None:
        session.add(User(email="ann@example.org", age=1))

    with pytest.raises(sa.exc.IntegrityError):
        add()

    assert not session.in_transaction()
    assert len(saved(session)) == 2


def test_an_inner_transaction_joins_the_outer(session: Session) -> None:
    """The outermost alone commits, so both are saved or neither."""

    @transactional(session)
    def inner(email: str) -> None:
        session.execute(users.insert().values(email=email, age=1))

    @transactional(session)
    def outer(*, fails: bool) -> None:
        inner("cat@example.org")
        assert session.in_transaction()
        if fails:
            raise KeyError
        inner("dog@example.org")

    with pytest.raises(KeyError):
        outer(fails=True)
    after_failure = len(saved(session))
    outer(fails=False)

    assert after_failure == 2
    assert len(saved(session)) == 4


def test_after_a_failure_the_next_one_is_outermost_again(session: Session) -> None:
    """That one failed must not make all later ones join nothing."""

    @transactional(session)
    def add(*, fails: bool) -> None:
        session.execute(ADD_CAT)
        if fails:
            raise KeyError

    with pytest.raises(KeyError):
        add(fails=True)
    add(fails=False)

    assert len(saved(session)) == 3


def test_what_was_only_read_before_is_let_go(session: Session) -> None:
    """Authentication has usually read the user already."""
    session.execute(sa.select(users)).all()
    reading = session.get_transaction()

    writing = transactional(session)(session.get_transaction)()

    assert reading is not None
    assert writing is not reading


def _pending(session: Session) -> object:
    session.add(cat := User(email="cat@example.org", age=3))
    return cat


def _flushed(session: Session) -> object:
    cat = _pending(session)
    session.flush()
    return cat


def _changed(session: Session) -> object:
    ann = session.get_one(User, 1)
    ann.age = 31
    return ann


def _within_savepoint(session: Session) -> object:
    return session.begin_nested()


@pytest.mark.parametrize("change", [_pending, _flushed, _changed, _within_savepoint])
def test_what_was_changed_before_is_neither_saved_nor_lost(
    session: Session, change: Callable[[Session], object]
) -> None:
    """Nobody asked for the one, and everybody would miss the other."""
    held = change(session)

    with pytest.raises(RuntimeError, match="uncommitted changes from before"):
        transactional(session)(lambda: None)()

    assert held is not None
    assert session.in_transaction()


def test_a_scoped_session_is_asked_for_its_session(engine: sa.Engine) -> None:
    """It is a function that returns one."""
    scoped = scoped_session(sessionmaker(engine))

    transactional(scoped)(lambda: scoped.execute(ADD_CAT))()

    assert len(saved(scoped())) == 3
    scoped.remove()


def test_the_session_of_flask_sqlalchemy_lite_is_the_default() -> None:
    """Found in the current application at each call."""
    app = Flask("backend")
    app.config["SQLALCHEMY_ENGINES"] = {
        "default": {"url": "sqlite://", "poolclass": sa.StaticPool}
    }
    db = SQLAlchemy(app)
    with app.app_context():
        Model.metadata.create_all(db.engine)
        transactional()(lambda: db.session.add(User(email="a", age=1)))()
        db.session.rollback()
        found = db.session.scalars(sa.select(User.email)).all()
        db.session.close()
        db.engine.dispose()

    assert found == ["a"]


def test_the_session_of_flask_sqlalchemy_is_the_default() -> None:
    """It is a scoped one there."""
    app = Flask("backend")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = ClassicSQLAlchemy(app)
    with app.app_context():
        Model.metadata.create_all(db.engine)
        transactional()(lambda: db.session.add(User(email="a", age=1)))()
        db.session.rollback()
        found = db.session.scalars(sa.select(User.email)).all()
        db.session.remove()
        db.engine.dispose()

    assert found == ["a"]


def test_an_application_without_a_session_is_told_what_to_do() -> None:
    """The first call says so, not an AttributeError inside."""
    with (
        Flask("backend").app_context(),
        pytest.raises(RuntimeError, match="give transactional its session"),
    ):
        transactional()(lambda: None)()


async def _coroutine() -> None:
    """Do nothing."""


def _generator() -> Iterator[None]:
    yield


@pytest.mark.parametrize("function", [_coroutine, _generator, 7])
def test_what_returns_before_its_body_is_refused(
    function: Callable[[], object],
) -> None:
    """The commit would come before the work."""
    with pytest.raises(TypeError, match="decorates ordinary functions"):
        transactional()(function)


@pytest.mark.parametrize("source", [sessionmaker(), 7, "session"])
def test_what_gives_no_session_in_use_is_refused(source: Session) -> None:
    """A sessionmaker would make another session than the one the function uses."""
    with pytest.raises(TypeError, match="session is"):
        transactional(source)


@pytest.mark.parametrize(
    "given", [{"retries": -1}, {"retries": 1.5}, {"delay": -1}, {"max_elapsed": 0}]
)
def test_parameters_out_of_range_are_refused(given: dict[str, Any]) -> None:
    """At decoration, naming the parameter."""
    with pytest.raises(ValueError, match=f"{next(iter(given))} is"):
        transactional(**given)


class Unreturning(Session):
    """A session whose roll-back fails."""

    def rollback(self) -> None:
        """Fail, after all."""
        super().rollback()
        raise OSError("gone")


def test_a_roll_back_that_fails_hides_no_error(
    engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """The first error says more."""
    with Unreturning(engine) as session:

        @transactional(session)
        def fails() -> None:
            raise KeyError("first")

        with pytest.raises(KeyError, match="first"):
            fails()

    assert "not rolled back" in caplog.text
