"""A user's handler answers exactly where Flask would choose it without failwell.

Every application is built twice, with and without failwell; where the bare one is
answered by a user's handler, the other must give the same answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, Response, abort, request
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from sqlalchemy import exc as sqlalchemy_exc
from werkzeug.exceptions import (
    BadRequest,
    Conflict,
    HTTPException,
    InternalServerError,
    NotFound,
)

from failwell.exceptions import (
    AppError,
    DatabaseError,
    NotFoundError,
    ServiceUnavailableError,
)
from failwell.responses import register_error_handlers

if TYPE_CHECKING:
    from tests.responses.conftest import KeptAnswers, MakeApp

RAISED: dict[str, Callable[[], Exception]] = {
    "KeyError": lambda: KeyError("x"),
    "ZeroDivisionError": lambda: ZeroDivisionError("x"),
    "AppError": lambda: AppError("x"),
    "NotFoundError": lambda: NotFoundError("Room", 1),
    "DatabaseError": DatabaseError,
    "SQLAlchemyError": lambda: sqlalchemy_exc.OperationalError("x", {}, Exception()),
    "NotFound": NotFound,
    "Conflict": Conflict,
    "InternalServerError": InternalServerError,
    "codeless": HTTPException,
    "group": lambda: ExceptionGroup("x", [KeyError("x")]),
}
HANDLED: list[type[Exception] | int] = [
    Exception,
    LookupError,
    AppError,
    NotFoundError,
    sqlalchemy_exc.SQLAlchemyError,
    HTTPException,
    NotFound,
    InternalServerError,
    ExceptionGroup,
    404,
    409,
    500,
]


def _answer(place: str, kind: object) -> Callable[[Exception], tuple[str, int]]:
    def handle(error: Exception) -> tuple[str, int]:
        original = getattr(error, "original_exception", None)
        return f"{place} {kind} {type(error)} {type(original)} {error}", 418

    return handle


def _twin(
    build: Callable[[Flask], None], **config: object
) -> tuple[FlaskClient, FlaskClient]:
    bare, ours = Flask("backend"), Flask("backend")
    register_error_handlers(ours)
    for app in (bare, ours):
        app.config.update(config)
        build(app)
    return bare.test_client(), ours.test_client()


def _raising(error: Callable[[], Exception]) -> Callable[[], str]:
    def view() -> str:
        raise error()

    return view


def _handlers_everywhere(places: tuple[str, ...]) -> Callable[[Flask], None]:
    """Return what registers one handler in each place named as `place:index`."""

    def build(app: Flask) -> None:
        inner, outer = Blueprint("inner", "x"), Blueprint("outer", "x")
        owners = {"app": app, "inner": inner, "outer": outer}
        for where in places:
            place, _, index = where.partition(":")
            kind = HANDLED[int(index)]
            owners[place].register_error_handler(kind, _answer(place, kind))
        for name, error in RAISED.items():
            inner.add_url_rule(f"/{name}", name, _raising(error))
            app.add_url_rule(f"/plain/{name}", f"plain_{name}", _raising(error))
        outer.register_blueprint(inner, url_prefix="/inner")
        app.register_blueprint(outer, url_prefix="/outer")

    return build


SINGLE = [
    (f"{place}:{index}",)
    for place in ("app", "outer", "inner")
    for index in range(len(HANDLED))
]
BROAD = [
    index
    for index, kind in enumerate(HANDLED)
    if kind in (Exception, AppError, HTTPException, NotFound, 500)
]
PAIRS = [
    (f"app:{first}", f"inner:{second}")
    for first, second in itertools.product(BROAD, repeat=2)
]


@pytest.mark.parametrize("places", [*SINGLE, *PAIRS], ids="+".join)
def test_a_users_handler_answers_as_without_failwell(places: tuple[str, ...]) -> None:
    """Codes, classes, blueprints and nesting: Flask's order is not disturbed."""
    bare, ours = _twin(_handlers_everywhere(places))

    for name, prefix in itertools.product(RAISED, ("/plain/", "/outer/inner/")):
        expected = bare.get(prefix + name)
        answer = ours.get(prefix + name)

        by_user = expected.status_code == 418
        if by_user and not _is_ours_all_the_same(name, expected.text):
            assert (answer.status_code, answer.text) == (418, expected.text)
        else:
            assert answer.json is not None, (name, prefix)
            assert "error" in answer.json


def _is_ours_all_the_same(name: str, text: str) -> bool:
    # A handler for 500 is asked about what would be a 500. A NotFoundError would be
    # one in bare Flask; it is a 404 since failwell is there.
    return name == "NotFoundError" and "InternalServerError" in text.split(" ", 3)[3]


def test_an_unknown_url_goes_to_the_users_handler() -> None:
    """Of the application; blueprints own no addresses."""

    def build(app: Flask) -> None:
        app.register_error_handler(404, lambda _: ("own", 404))

    bare, ours = _twin(build)

    assert ours.get("/nowhere").text == bare.get("/nowhere").text == "own"


def test_a_handler_that_passes_http_exceptions_on_is_followed() -> None:
    """The pattern of Flask's documentation: `return e` answers HTML, as it says."""

    def build(app: Flask) -> None:
        def handle(error: Exception) -> ResponseReturnValue | HTTPException:
            return error if isinstance(error, HTTPException) else ("oops", 500)

        app.register_error_handler(Exception, handle)
        app.add_url_rule("/", view_func=_raising(KeyError))

    bare, ours = _twin(build)

    for path in ("/", "/nowhere"):
        assert ours.get(path).text == bare.get(path).text
        assert ours.get(path).status_code == bare.get(path).status_code


def test_an_async_handler_answers() -> None:
    """Flask runs it; failwell only looks on."""

    def build(app: Flask) -> None:
        async def handle(_: Exception) -> tuple[str, int]:
            """Answer while awaited."""
            return "own", 409

        app.register_error_handler(KeyError, handle)
        app.add_url_rule("/", view_func=_raising(KeyError))

    _, ours = _twin(build)

    assert (ours.get("/").status_code, ours.get("/").text) == (409, "own")


@pytest.mark.parametrize("testing", [False, True])
def test_a_handler_that_raises_a_known_error_gets_its_answer(*, testing: bool) -> None:
    """Bare Flask answers 500 (its issue 3287)."""

    def build(app: Flask) -> None:
        def refuse(error: Exception) -> None:
            raise BadRequest("not so") from error

        def missing(error: Exception) -> None:
            raise NotFoundError("Room", 2) from error

        app.register_error_handler(KeyError, refuse)
        app.register_error_handler(ValueError, missing)
        app.add_url_rule("/key", "key", _raising(KeyError))
        app.add_url_rule("/value", "value", _raising(ValueError))

    _, ours = _twin(build, TESTING=testing)

    assert ours.get("/key").json["error"]["message"] == "not so"
    assert ours.get("/value").status_code == 404


def test_the_fault_that_a_handler_raises_is_recorded_with_its_cause(
    recorder: KeptAnswers,
) -> None:
    """What the client is told is the handler's error; what led to it is kept."""
    app = Flask("backend")
    register_error_handlers(app, recorder)

    def give_up(error: Exception) -> None:
        raise DatabaseError from error

    app.register_error_handler(KeyError, give_up)
    app.add_url_rule("/", view_func=_raising(KeyError))

    answer = app.test_client().get("/")

    assert (answer.status_code, answer.json["error"]["code"]) == (500, "DATABASE_ERROR")
    (fault,) = [e for e, code in recorder.captured if code == "DATABASE_ERROR"]
    assert isinstance(fault.__cause__, KeyError)


def test_a_handler_that_fails_is_an_internal_error() -> None:
    """Its own exception is answered like any other."""

    def build(app: Flask) -> None:
        def fail(_: Exception) -> None:
            raise RuntimeError("secret")

        app.register_error_handler(KeyError, fail)
        app.add_url_rule("/", view_func=_raising(KeyError))

    _, ours = _twin(build)

    assert ours.get("/").status_code == 500
    assert ours.get("/").json["error"]["code"] == "INTERNAL_ERROR"


def test_a_database_fault_is_json_in_tests_too() -> None:
    """Bare Flask would propagate it under TESTING and ask no handler for 500."""

    def build(app: Flask) -> None:
        app.register_error_handler(500, lambda _: ("own", 418))
        app.add_url_rule("/", view_func=_raising(RAISED["SQLAlchemyError"]))

    _, ours = _twin(build, TESTING=True)

    assert ours.get("/").json["error"]["code"] == "DATABASE_ERROR"


@pytest.mark.parametrize(
    "error", [NotFoundError("Room", 1), ServiceUnavailableError(retry_after=3)]
)
def test_a_handler_for_500_gets_only_what_is_a_500(
    make_app: MakeApp, error: AppError
) -> None:
    """A page that says "something broke" does not stand in for 404 and 503."""
    app = make_app(error)
    app.register_error_handler(500, lambda _: ("own", 500))

    assert app.test_client().get("/fails").status_code == error.status_code


def test_a_handler_may_be_registered_after_failwell(make_app: MakeApp) -> None:
    """Order of registration does not matter."""
    app = make_app(NotFoundError("Room", 1))
    app.register_error_handler(NotFoundError, lambda _: ("own", 404))

    assert app.test_client().get("/fails").text == "own"


def test_a_blueprint_answers_in_its_own_way() -> None:
    """The contract's example: another code and shape for one blueprint."""
    app = Flask("backend")
    register_error_handlers(app)
    meetings = Blueprint("meetings", "x", url_prefix="/meetings")

    @meetings.errorhandler(NotFoundError)
    def missing(error: NotFoundError) -> tuple[dict[str, Any], int]:
        return {"error": {"code": "MEETING_MISSING", "fields": error.details}}, 400

    @meetings.get("/<name>")
    @app.get("/others/<name>")
    def view(name: str) -> str:
        raise NotFoundError(request.endpoint or "", name)

    app.register_blueprint(meetings)
    client = app.test_client()

    assert client.get("/meetings/a").json["error"]["code"] == "MEETING_MISSING"
    assert client.get("/others/a").json["error"]["code"] == "NOT_FOUND"


def test_a_raised_response_with_a_code_is_offered_to_the_user() -> None:
    """As Flask offers it."""

    def build(app: Flask) -> None:
        app.register_error_handler(404, lambda _: ("own", 404))
        response = Response("raised", 404)
        app.add_url_rule("/", view_func=lambda: abort(404, response=response))

    bare, ours = _twin(build)

    assert ours.get("/").text == bare.get("/").text == "own"
