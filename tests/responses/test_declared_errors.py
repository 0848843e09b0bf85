"""Under test, a view that answers what it does not declare fails the test."""

from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from flask import Flask, abort, request
from flask.views import MethodView

from failwell import (
    AppError,
    AuthenticationError,
    CircuitBreakerError,
    NotFoundError,
    ServiceUnavailableError,
    raises,
    register_error_handlers,
)
from failwell.responses import check_declared
from failwell.testing import UndeclaredError


class RoomTakenError(AppError):
    """An application's own error."""

    code = "ROOM_TAKEN"
    status_code = 409


@pytest.fixture
def app() -> Iterator[Flask]:
    """Return an application that checks what leaves its views."""
    app = Flask("backend")
    app.testing = True

    @app.errorhandler(Exception)
    def check(error: Exception) -> tuple[str, int]:
        check_declared(app.view_functions[request.endpoint or ""], error)
        return "as declared", 418

    return app


def test_an_undeclared_error_fails_with_the_line_to_add(app: Flask) -> None:
    """It names the view, the code and the class."""

    @app.post("/rooms", endpoint="rooms.create")
    @raises(NotFoundError)
    def create() -> str:
        raise RoomTakenError("Taken")

    with pytest.raises(UndeclaredError) as failure:
        app.test_client().post("/rooms")

    assert str(failure.value) == (
        'view "rooms.create" answered ROOM_TAKEN, which it does not declare:'
        " add RoomTakenError to its @raises(...)"
    )
    assert isinstance(failure.value, AssertionError)


def test_an_error_without_a_class_of_its_own_is_to_be_added_by_code(app: Flask) -> None:
    """`AppError` itself cannot be declared."""

    @app.get("/")
    @raises(NotFoundError)
    def view() -> str:
        raise AppError("Slow down", "RATE_LIMITED", 429)

    with pytest.raises(UndeclaredError, match='add "RATE_LIMITED" to its @raises'):
        app.test_client().get("/")


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("Room", 7),
        CircuitBreakerError("mail"),
        AppError("Slow down", "RATE_LIMITED", 429),
        AppError("Broken"),
        KeyError("unforeseen"),
    ],
    ids=repr,
)
def test_what_is_declared_is_answered(app: Flask, error: Exception) -> None:
    """By its class, by a base class or by its code; and what nobody can declare."""

    @app.get("/")
    @raises(NotFoundError, ServiceUnavailableError, "RATE_LIMITED")
    def view() -> str:
        raise error

    assert app.test_client().get("/").status_code == 418


def test_an_http_exception_is_no_business_of_the_check(app: Flask) -> None:
    """It is Werkzeug's, and often raised far from the view."""

    @app.get("/")
    @raises(RoomTakenError)
    def view() -> str:
        abort(404)

    assert app.test_client().get("/").status_code == 418


def test_a_view_without_declaration_may_answer_anything(app: Flask) -> None:
    """Who declares nothing has not begun to declare."""

    @app.get("/")
    def view() -> str:
        raise RoomTakenError("Taken")

    assert app.test_client().get("/").status_code == 418


def test_what_is_raised_before_the_view_is_not_the_views(app: Flask) -> None:
    """A `before_request` that signs people in answers for every view."""

    @app.before_request
    def sign_in() -> None:
        raise AuthenticationError

    @app.get("/")
    @raises(RoomTakenError)
    def view() -> str:
        return "fine"

    assert app.test_client().get("/").status_code == 418


def test_a_method_view_is_checked_by_its_method(app: Flask) -> None:
    """What `post` declares does not cover `get`."""

    class Rooms(MethodView):
        @raises(NotFoundError)
        def get(self) -> str:
            raise RoomTakenError("Taken")

        @raises(RoomTakenError)
        def post(self) -> str:
            raise RoomTakenError("Taken")

    app.add_url_rule("/rooms", view_func=Rooms.as_view("rooms"))
    client = app.test_client()

    assert client.post("/rooms").status_code == 418
    with pytest.raises(UndeclaredError, match='view "rooms" answered ROOM_TAKEN'):
        client.get("/rooms")


def test_outside_of_a_request_the_function_has_a_name() -> None:
    """A worker may call a view, too."""

    @raises(NotFoundError)
    def book() -> None: ...

    with pytest.raises(UndeclaredError, match='view "book"'):
        check_declared(book, RoomTakenError("Taken"))


@pytest.mark.parametrize(
    ("config", "fails"),
    [
        ({"TESTING": True}, True),
        ({"TESTING": True, "FAILWELL_RESPONSES_UNDECLARED": "allow"}, False),
        ({}, False),
    ],
)
def test_the_check_is_made_by_an_application_under_test(
    config: dict[str, object], *, fails: bool
) -> None:
    """With nothing to switch on; in production the client gets the error's answer."""
    app = Flask("backend")
    app.config.update(config)
    register_error_handlers(app)

    @app.post("/rooms")
    @raises(NotFoundError)
    def create() -> str:
        raise RoomTakenError("Taken")

    with pytest.raises(UndeclaredError) if fails else nullcontext():
        assert app.test_client().post("/rooms").status_code == 409
