"""What escapes Flask is answered, recorded once, and never hidden from tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.validate import validator

import pytest
from flask import Flask
from werkzeug.test import Client, run_wsgi_app

from failwell.exceptions import ConflictError
from failwell.responses import register_error_handlers

if TYPE_CHECKING:
    from tests.responses.conftest import KeptAnswers

CANARY = "canary-7f3a"
PROBLEM = "application/problem+json"


def _app(recorder: KeptAnswers | None = None, **config: object) -> Flask:
    app = Flask("backend")
    app.config.update(config)
    register_error_handlers(app, recorder)
    app.add_url_rule("/", view_func=lambda: "fine")
    return app


def _fail(*_: object) -> None:
    raise RuntimeError(CANARY)


@pytest.mark.parametrize("accept", ["*/*", PROBLEM])
def test_a_teardown_that_fails_is_answered(recorder: KeptAnswers, accept: str) -> None:
    """Bare Flask lets it escape to the server."""
    app = _app(recorder)
    app.teardown_request(_fail)

    response = app.test_client().get("/", headers={"Accept": accept})

    assert response.status_code == 500
    assert response.json is not None
    assert response.json["code" if accept == PROBLEM else "error"]
    assert recorder.codes == ["INTERNAL_ERROR"]
    assert f"{0:016x}" in response.text
    assert CANARY not in response.text
    assert len(response.headers["X-Request-ID"]) == 32
    assert response.content_length == len(response.data)


def test_without_a_recorder_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With its traceback, and the path as one line."""
    app = _app()
    app.teardown_request(_fail)

    app.test_client().get("/%0aforged")

    assert [r.message for r in caplog.records] == [
        "Exception behind '/\\nforged' [GET]"
    ]
    assert CANARY in caplog.text


def test_head_has_no_body() -> None:
    """The guard keeps the rules of HTTP by itself."""
    app = _app()
    app.teardown_request(_fail)
    client = app.test_client()

    head, get = client.head("/"), client.get("/")

    assert head.data == b""
    assert head.content_length == len(get.data)


def test_a_users_500_handler_that_fails_is_answered(recorder: KeptAnswers) -> None:
    """Both exceptions are recorded: the fault, and that of its handler."""
    app = _app(recorder)
    app.register_error_handler(500, _fail)
    app.add_url_rule("/fails", "fails", lambda: 1 / 0)

    response = app.test_client().get("/fails")

    assert response.status_code == 500
    assert [type(e) for e, _ in recorder.captured] == [ZeroDivisionError, RuntimeError]


def test_a_known_error_of_a_teardown_has_its_own_answer(recorder: KeptAnswers) -> None:
    """It is counted, without a route: Flask has forgotten it."""
    app = _app(recorder, TESTING=True)

    @app.teardown_request
    def conflict(_: BaseException | None) -> None:
        raise ConflictError

    response = app.test_client().get("/")

    assert response.status_code == 409
    assert response.json == ConflictError().to_dict()
    assert recorder.counted == [("CONFLICT", 409, "GET", "")]


@pytest.mark.parametrize("setting", ["TESTING", "DEBUG", "PROPAGATE_EXCEPTIONS"])
def test_what_propagates_passes_and_is_recorded_once(
    recorder: KeptAnswers, setting: str
) -> None:
    """The guard does not hide an exception from a test."""
    app = _app(recorder, **{setting: True})
    app.add_url_rule("/fails", "fails", _fail)

    with pytest.raises(RuntimeError):
        app.test_client().get("/fails")

    assert len(recorder.captured) == 1


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_the_end_of_the_process_is_never_swallowed(
    recorder: KeptAnswers, kind: type[BaseException]
) -> None:
    """Neither by the handlers nor by the guard."""
    app = _app(recorder)

    def leave() -> str:
        raise kind

    app.add_url_rule("/leave", "leave", leave)

    with pytest.raises(kind):
        app.test_client().get("/leave")

    assert recorder.captured == []


def test_a_cancelled_view_is_not_answered(recorder: KeptAnswers) -> None:
    """Who cancelled it waits for the cancellation, not for a 500."""
    import asyncio  # noqa: PLC0415 - asgiref, too, loads it only here

    app = _app(recorder)

    async def cancelled() -> str:
        """Be cancelled while awaited."""
        raise asyncio.CancelledError

    app.add_url_rule("/cancelled", "cancelled", cancelled)

    with pytest.raises(asyncio.CancelledError):
        app.test_client().get("/cancelled")

    assert recorder.captured == []


def test_a_middleware_inside_is_guarded() -> None:
    """It fails before Flask sees the request."""
    app = Flask("backend")
    app.wsgi_app = _fail
    register_error_handlers(app)

    assert app.test_client().get("/").status_code == 500


def test_a_response_that_has_begun_is_not_begun_again() -> None:
    """After `write()` the headers are out; the server must see the exception."""

    def writes(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])(b"half")
        raise RuntimeError(CANARY)

    app = Flask("backend")
    app.wsgi_app = writes
    register_error_handlers(app)

    with pytest.raises(RuntimeError):
        run_wsgi_app(app, {"REQUEST_METHOD": "GET"})


def test_all_kinds_of_wsgi_applications_pass() -> None:
    """A generator that starts late, one that writes, and Flask under the validator."""

    def late(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"late"

    def writing(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])(b"writ")
        return [b"ten"]

    for inner, text in ((late, "late"), (writing, "written")):
        app = Flask("backend")
        app.wsgi_app = inner
        register_error_handlers(app)
        assert app.test_client().get("/").text == text

    failing = _app()
    failing.teardown_request(_fail)
    for app in (_app(), failing):
        client = Client(validator(app))
        assert client.get("/", buffered=True).status_code in (200, 500)
        assert client.head("/", buffered=True).status_code in (200, 500)
