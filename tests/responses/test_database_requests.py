"""Whole requests whose database refuses or fails, on every database."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from databases import ON_SQLITE
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy_lite import SQLAlchemy
from library import SECRETS, library, users
from werkzeug.test import TestResponse

from failwell.responses import register_error_handlers, table_of

ANN = users.update().where(users.c.id == 1)


@pytest.fixture(scope="module")
def engine(any_database: sa.URL) -> Iterator[sa.Engine]:
    """The library on each database."""
    with library(any_database) as engine:
        yield engine


@pytest.fixture
def both_have_looked() -> threading.Barrier:
    """Where two requests meet after both have found the address free."""
    return threading.Barrier(2)


@pytest.fixture
def app(engine: sa.Engine, both_have_looked: threading.Barrier) -> Iterator[Flask]:
    """An application that looks before it inserts, as most do, and so races."""
    app = Flask("backend")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    options = {"connect_args": {"timeout": 5}}
    is_sqlite = engine.dialect.name == "sqlite"
    app.config["SQLALCHEMY_ENGINES"] = {
        "default": {"url": engine.url, **(options if is_sqlite else {})}
    }
    db = SQLAlchemy(app)
    register_error_handlers(app)
    table_of(app).constraints.add("uq_users_email", code="EMAIL_TAKEN", field="email")

    @app.post("/users/<email>")
    def add(email: str) -> tuple[dict[str, str], int]:
        db.session.execute(sa.select(users).where(users.c.email == email)).first()
        both_have_looked.wait()
        db.session.execute(users.insert().values(email=email, age=1))
        db.session.commit()
        return {"email": email}, 201

    @app.post("/ages/<int(signed=True):age>")
    def grow(age: int) -> dict[str, int]:
        db.session.execute(ANN.values(age=age))
        db.session.commit()
        return {"age": age}

    @app.get("/missing")
    def missing() -> str:
        db.session.execute(sa.text("SELECT * FROM users_nowhere"))
        return "found"

    yield app
    with app.app_context():
        db.engine.dispose()


def _facts(response: TestResponse) -> tuple[int, str]:
    told = f"{response.text} {response.headers}".lower()
    assert [secret for secret in SECRETS if secret in told] == []
    return response.status_code, response.get_json()["error"]["code"]


def test_two_racing_inserts(app: Flask) -> None:
    """One is saved, the other told which field; both workers go on serving."""
    answers: list[TestResponse] = []
    after: list[int] = []

    def work() -> None:
        client = app.test_client()
        answers.append(client.post("/users/cat@example.org"))
        after.append(client.post("/ages/31").status_code)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    saved, refused = sorted(answers, key=lambda answer: answer.status_code)
    assert saved.status_code == 201
    assert _facts(refused) == (409, "EMAIL_TAKEN")
    assert refused.get_json()["error"]["details"] == {"field": "email"}
    assert after == [200, 200]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client."""
    return app.test_client()


def test_a_check_is_422(client: FlaskClient) -> None:
    """Also on MariaDB, which calls it an operational error."""
    assert _facts(client.post("/ages/-1")) == (422, "CONSTRAINT_VIOLATION")
    assert client.post("/ages/1").status_code == 200


def test_a_missing_table_is_500(client: FlaskClient) -> None:
    """Also on SQLite, which calls it an operational error."""
    assert _facts(client.get("/missing")) == (500, "DATABASE_ERROR")
    assert client.post("/ages/1").status_code == 200


@ON_SQLITE
def test_a_locked_file_of_sqlite_is_503(client: FlaskClient, engine: sa.Engine) -> None:
    """With the seconds after which to come back; then it works."""
    with client.application.app_context():
        impatient = "PRAGMA busy_timeout = 0"
        extension: SQLAlchemy = client.application.extensions["sqlalchemy"]
        sa.event.listen(extension.engine, "connect", lambda c, _: c.execute(impatient))
        extension.engine.dispose()
    with engine.begin() as other:
        other.execute(ANN.values(age=50))
        locked = client.post("/ages/60")

    assert _facts(locked) == (503, "SERVICE_UNAVAILABLE")
    assert locked.headers["Retry-After"] == "1"
    assert client.post("/ages/60").status_code == 200
