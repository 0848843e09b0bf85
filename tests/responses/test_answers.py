"""What a client gets from a real application, line by line of the contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Never

import jwt
import pytest
from flask import Flask, Response, abort, redirect, request
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from sqlalchemy import exc as sqlalchemy_exc
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    HTTPException,
    NotFound,
    TooManyRequests,
    Unauthorized,
)
from werkzeug.routing import BaseConverter

from failwell.exceptions import (
    AppError,
    AuthenticationError,
    AuthorizationError,
    CircuitBreakerError,
    InvalidTokenError,
    NotFoundError,
    ServiceUnavailableError,
    ValidationError,
)
from failwell.responses import register_error_handlers

if TYPE_CHECKING:
    from tests.responses.conftest import MakeApp

CANARY = "canary-7f3a"


class FullError(AppError):
    """An application's own error."""

    def __init__(self) -> None:
        super().__init__("The room is full", "ROOM_FULL", 409, {"seats": 3})


ERRORS: list[tuple[Exception, int, str, str]] = [
    (FullError(), 409, "ROOM_FULL", "The room is full"),
    (ValidationError(), 400, "VALIDATION_ERROR", "Validation error"),
    (NotFoundError("Room", 7), 404, "NOT_FOUND", "Room with id 7 not found"),
    (AuthenticationError(), 401, "AUTHENTICATION_ERROR", "Authentication failed"),
    (AuthorizationError(), 403, "AUTHORIZATION_ERROR", "Insufficient permissions"),
    (InvalidTokenError(), 401, "INVALID_TOKEN", "Invalid or expired token"),
    (
        ServiceUnavailableError(),
        503,
        "SERVICE_UNAVAILABLE",
        "Service temporarily unavailable",
    ),
    (
        CircuitBreakerError("calendar", 3),
        503,
        "CIRCUIT_OPEN",
        "Circuit breaker calendar is open",
    ),
    (
        sqlalchemy_exc.OperationalError(f"SELECT {CANARY}", {}, Exception(CANARY)),
        500,
        "DATABASE_ERROR",
        "A database error occurred",
    ),
    (
        jwt.InvalidSignatureError(CANARY),
        401,
        "INVALID_TOKEN",
        "Invalid or expired token",
    ),
]


@pytest.mark.parametrize("testing", [False, True])
@pytest.mark.parametrize(
    ("error", "status", "code", "message"), ERRORS, ids=lambda v: type(v).__name__
)
def test_a_known_error_has_its_own_answer(
    make_app: MakeApp,
    error: Exception,
    status: int,
    code: str,
    message: str,
    *,
    testing: bool,
) -> None:
    """Code, status and message are the same in tests and in production."""
    client = make_app(error, TESTING=testing).test_client()

    response = client.get("/fails")

    assert response.status_code == status
    assert response.content_type == "application/json"
    assert response.json["error"]["code"] == code
    assert response.json["error"]["message"] == message
    assert CANARY not in response.text + str(response.headers)


def test_the_body_is_the_error_as_a_dict(make_app: MakeApp) -> None:
    """Without a recorder the envelope is exactly `to_dict()`."""
    error = FullError()

    response = make_app(error).test_client().get("/fails")

    assert response.json == error.to_dict()


def test_an_unknown_url_is_json(make_app: MakeApp) -> None:
    """The first line of every API's complaints."""
    response = make_app().test_client().get("/nowhere")

    assert response.status_code == 404
    assert response.json == {
        "error": {"code": "NOT_FOUND", "message": "Resource not found", "details": {}}
    }


def test_a_wrong_method_keeps_allow(make_app: MakeApp) -> None:
    """405 must carry `Allow` (RFC 9110, section 15.5.6)."""
    response = make_app().test_client().delete("/fails")

    assert response.status_code == 405
    assert response.json["error"]["code"] == "METHOD_NOT_ALLOWED"
    assert set(response.headers["Allow"].split(", ")) == {
        "GET",
        "HEAD",
        "OPTIONS",
        "POST",
    }


@pytest.mark.parametrize(
    ("path", "error"),
    [("/nowhere", None), ("/fails", FullError()), ("/fails", KeyError(CANARY))],
)
def test_head_has_the_headers_of_get_and_no_body(
    make_app: MakeApp, path: str, error: Exception | None
) -> None:
    """RFC 9110, section 9.3.2."""
    client = make_app(error).test_client()

    head, get = client.head(path), client.get(path)

    assert head.data == b""
    assert head.status_code == get.status_code
    assert head.headers["Content-Length"] == str(len(get.data))
    assert head.content_type == get.content_type


def test_challenges_survive_and_a_missing_one_is_added(make_app: MakeApp) -> None:
    """401 must carry `WWW-Authenticate` (RFC 9110, section 15.5.2)."""
    two = [WWWAuthenticate("basic", {"realm": "a"}), WWWAuthenticate("digest")]

    several = make_app(Unauthorized(www_authenticate=two)).test_client().get("/fails")
    none = make_app(Unauthorized()).test_client().get("/fails")
    own = make_app(AppError("Who?", "WHO", 401)).test_client().get("/fails")

    assert len(several.headers.getlist("WWW-Authenticate")) == 2
    assert none.headers.getlist("WWW-Authenticate") == ['Bearer realm="api"']
    assert own.headers.getlist("WWW-Authenticate") == ['Bearer realm="api"']


def test_a_header_cannot_be_broken_out_of(make_app: MakeApp) -> None:
    """A challenge with a line break, made from the client's token, stays one line."""
    error = AuthenticationError(challenge="Bearer x\r\nSet-Cookie: a=b\x00é")

    response = make_app(error).test_client().get("/fails")

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer x??Set-Cookie: a=b??"
    assert "Set-Cookie" not in response.headers


def test_retry_after_reaches_the_client(make_app: MakeApp) -> None:
    """From Werkzeug's classes and from ours."""
    limited = make_app(TooManyRequests(retry_after=9)).test_client().get("/fails")
    away = make_app(ServiceUnavailableError(retry_after=1.2)).test_client()

    assert limited.headers["Retry-After"] == "9"
    assert away.get("/fails").headers["Retry-After"] == "2"


@pytest.mark.parametrize("testing", [False, True])
@pytest.mark.parametrize("code", [None, 200, 204, 600])
def test_an_exception_is_never_a_success(
    make_app: MakeApp, code: int | None, *, testing: bool
) -> None:
    """Werkzeug answers 200 to an HTTPException without a code."""
    kind = type("Odd", (HTTPException,), {"code": code})
    client = make_app(kind(CANARY), TESTING=testing).test_client()

    response = client.get("/fails")

    assert response.status_code == 500
    assert response.json["error"]["code"] == "INTERNAL_ERROR"
    assert CANARY not in response.text


@pytest.mark.parametrize("status", [402, 407, 425, 507, 511])
def test_abort_knows_every_error_status(status: int) -> None:
    """Bare Flask raises LookupError, and answers 500."""
    app = Flask("backend")
    register_error_handlers(app)
    app.add_url_rule("/", view_func=lambda: abort(status))

    assert app.test_client().get("/").status_code == status


class SeeOther(HTTPException):
    """A redirect that is raised."""

    code = 303

    def get_headers(self, *_: object) -> list[tuple[str, str]]:
        """Return where to go."""
        return [("Location", "/folder/")]


def test_answers_on_their_way_are_not_touched() -> None:
    """A slash redirect, a raised response and a raised redirect are no faults."""
    app = Flask("backend")
    register_error_handlers(app)
    app.add_url_rule("/folder/", "folder", view_func=lambda: "fine")
    app.add_url_rule("/teapot", "teapot", view_func=lambda: abort(Response("tea", 418)))
    app.add_url_rule("/moved", "moved", view_func=lambda: abort(redirect("/folder/")))
    app.add_url_rule(
        "/404", "404", view_func=lambda: abort(404, response=Response("own", 404))
    )

    @app.get("/elsewhere")
    def elsewhere() -> str:
        raise SeeOther

    client = app.test_client()

    assert client.get("/elsewhere").headers["Location"] == "/folder/"
    assert client.get("/folder").status_code == 308
    assert (client.get("/teapot").status_code, client.get("/teapot").text) == (
        418,
        "tea",
    )
    assert client.get("/moved").headers["Location"] == "/folder/"
    assert client.get("/404").text == "own"


@pytest.mark.parametrize("error", [KeyError(CANARY), TypeError(CANARY)])
def test_an_unexpected_error_says_nothing_of_itself(
    make_app: MakeApp, error: Exception
) -> None:
    """No text, no class, no path, in body or headers, in either form."""
    client = make_app(error).test_client()

    for accept in ("application/json", "application/problem+json"):
        response = client.get("/fails", headers={"Accept": accept})
        seen = response.text + str(response.headers)

        assert response.status_code == 500
        assert "An internal server error occurred" in response.text
        for canary in (CANARY, type(error).__name__, "Traceback", ".py", "/work"):
            assert canary not in seen


@pytest.mark.parametrize(
    "config", [{"TESTING": True}, {"DEBUG": True}, {"PROPAGATE_EXCEPTIONS": True}]
)
def test_an_unexpected_error_propagates_where_flask_says_so(
    make_app: MakeApp, config: dict[str, Any]
) -> None:
    """Tests and the debugger see the exception itself."""
    client = make_app(KeyError("x"), **config).test_client()

    with pytest.raises(KeyError):
        client.get("/fails")


def test_an_unexpected_error_is_answered_where_propagation_is_off(
    make_app: MakeApp,
) -> None:
    """`PROPAGATE_EXCEPTIONS` wins over `TESTING`."""
    app = make_app(KeyError("x"), TESTING=True, PROPAGATE_EXCEPTIONS=False)

    assert app.test_client().get("/fails").status_code == 500


def test_trapped_http_exceptions_propagate_as_in_flask(make_app: MakeApp) -> None:
    """`TRAP_HTTP_EXCEPTIONS` is a tool for debugging and stays one."""
    trapping = {"TRAP_HTTP_EXCEPTIONS": True}
    testing = make_app(NotFound(), TESTING=True, **trapping).test_client()
    serving = make_app(NotFound(), **trapping).test_client()

    with pytest.raises(NotFound):
        testing.get("/fails")
    assert serving.get("/fails").status_code == 404


def _failing_everywhere() -> Flask:
    app = Flask("backend")
    register_error_handlers(app)

    class Rooms(BaseConverter):
        def to_python(self, value: str) -> str:
            if value == "none":
                raise NotFoundError("Room", value)
            return value

    app.url_map.converters["room"] = Rooms

    @app.route("/rooms/<room:name>")
    def room(name: str) -> str:
        return name

    @app.before_request
    def before() -> None:
        if request.args.get("at") == "before":
            raise FullError

    @app.after_request
    def after(response: Response) -> Response:
        if request.args.get("at") == "after":
            raise FullError
        response.headers["X-After"] = "yes"
        return response

    return app


@pytest.mark.parametrize("testing", [False, True])
def test_a_known_error_is_answered_wherever_it_is_raised(*, testing: bool) -> None:
    """Bare Flask gives 500 for those after the view and before the routing."""
    app = _failing_everywhere()
    app.testing = testing
    client = app.test_client()

    assert client.get("/rooms/a?at=before").status_code == 409
    assert client.get("/rooms/a?at=after").status_code == 409
    assert client.get("/rooms/none").json["error"]["details"] == {
        "resource": "Room",
        "resource_id": "none",
    }


def test_a_known_error_of_the_session_opening_is_answered() -> None:
    """It is raised before there is a session, which Flask then cannot save."""
    app = _failing_everywhere()

    class Sessions(type(app.session_interface)):
        def open_session(self, *_: object) -> None:
            raise ServiceUnavailableError(retry_after=2)

    app.session_interface = Sessions()

    response = app.test_client().get("/rooms/a")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "2"


def test_a_response_raised_after_the_view_is_the_answer() -> None:
    """It is no fault there, either."""
    app = Flask("backend")
    register_error_handlers(app)
    app.add_url_rule("/", view_func=lambda: "fine")
    app.after_request(lambda _: abort(Response("instead", 203)))

    response = app.test_client().get("/")

    assert (response.status_code, response.text) == (203, "instead")


def test_after_request_functions_see_the_answers(make_app: MakeApp) -> None:
    """CORS headers and their like are on every answer, the 500 included."""
    client = _failing_everywhere().test_client()

    assert client.get("/nowhere").headers["X-After"] == "yes"
    assert client.get("/rooms/a?at=before").headers["X-After"] == "yes"


def test_async_views_are_answered() -> None:
    """Also a TaskGroup, whose errors come as a group."""
    import asyncio  # noqa: PLC0415 - asgiref, too, loads it only here

    app = Flask("backend")
    register_error_handlers(app)

    async def fail() -> None:
        """Fail while awaited."""
        raise FullError

    @app.route("/one")
    async def one() -> str:
        """Fail on purpose while awaited."""
        raise FullError

    @app.route("/group")
    async def group() -> str:
        """Fail in several tasks."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail())
        return "fine"

    client = app.test_client()

    assert client.get("/one").status_code == 409
    assert client.get("/group").status_code == 409


def _json_client(**config: object) -> FlaskClient:
    app = Flask("backend")
    app.config.update(config)
    register_error_handlers(app)

    @app.post("/")
    def read() -> ResponseReturnValue:
        body = request.get_json()
        return {"type": type(body).__name__}

    @app.post("/form")
    def form() -> str:
        return request.form["name"]

    return app.test_client()


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b'{"a": ' + b"1" * 5000 + b"}", b"[" * 200_000, b""]
)
@pytest.mark.parametrize("testing", [False, True])
def test_a_body_that_is_no_json_is_400(body: bytes, *, testing: bool) -> None:
    """Even where the parser gives up with a RecursionError."""
    client = _json_client(TESTING=testing)

    response = client.post("/", data=body, content_type="application/json")

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["error"]["code"] == "BAD_REQUEST"


def test_a_recursion_of_our_own_is_not_the_clients_fault() -> None:
    """Only the reading of the body makes it a 400."""
    app = Flask("backend")
    register_error_handlers(app)
    app.add_url_rule("/", view_func=lambda: json.loads("[" * 200_000))

    assert app.test_client().get("/").status_code == 500


def test_limits_of_the_request_have_their_statuses() -> None:
    """Wrong media type, too much of it, a missing field, a host that is not ours."""
    client = _json_client(MAX_CONTENT_LENGTH=10, TRUSTED_HOSTS=["localhost"])

    assert client.post("/", data=b"a").status_code == 415
    assert client.post("/", json="x" * 20).status_code == 413
    assert client.post("/form", data={"other": "1"}).status_code == 400
    assert client.post("/form", data={"name": "x" * 20}).status_code == 413
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_every_answer_carries_the_request_id(make_app: MakeApp) -> None:
    """The client's own when it is sane."""
    client = make_app(KeyError("x")).test_client()

    sent = client.get("/fails", headers={"X-Request-ID": "my-request-1"})
    made = client.get("/nowhere")

    assert sent.headers["X-Request-ID"] == "my-request-1"
    assert len(made.headers["X-Request-ID"]) == 32


def test_a_4xx_writes_no_log_line(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    """Clients' mistakes are no news."""
    client = make_app(FullError()).test_client()

    client.get("/fails")
    client.get("/nowhere")

    assert caplog.records == []


class BrokenError(AppError):
    """Its headers cannot be read."""

    @property
    def headers(self) -> Never:
        """Fail."""
        raise RuntimeError(CANARY)


@pytest.mark.parametrize("raised", [BrokenError("x", "BROKEN", 409)])
def test_an_error_that_cannot_be_rendered_is_a_plain_500(
    make_app: MakeApp, raised: AppError, caplog: pytest.LogCaptureFixture
) -> None:
    """A defect in the application's own error does not reach the server."""
    response = make_app(raised).test_client().get("/fails")

    assert response.status_code == 500
    assert response.json["error"]["code"] == "INTERNAL_ERROR"
    assert CANARY not in response.text
    assert "could not be rendered" in caplog.text


@pytest.mark.parametrize("status", [0, 200, 302, 600, "409", None])
def test_an_app_error_with_a_strange_status_is_500(
    make_app: MakeApp, status: object
) -> None:
    """An error is never answered as something else."""
    error = AppError("x", "STRANGE", status)

    assert make_app(error).test_client().get("/fails").status_code == 500


def test_an_own_to_dict_is_the_envelope(make_app: MakeApp) -> None:
    """An application may shape the body of its errors."""

    class OwnError(FullError):
        def to_dict(self) -> dict[str, Any]:
            return {"error": {"code": self.code, "extra": 1}}

    response = make_app(OwnError()).test_client().get("/fails")

    assert response.json == {"error": {"code": "ROOM_FULL", "extra": 1}}


def test_strange_details_do_not_break_the_answer(make_app: MakeApp) -> None:
    """Whatever an application puts into the details, the body is strict JSON."""
    details: dict[str, Any] = {"set": {1}, "nan": float("nan"), "object": object()}
    details["itself"] = details

    response = make_app(AppError("x", "ODD", 409, details)).test_client().get("/fails")

    assert response.status_code == 409
    assert response.json["error"]["details"]["set"] == [1]
    assert response.json["error"]["details"]["nan"] is None
