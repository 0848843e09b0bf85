"""What is recorded, what is counted, what is logged, and which signals fire."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flask import Flask, Response, abort, got_request_exception
from sqlalchemy import exc as sqlalchemy_exc
from werkzeug.exceptions import (
    BadGateway,
    InternalServerError,
    NotFound,
    ServiceUnavailable,
)

from failwell.exceptions import (
    AppError,
    CircuitBreakerError,
    DatabaseError,
    NotFoundError,
    ServiceUnavailableError,
)
from failwell.responses import register_error_handlers

if TYPE_CHECKING:
    from tests.responses.conftest import KeptAnswers, MakeApp


class AlwaysError(AppError):
    """Recorded, though it is the client's fault."""

    record = True

    def __init__(self) -> None:
        super().__init__("x", "ALWAYS", 400)


class NeverError(AppError):
    """Not recorded, though it is ours."""

    record = False

    def __init__(self) -> None:
        super().__init__("x", "NEVER", 500)


RECORDED = [
    (KeyError("x"), "INTERNAL_ERROR"),
    (sqlalchemy_exc.SQLAlchemyError("x"), "DATABASE_ERROR"),
    (DatabaseError(), "DATABASE_ERROR"),
    (AppError("x", "OWN", 502), "OWN"),
    (InternalServerError(), "INTERNAL_SERVER_ERROR"),
    (BadGateway(), "BAD_GATEWAY"),
    (AlwaysError(), "ALWAYS"),
    (AppError("x", "STRANGE", 200), "STRANGE"),
    (AppError("x", "STRANGE", None), "STRANGE"),
]
COUNTED = [
    (NotFoundError("Room", 1), "NOT_FOUND", 404),
    (NotFound(), "NOT_FOUND", 404),
    (ServiceUnavailableError(), "SERVICE_UNAVAILABLE", 503),
    (CircuitBreakerError("calendar"), "CIRCUIT_OPEN", 503),
    (ServiceUnavailable(), "SERVICE_UNAVAILABLE", 503),
    (NeverError(), "NEVER", 500),
]


@pytest.mark.parametrize(("error", "code"), RECORDED)
def test_faults_are_recorded_once_and_the_client_gets_the_id(
    make_app: MakeApp, recorder: KeptAnswers, error: Exception, code: str
) -> None:
    """Both forms of the body lead back to the record."""
    client = make_app(error, recorder).test_client()

    envelope = client.get("/fails")
    problem = client.get("/fails", headers={"Accept": "application/problem+json"})

    assert recorder.captured == [(error, code)]
    assert recorder.counted == []
    assert envelope.json["error"]["id"] == f"{0:016x}-{0:016x}"
    assert envelope.json["error"]["id"] in problem.json["instance"]


@pytest.mark.parametrize(("error", "code", "status"), COUNTED)
def test_all_others_are_counted(
    make_app: MakeApp, recorder: KeptAnswers, error: Exception, code: str, status: int
) -> None:
    """By code, status, method and route, without an id."""
    response = make_app(error, recorder).test_client().post("/fails")

    assert recorder.captured == []
    assert recorder.counted == [(code, status, "POST", "/fails")]
    assert "id" not in response.json["error"]


def test_a_route_is_counted_by_its_rule(recorder: KeptAnswers) -> None:
    """Not by the address, which would be a counter for each id."""
    app = Flask("backend")
    register_error_handlers(app, recorder)
    app.add_url_rule("/rooms/<int:number>", view_func=lambda **_: abort(410))
    client = app.test_client()

    client.get("/rooms/5")
    client.post("/nowhere")

    assert recorder.counted == [
        ("GONE", 410, "GET", "/rooms/<int:number>"),
        ("NOT_FOUND", 404, "POST", ""),
    ]


@pytest.mark.parametrize("kind", [Exception, 500, InternalServerError])
def test_what_a_catch_all_of_the_user_answers_is_recorded(
    make_app: MakeApp, recorder: KeptAnswers, kind: type[Exception] | int
) -> None:
    """Whatever status it makes of it: it foresaw nothing."""
    error = KeyError("x")
    app = make_app(error, recorder)
    app.register_error_handler(kind, lambda _: ("own", 400))

    assert app.test_client().get("/fails").text == "own"
    assert recorder.captured == [(error, "INTERNAL_ERROR")]
    assert recorder.counted == []


@pytest.mark.parametrize(
    ("answered", "captured", "counted"),
    [
        (200, [], []),
        (400, [], [("BAD_REQUEST", 400, "GET", "/fails")]),
        (500, ["INTERNAL_ERROR"], []),
    ],
)
def test_what_the_user_foresaw_is_recorded_when_it_is_still_a_500(
    make_app: MakeApp,
    recorder: KeptAnswers,
    answered: int,
    captured: list[str],
    counted: list[object],
) -> None:
    """A handler for this very class decides by its status."""
    app = make_app(ZeroDivisionError("x"), recorder)
    app.register_error_handler(ZeroDivisionError, lambda _: ("own", answered))

    app.test_client().get("/fails")

    assert recorder.codes == captured
    assert recorder.counted == counted


def test_a_users_answer_to_a_404_is_counted(
    make_app: MakeApp, recorder: KeptAnswers
) -> None:
    """With the status that the client saw."""
    app = make_app(NotFoundError("Room", 1), recorder)
    app.register_error_handler(NotFoundError, lambda _: ("own", 410))

    app.test_client().get("/fails")

    assert recorder.counted == [("NOT_FOUND", 410, "GET", "/fails")]


def test_a_propagated_error_is_recorded_first(
    make_app: MakeApp, recorder: KeptAnswers
) -> None:
    """Tests and debuggers see it, and so does the record."""
    error = KeyError("x")
    client = make_app(error, recorder, TESTING=True).test_client()

    with pytest.raises(KeyError):
        client.get("/fails")

    assert recorder.captured == [(error, "INTERNAL_ERROR")]


def test_redirects_and_raised_responses_are_not_counted(recorder: KeptAnswers) -> None:
    """They are answers."""
    app = Flask("backend")
    register_error_handlers(app, recorder)
    app.add_url_rule("/folder/", view_func=lambda: abort(Response("x", 400)))

    app.test_client().get("/folder", follow_redirects=True)

    assert recorder.captured == []
    assert recorder.counted == []


class BrokenRecorder:
    """Fails at everything."""

    def start(self) -> None:
        """Fail."""
        raise OSError("disk full")

    def capture(self, *_: object, **__: object) -> str:
        """Fail."""
        raise OSError("disk full")

    def count_answer(self, **_: object) -> None:
        """Fail."""
        raise OSError("disk full")


@pytest.mark.parametrize("error", [KeyError("x"), NotFoundError("Room", 1)])
def test_a_failing_recorder_changes_no_answer_and_loses_no_error(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """Only the id is missing; the error itself is then logged by Flask."""
    plain = make_app(error).test_client().get("/fails")
    caplog.clear()
    broken = make_app(error, BrokenRecorder()).test_client().get("/fails")

    assert (broken.status_code, broken.json) == (plain.status_code, plain.json)
    assert "disk full" in caplog.text
    assert ("KeyError" in caplog.text) == isinstance(error, KeyError)


def test_without_a_recorder_flask_logs_what_is_unhandled(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    """`register_error_handlers(app)` alone leaves the log line to Flask."""
    make_app(KeyError("x")).test_client().get("/fails")

    assert [record.message for record in caplog.records] == [
        "Exception on /fails [GET]"
    ]


@pytest.mark.parametrize("handled", [False, True])
def test_with_a_recorder_its_announcer_writes_the_line(
    make_app: MakeApp,
    recorder: KeptAnswers,
    caplog: pytest.LogCaptureFixture,
    *,
    handled: bool,
) -> None:
    """Nothing is logged twice."""
    app = make_app(KeyError("x"), recorder)
    if handled:
        app.register_error_handler(500, lambda _: ("own", 500))

    app.test_client().get("/fails")

    assert caplog.records == []
    assert len(recorder.captured) == 1


def test_a_second_registration_adds_the_recorder(recorder: KeptAnswers) -> None:
    """`Failwell(app)` after `register_error_handlers(app)` records, and once only."""
    app = Flask("backend")
    register_error_handlers(app)
    before = app.wsgi_app
    register_error_handlers(app, recorder)
    register_error_handlers(app)
    app.add_url_rule("/", view_func=lambda: 1 / 0)

    response = app.test_client().get("/")

    assert app.wsgi_app is before
    assert recorder.codes == ["INTERNAL_ERROR"]
    assert response.json is not None
    assert "id" in response.json["error"]


def test_two_applications_share_nothing(
    make_app: MakeApp, recorder: KeptAnswers
) -> None:
    """What one records, the other does not know of."""
    make_app(KeyError("x"), recorder).test_client()
    make_app(KeyError("y")).test_client().get("/fails")

    assert recorder.captured == []


def _hearing(heard: list[BaseException]) -> Callable[..., None]:
    def hear(_: Flask, exception: BaseException) -> None:
        heard.append(exception)

    return hear


SIGNALLING: list[Exception] = [
    KeyError("x"),
    sqlalchemy_exc.SQLAlchemyError("x"),
    AppError("x"),
    ServiceUnavailableError(),
]
SILENT: list[Exception] = [NotFound(), InternalServerError(), BadGateway()]


@pytest.mark.parametrize(
    ("error", "handled"),
    [
        (error, handled)
        for error in (*SIGNALLING, *SILENT)
        for handled in (None, 500, Exception, AppError, KeyError)
    ],
    ids=str,
)
def test_the_signal_fires_exactly_as_without_failwell(
    error: Exception, handled: type[Exception] | int | None
) -> None:
    """Once for what no handler took and is no HTTPException; else not at all."""
    heard: dict[bool, list[BaseException]] = {False: [], True: []}
    for with_failwell, seen in heard.items():
        app = Flask("backend")
        if with_failwell:
            register_error_handlers(app)
        if handled is not None:
            app.register_error_handler(handled, lambda _: ("own", 418))

        @app.get("/")
        def view() -> str:
            raise error

        with got_request_exception.connected_to(_hearing(seen), app):
            app.test_client().get("/")

    assert heard[True] == heard[False]


def test_the_signal_fires_for_a_5xx_that_flask_handles_nowhere(
    make_app: MakeApp,
) -> None:
    """An `abort(502)` in `after_request` is unhandled to Flask, and still a 502."""
    heard: list[BaseException] = []
    app = make_app()
    app.after_request(lambda _: abort(502))

    with got_request_exception.connected_to(_hearing(heard), app):
        response = app.test_client().get("/fails")

    assert response.status_code == 502
    assert [type(error) for error in heard] == [BadGateway]


def test_the_signal_is_silent_for_a_4xx(make_app: MakeApp) -> None:
    """A client's mistake is no event for error trackers."""
    heard: list[BaseException] = []
    app = make_app(NotFoundError("Room", 1))

    with got_request_exception.connected_to(_hearing(heard), app):
        app.test_client().get("/fails")

    assert heard == []


def test_teardown_functions_see_a_fault_and_not_a_4xx(make_app: MakeApp) -> None:
    """As in Flask: what was unhandled is handed to them, so that they do not commit."""
    seen: list[object] = []
    fault = sqlalchemy_exc.SQLAlchemyError("x")
    for error in (fault, NotFoundError("Room", 1)):
        app = make_app(error)
        app.teardown_request(seen.append)
        app.test_client().get("/fails")

    assert seen == [fault, None]
