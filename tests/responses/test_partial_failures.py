"""Batches: what succeeds stays, what fails says which and why."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from flask import Flask, Response, abort, redirect, request
from flask_sqlalchemy_lite import SQLAlchemy
from pydantic import BaseModel
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from failwell import (
    Attempts,
    ConflictError,
    NotFoundError,
    ServiceUnavailableError,
    ValidationError,
    attempt_each,
    read_body,
)
from failwell.responses import register_error_handlers

if TYPE_CHECKING:
    from tests.responses.conftest import KeptAnswers


class Model(DeclarativeBase):
    """The models of this module."""


class Room(Model):
    """A room whose name is unique."""

    __tablename__ = "batch_room"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


db = SQLAlchemy()


def _halve(number: int) -> float:
    if number == 13:
        raise NotFoundError("Number", number)
    return 12 / number


def test_each_item_succeeds_or_fails_on_its_own() -> None:
    """Both lists say where the item stood; an unexpected failure says no more."""
    attempts = attempt_each([1, 13, 0, 4], _halve)

    assert attempts.succeeded == [(0, 12.0), (3, 3.0)]
    assert [index for index, _ in attempts.failed] == [1, 2]
    assert [error.code for _, error in attempts.failed] == [
        "NOT_FOUND",
        "INTERNAL_ERROR",
    ]
    assert isinstance(attempts.failed[1].error.__cause__, ZeroDivisionError)
    assert not attempts.all_succeeded


def test_an_iterator_is_read_one_at_a_time() -> None:
    """What comes late is not asked for early, and its own error is no item's."""
    done: list[int] = []

    def numbers() -> Iterator[int]:
        yield 1
        assert done == [1]
        yield 2
        raise OSError("the file ended early")

    with pytest.raises(OSError, match="ended early"):
        attempt_each(numbers(), done.append)

    assert done == [1, 2]


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_the_program_ends_the_batch(ending: type[BaseException]) -> None:
    """Outside of Exception nothing is a failure of an item."""

    def end(_: int) -> None:
        raise ending

    with pytest.raises(ending):
        attempt_each([1, 2], end)


def test_an_answer_on_its_way_is_no_failure() -> None:
    """`abort(response)` and redirects go through, as everywhere."""
    app = Flask("backend")
    register_error_handlers(app)

    @app.get("/")
    def view() -> Response:
        return attempt_each([1, 2], lambda _: abort(redirect("/other"))).response()

    answer = app.test_client().get("/")

    assert (answer.status_code, answer.location) == (302, "/other")


def test_a_coroutine_function_is_refused() -> None:
    """Its coroutines would all succeed without having run."""

    async def later(_: int) -> None:
        """Do nothing."""

    with pytest.raises(TypeError, match="await each item yourself"):
        attempt_each([1], later)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """Yield an application that adds rooms in batches, with a room called `blue`."""
    app = Flask("backend")
    app.config["SQLALCHEMY_ENGINES"] = {"default": f"sqlite:///{tmp_path / 'app.db'}"}
    db.init_app(app)
    register_error_handlers(app)

    def add(name: str) -> str:
        if name == "":
            raise ValidationError(
                details={"name": [{"code": "missing", "message": "!"}]}
            )
        if name == "crash":
            raise KeyError(name)
        if name == "taken":
            raise ConflictError("Taken", {"index": "mine", "name": name})
        db.session.add(Room(name=name))
        db.session.flush()
        return name

    @app.post("/rooms")
    def rooms() -> Response:
        together = "together" in request.args
        savepoint = None if together else db.session.begin_nested
        attempts = attempt_each(
            read_body(list[str]), add, all_or_nothing=together, savepoint=savepoint
        )
        db.session.commit()
        return attempts.response(str.upper, success_status=201)

    @app.get("/rooms")
    def names() -> list[str]:
        return sorted(db.session.scalars(sa.select(Room.name)))

    with app.app_context():
        # The driver would not begin a transaction at a savepoint.
        sa.event.listen(db.engine, "connect", _manual_transactions)
        sa.event.listen(db.engine, "begin", lambda c: c.exec_driver_sql("BEGIN"))
        Model.metadata.create_all(db.engine)
        db.session.add(Room(name="blue"))
        db.session.commit()
    yield app
    with app.app_context():
        db.engine.dispose()


def _manual_transactions(connection: object, _: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # sqlite3's


def test_a_database_error_of_one_item_does_not_poison_the_next(app: Flask) -> None:
    """With a savepoint around each, the good ones are committed."""
    client = app.test_client()

    answer = client.post("/rooms", json=["red", "blue", "", "crash", "green"])

    assert answer.status_code == 207
    results = answer.json["results"]
    assert [entry["index"] for entry in results] == [0, 1, 2, 3, 4]
    assert results[0] == {"index": 0, "status": 201, "value": "RED"}
    assert "error" in results[1]
    assert results[2] == {
        "index": 2,
        "status": 400,
        "error": {
            "code": "VALIDATION_ERROR",
            "message": "Validation error",
            "details": {"name": [{"code": "missing", "message": "!"}]},
        },
    }
    assert results[3]["status"] == 500
    assert "INSERT" not in answer.text
    assert client.get("/rooms").json == ["blue", "green", "red"]


def test_all_failed_is_still_207_and_all_succeeded_200(app: Flask) -> None:
    """The shape is always the same, of an empty batch as well."""
    client = app.test_client()

    failed = client.post("/rooms", json=["", ""])
    fine = client.post("/rooms", json=["red"])
    empty = client.post("/rooms", json=[])

    assert (failed.status_code, len(failed.json["results"])) == (207, 2)
    assert (fine.status_code, fine.json["results"][0]["status"]) == (200, 201)
    assert (empty.status_code, empty.json) == (200, {"results": []})


@pytest.mark.parametrize(
    ("names", "status", "details"),
    [
        (["red", "taken"], 409, {"index": 1, "name": "taken"}),
        (["red", "crash"], 500, {"index": 1}),
        (["red", ""], 400, {"1.name": [{"code": "missing", "message": "!"}]}),
    ],
)
def test_all_or_nothing_keeps_nothing(
    app: Flask, names: list[str], status: int, details: dict[str, object]
) -> None:
    """The first failure is the answer, says which item it was, and undoes the others."""
    client = app.test_client()

    answer = client.post("/rooms?together", json=[*names, "green"])

    assert answer.status_code == status
    assert answer.json["error"]["details"] == details
    assert client.get("/rooms").json == ["blue"]


def test_all_or_nothing_stops_at_the_first_failure(app: Flask) -> None:
    """Nothing more is done, and everything is kept where nothing fails."""
    client = app.test_client()
    done: list[int] = []

    def note(number: int) -> None:
        done.append(number)
        _halve(number)

    with pytest.raises(NotFoundError) as caught:
        attempt_each([1, 13, 2], note, all_or_nothing=True)

    assert done == [1, 13]
    assert caught.value.details["index"] == 1
    assert client.post("/rooms?together", json=["red", "green"]).status_code == 200
    assert client.get("/rooms").json == ["blue", "green", "red"]


def test_a_shared_error_is_not_changed() -> None:
    """The object that the function raises may be raised again elsewhere."""
    shared = NotFoundError("Room", 7)

    def fail(_: int) -> None:
        raise shared

    with pytest.raises(NotFoundError) as caught:
        attempt_each([1], fail, all_or_nothing=True)

    assert caught.value.details == {"resource": "Room", "resource_id": 7, "index": 0}
    assert "index" not in shared.details
    assert caught.value.__cause__ is shared


def test_what_is_recorded_of_requests_is_recorded_of_items(
    recorder: "KeptAnswers",
) -> None:
    """Faults, with the original exception and an id to quote; nothing below 500."""
    app = Flask("backend")
    register_error_handlers(app, recorder)
    errors = [NotFoundError("Room", 1), ServiceUnavailableError(), KeyError("secret")]

    def fail(error: Exception) -> None:
        raise error

    @app.get("/")
    def view() -> Response:
        return attempt_each(errors, fail).response()

    answer = app.test_client().get("/")

    assert recorder.captured == [(errors[2], "INTERNAL_ERROR")]
    shown = [entry["error"].get("id") for entry in answer.json["results"]]
    assert shown == [None, None, f"{0:016x}-{0:016x}"]
    assert "secret" not in answer.text


def test_without_a_recorder_a_fault_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Outside of Flask as well: no failure is lost in silence."""
    with caplog.at_level(logging.ERROR, "failwell"):
        attempt_each([13, 0], _halve)

    (record,) = caplog.records
    assert record.getMessage() == "Item 1 of a batch failed: INTERNAL_ERROR"
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_values_are_the_applications_and_details_are_made_safe() -> None:
    """Pydantic models become JSON; what details hold cannot break the answer."""

    class Point(BaseModel):
        at: datetime

    def work(fails: bool) -> Point:  # noqa: FBT001 - an item is positional
        if fails:
            raise ConflictError("Gone", {"what": object(), "nan": float("nan")})
        return Point(at=datetime(2026, 1, 2, tzinfo=UTC))

    with Flask("backend").test_request_context("/"):
        answer = attempt_each([False, True], work).response()

    assert answer.json == {
        "results": [
            {"index": 0, "status": 200, "value": {"at": "2026-01-02T00:00:00Z"}},
            {
                "index": 1,
                "status": 409,
                "error": {
                    "code": "CONFLICT",
                    "message": "Gone",
                    "details": {"what": None, "nan": None},
                },
            },
        ]
    }


def test_nothing_attempted_is_all_succeeded() -> None:
    """An empty batch has no failure."""
    attempts: Attempts[None] = attempt_each([], print)

    assert attempts.all_succeeded
    assert attempts == Attempts()
