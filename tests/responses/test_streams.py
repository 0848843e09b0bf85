"""Bodies that fail while they are made."""

from collections.abc import Iterator
from contextlib import nullcontext
from wsgiref.types import WSGIEnvironment

import pytest
from flask import Flask, Response, request, send_file, stream_with_context
from tests.responses.conftest import KeptAnswers
from werkzeug.test import EnvironBuilder

from failwell.exceptions import NotFoundError, ServiceUnavailableError
from failwell.responses import register_error_handlers


def _app(body: Iterator[bytes], recorder: KeptAnswers | None) -> Flask:
    app = Flask("backend")
    register_error_handlers(app, recorder)
    app.add_url_rule("/", view_func=lambda: Response(body, mimetype="text/csv"))
    return app


def _fail_at(part: int, error: Exception) -> Iterator[bytes]:
    for number in range(part):
        yield b"%d," % number
    raise error


def test_a_body_that_fails_before_its_first_part_is_answered(
    recorder: KeptAnswers,
) -> None:
    """Bare Flask has sent 200 by then, and lets the server break off."""
    app = _app(_fail_at(0, KeyError("secret")), recorder)

    response = app.test_client().get("/")

    assert response.status_code == 500
    assert response.json["error"]["code"] == "INTERNAL_ERROR"
    assert "secret" not in response.text
    assert len(recorder.captured) == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotFoundError("File", 1), 404), (ServiceUnavailableError(), 503)],
)
def test_a_known_error_of_a_body_has_its_own_answer(
    recorder: KeptAnswers, error: Exception, status: int
) -> None:
    """It is counted like that of a view."""
    response = _app(_fail_at(0, error), recorder).test_client().get("/")

    assert response.status_code == status
    assert [counted[:2] for counted in recorder.counted] == [(error.code, status)]


def test_a_body_that_fails_later_is_broken_off(recorder: KeptAnswers) -> None:
    """The server sees the exception, so that the client sees no clean end."""
    error = KeyError("secret")
    app = _app(_fail_at(2, error), recorder)
    sent: list[bytes] = []
    statuses: list[str] = []

    with pytest.raises(KeyError) as caught:  # noqa: PT012 - one call, part by part
        body = app(_environ(), lambda status, *_: statuses.append(status))
        try:
            for part in body:
                sent.append(part)  # noqa: PERF402 - what came before it breaks off
        finally:
            body.close()

    assert caught.value is error
    assert (sent, statuses) == ([b"0,", b"1,"], ["200 OK"])
    assert [kept for kept, _ in recorder.captured] == [error]


def test_without_a_recorder_a_broken_body_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Once, with its traceback."""
    app = _app(_fail_at(1, KeyError("x")), None)

    with pytest.raises(KeyError):
        b"".join(app(_environ(), lambda *_: None))

    (record,) = [r for r in caplog.records if r.exc_info]
    assert isinstance(record.exc_info[1], KeyError)


def test_a_body_is_closed_when_it_fails() -> None:
    """What it holds open is given back, before its first part and after."""
    closed: list[int] = []

    def body(number: int) -> Iterator[bytes]:
        try:
            yield from _fail_at(number, KeyError())
        finally:
            closed.append(number)

    for number in (0, 1):
        response = Response(body(number))
        response.call_on_close(lambda: closed.append(-1))
        app = Flask("backend")
        register_error_handlers(app)
        app.add_url_rule("/", view_func=lambda response=response: response)
        started = app(_environ(), lambda *_: None)
        with pytest.raises(KeyError) if number else nullcontext():
            list(started)
        started.close()

    assert closed == [0, -1, 1, -1]


def test_a_stream_with_context_keeps_its_context_to_the_end() -> None:
    """Looking at the first part early takes nothing from it."""
    app = Flask("backend")
    register_error_handlers(app)

    @app.get("/<name>")
    def stream(name: str) -> Response:
        def parts() -> Iterator[str]:
            for _ in range(3):
                yield request.view_args["name"]

        return Response(stream_with_context(parts()))

    assert app.test_client().get("/abc").text == "abcabcabc"


def test_an_empty_body_and_a_file_pass() -> None:
    """A 204, and a file that the server may send by itself."""
    app = Flask("backend")
    register_error_handlers(app)
    app.add_url_rule("/empty", view_func=lambda: ("", 204))
    app.add_url_rule("/file", "file", lambda: send_file(__file__))
    client = app.test_client()

    assert client.get("/empty").data == b""
    with client.get("/file") as response:
        assert response.text.startswith('"""Bodies that fail')
    with client.head("/file") as response:
        assert response.data == b""


def _environ() -> WSGIEnvironment:
    return EnvironBuilder().get_environ()
