"""The application's own session is rolled back, and usable afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask, Response, abort, g
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from failwell.exceptions import ConflictError
from failwell.responses import register_error_handlers
from failwell.responses._rollback import (
    RollBacks,
    register_rollback,
    share_rollbacks,
)


class Model(DeclarativeBase):
    """The models of this module."""


class Room(Model):
    """A room whose name is unique."""

    __tablename__ = "room"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


db = SQLAlchemy()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """Return an application with a room called `blue`."""
    app = Flask("backend")
    app.config["SQLALCHEMY_ENGINES"] = {"default": f"sqlite:///{tmp_path / 'app.db'}"}
    db.init_app(app)
    register_error_handlers(app)

    @app.post("/rooms/<name>")
    def add(name: str) -> str:
        db.session.add(Room(name=name))
        db.session.flush()
        if name == "conflict":
            raise ConflictError
        if name == "abort":
            abort(404)
        if name == "crash":
            raise KeyError(name)
        db.session.commit()
        return "added"

    @app.after_request
    def after(response: Response) -> Response:
        # A session that was not rolled back raises PendingRollbackError here.
        names = db.session.scalars(sa.select(Room.name)).all()
        response.headers["X-Rooms"] = ",".join(sorted(names))
        return response

    with app.app_context():
        Model.metadata.create_all(db.engine)
        db.session.add(Room(name="blue"))
        db.session.commit()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    ("name", "status"),
    [("blue", 409), ("conflict", 409), ("abort", 404), ("crash", 500)],
)
def test_the_session_is_usable_after_every_answer(
    app: Flask, name: str, status: int
) -> None:
    """And nothing of the failed request is in it, or in the database."""
    client = app.test_client()

    failed = client.post(f"/rooms/{name}")
    after = client.post("/rooms/green")

    assert failed.status_code == status
    assert failed.headers["X-Rooms"] == "blue"
    assert "room" not in failed.text.replace("/rooms", "").lower()
    assert after.headers["X-Rooms"] == "blue,green"


def test_a_users_handler_finds_a_usable_session(app: Flask) -> None:
    """It may look up the room that was in the way."""

    @app.errorhandler(IntegrityError)
    def taken(_: IntegrityError) -> tuple[str, int]:
        return f"taken by {db.session.scalars(sa.select(Room.id)).one()}", 409

    response = app.test_client().post("/rooms/blue")

    assert (response.status_code, response.text) == (409, "taken by 1")


def test_a_handler_for_500_finds_a_usable_session(app: Flask) -> None:
    """Also after an exception that only the last of Flask's methods sees."""

    @app.after_request
    def look_nowhere(response: Response) -> Response:
        db.session.execute(sa.text("SELECT * FROM nowhere"))
        return response

    @app.errorhandler(500)
    def broken(_: Exception) -> tuple[str, int]:
        return f"{len(db.session.scalars(sa.select(Room)).all())} rooms", 500

    assert app.test_client().get("/nowhere").text == "1 rooms"


def test_a_session_is_never_opened() -> None:
    """An answer that needs no database touches none."""
    app = Flask("backend")
    app.config["SQLALCHEMY_ENGINES"] = {"default": "sqlite://"}
    SQLAlchemy(app)
    register_error_handlers(app)
    seen: list[bool] = []

    @app.teardown_request
    def look(_: BaseException | None) -> None:
        seen.append("_sqlalchemy_sessions" in g)

    app.test_client().get("/nowhere")

    assert seen == [False]


class ScopedExtension:
    """Keeps a scoped session as Flask-SQLAlchemy does: on the instance."""

    def __init__(self) -> None:
        """Make the registry."""
        self.opened: list[Session] = []
        self.session = scoped_session(self._open)

    def _open(self) -> Session:
        self.opened.append(sessionmaker(sa.create_engine("sqlite://"))())
        return self.opened[-1]


def test_a_scoped_session_is_rolled_back_only_when_it_exists() -> None:
    """The shape of Flask-SQLAlchemy 3."""
    app = Flask("backend")
    extension = app.extensions["sqlalchemy"] = ScopedExtension()
    register_error_handlers(app)

    @app.get("/")
    def view() -> str:
        extension.session.execute(sa.text("SELECT 1"))
        raise ConflictError

    app.test_client().get("/nowhere")
    opened_by_404 = len(extension.opened)
    app.test_client().get("/")

    assert opened_by_404 == 0
    assert not extension.opened[0].in_transaction()
    extension.opened[0].get_bind().dispose()


class DeadSession:
    """A session whose connection is gone."""

    def rollback(self) -> None:
        """Fail."""
        raise OSError("gone")


def test_a_roll_back_that_fails_changes_no_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is worth a warning."""
    app = Flask("backend")
    app.extensions["sqlalchemy"] = SQLAlchemy()
    register_error_handlers(app)

    @app.get("/")
    def view() -> str:
        g._sqlalchemy_sessions = {"default": DeadSession()}
        raise ConflictError

    assert app.test_client().get("/").status_code == 409
    assert "not rolled back" in caplog.text


def test_a_session_of_the_applications_own_is_rolled_back() -> None:
    """What was registered is called once for each answered exception, in order."""
    app = Flask("backend")
    register_error_handlers(app)
    called: list[str] = []

    @app.get("/")
    def view() -> str:
        raise ConflictError

    def first() -> None:
        called.append("first")

    async def second() -> None:
        """Roll back when awaited."""
        called.append("second")

    shared = RollBacks()
    share_rollbacks(app, shared)
    assert register_rollback(app, first) is first
    register_rollback(app, first)
    shared.add(second)

    assert app.test_client().get("/").status_code == 409
    assert called == ["first", "second"]


def test_a_registered_roll_back_that_fails_changes_no_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It writes a warning, and the others are called all the same."""
    app = Flask("backend")
    register_error_handlers(app)
    called: list[str] = []
    register_rollback(app, DeadSession().rollback)
    register_rollback(app, lambda: called.append("next"))

    response = app.test_client().get("/nowhere")

    assert response.status_code == 404
    assert called == ["next"]
    assert "not rolled back" in caplog.text


def test_a_roll_back_that_cannot_be_called_is_refused() -> None:
    """A session given instead of its method would fail at the first error only."""
    with pytest.raises(TypeError, match="function without arguments"):
        register_rollback(Flask("backend"), DeadSession())  # type: ignore[type-var]
