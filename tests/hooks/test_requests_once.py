"""Whatever fails in a request is recorded, and counted, exactly once."""

import logging
from collections.abc import Callable, Iterable, Iterator
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from flask import Blueprint, Flask, Response, abort, stream_with_context
from tests.hooks.conftest import MakeApp, counted
from werkzeug.test import Client

from failwell.testing import recorded_errors

_logger = logging.getLogger("shop.orders")


def _fail(*_: object) -> None:
    raise ZeroDivisionError("boom")


def _fail_logged(*_: object) -> None:
    try:
        _fail()
    except ZeroDivisionError:
        _logger.exception("It broke")
        raise


def _fails_in_the_view(app: Flask, fail: Callable[..., None]) -> None:
    app.add_url_rule("/", view_func=fail)


def _fails_in_an_async_view(app: Flask, fail: Callable[..., None]) -> None:
    async def view() -> str:
        fail()
        return ""

    app.add_url_rule("/", view_func=view)


def _fails_before_the_request(app: Flask, fail: Callable[..., None]) -> None:
    app.before_request(fail)


def _fails_after_the_request(app: Flask, fail: Callable[..., None]) -> None:
    app.add_url_rule("/", view_func=lambda: "fine")
    app.after_request(fail)


def _fails_in_the_teardown(app: Flask, fail: Callable[..., None]) -> None:
    app.add_url_rule("/", view_func=lambda: "fine")
    app.teardown_request(fail)


def _fails_in_the_teardown_of_the_context(
    app: Flask, fail: Callable[..., None]
) -> None:
    app.add_url_rule("/", view_func=lambda: "fine")
    app.teardown_appcontext(fail)


def _fails_in_a_blueprint_with_a_handler(app: Flask, fail: Callable[..., None]) -> None:
    shop = Blueprint("shop", __name__)
    shop.add_url_rule("/", view_func=fail)
    shop.register_error_handler(Exception, lambda _: ("own", 500))
    app.register_blueprint(shop)


def _fails_into_a_handler_of_everything(app: Flask, fail: Callable[..., None]) -> None:
    app.add_url_rule("/", view_func=fail)
    app.register_error_handler(Exception, lambda _: ("own", 500))


def _fails_into_a_handler_of_500(app: Flask, fail: Callable[..., None]) -> None:
    app.add_url_rule("/", view_func=fail)
    app.register_error_handler(500, lambda _: ("own", 500))


def _fails_in_a_middleware_inside(app: Flask, fail: Callable[..., None]) -> None:
    def middleware(_: WSGIEnvironment, __: StartResponse) -> Iterable[bytes]:
        fail()
        return []

    guard: object = app.wsgi_app
    while not hasattr(guard, "_app"):
        guard = guard._wsgi_app  # type: ignore[attr-defined]
    guard._wsgi_app = middleware  # type: ignore[attr-defined]


def _body(before: int, fail: Callable[..., None]) -> Iterator[bytes]:
    yield from [b"part"] * before
    fail()


def _fails_at_the_first_part(app: Flask, fail: Callable[..., None]) -> None:
    app.add_url_rule("/", view_func=lambda: Response(_body(0, fail)))


def _fails_in_the_midst_of_a_body(app: Flask, fail: Callable[..., None]) -> None:
    app.add_url_rule("/", view_func=lambda: Response(_body(2, fail)))


def _fails_in_a_body_with_context(app: Flask, fail: Callable[..., None]) -> None:
    app.add_url_rule(
        "/", view_func=lambda: Response(stream_with_context(_body(2, fail)))
    )


def _fails_when_a_body_is_closed(app: Flask, fail: Callable[..., None]) -> None:
    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"part"])

        def close(self) -> None:
            fail()

    app.add_url_rule("/", view_func=lambda: Response(Body()))


PLACES = [
    _fails_in_the_view,
    _fails_in_an_async_view,
    _fails_before_the_request,
    _fails_after_the_request,
    _fails_in_the_teardown,
    _fails_in_the_teardown_of_the_context,
    _fails_in_a_blueprint_with_a_handler,
    _fails_into_a_handler_of_everything,
    _fails_into_a_handler_of_500,
    _fails_in_a_middleware_inside,
    _fails_at_the_first_part,
    _fails_in_the_midst_of_a_body,
    _fails_in_a_body_with_context,
    _fails_when_a_body_is_closed,
]


def _logging_server(wsgi_app: WSGIApplication) -> WSGIApplication:
    """Be a server that logs what reaches it, as gunicorn does."""

    def serve(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        parts: list[bytes] = []
        try:
            body = wsgi_app(environ, start)
            try:
                parts.extend(body)
            finally:
                if hasattr(body, "close"):
                    body.close()
        except ZeroDivisionError:
            _logger.exception("Error handling request")
            start("500 INTERNAL SERVER ERROR", [])
        return parts

    return serve


# Flask calls a broken `after_request` twice: one that logs by itself reports two.
FAILURES = [(place, _fail) for place in PLACES] + [
    (place, _fail_logged) for place in PLACES if place is not _fails_after_the_request
]


@pytest.mark.parametrize(("place", "fail"), FAILURES)
@pytest.mark.parametrize("requests", [1, 2])
def test_it_is_recorded_once_a_request(
    app: Flask,
    place: Callable[[Flask, Callable[..., None]], None],
    fail: Callable[..., None],
    requests: int,
) -> None:
    """Also when the code logs it first, and the server once more."""
    place(app, fail)
    client = Client(_logging_server(app))

    for _ in range(requests):
        client.get("/", buffered=True)

    assert [r.type for r in recorded_errors(app)] == ["ZeroDivisionError"] * requests
    assert counted(app) == requests


@pytest.mark.parametrize("handled", [None, 500, Exception])
def test_abort_500_is_recorded_once(
    app: Flask, handled: type[Exception] | int | None
) -> None:
    """Whoever answers it."""
    app.add_url_rule("/", view_func=lambda: abort(500))
    if handled is not None:
        app.register_error_handler(handled, lambda _: ("own", 500))

    assert app.test_client().get("/").status_code == 500

    assert len(recorded_errors(app)) == counted(app) == 1


def test_a_handler_that_logs_adds_nothing(app: Flask) -> None:
    """The most common handler of all."""
    app.add_url_rule("/", view_func=_fail)

    @app.errorhandler(Exception)
    def log(error: Exception) -> tuple[str, int]:
        app.logger.error("Unhandled", exc_info=error)
        return "sorry", 500

    app.test_client().get("/")

    assert len(recorded_errors(app)) == counted(app) == 1


def test_what_was_logged_has_the_id_that_the_client_gets(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """The line leads to the record, so no second line is written."""
    app.add_url_rule("/", view_func=_fail_logged)

    answer = app.test_client().get("/").json

    (line,) = caplog.records
    assert line.failwell_id == answer["error"]["id"]


def test_a_propagated_error_is_recorded_once(make_app: MakeApp) -> None:
    """It passes all of Flask, and the test that called it."""
    app = make_app(PROPAGATE_EXCEPTIONS=True)
    app.add_url_rule("/", view_func=_fail_logged)

    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/")

    assert len(recorded_errors(app)) == counted(app) == 1
