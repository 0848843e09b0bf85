"""The last line: no exception that Flask lets out reaches the server unanswered.

Owns what happens to an exception of a teardown function, of a user's handler for 500,
and of a middleware inside. Refuses to swallow `SystemExit` and its like.
"""

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask

from failwell.catalog import status_phrase
from failwell.exceptions import AppError
from failwell.responses._mapping._table import table_of, unexpected
from failwell.responses._recording import Recording, is_recorded
from failwell.responses._rendering._render import Answer, compose
from failwell.responses._rendering._statuses import http_status
from failwell.responses._users import is_trapped, propagates

if TYPE_CHECKING:
    from _typeshed import OptExcInfo


class Guard:
    """A WSGI application around Flask's that answers what escapes it.

    Args:
        app: The Flask application, for its settings and its logger.
        recording: Where what escapes is recorded.
    """

    def __init__(self, app: Flask, recording: Recording) -> None:
        self._app = app
        self._recording = recording
        self._wsgi_app: WSGIApplication = app.wsgi_app
        self._started_in = 0

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Serve one request."""
        # Once a process, and not by `before_request`, whose functions Flask examines
        # anew each time. A fork leaves the threads of the recorder behind.
        pid = os.getpid()
        if pid != self._started_in and self._recording.start():
            self._started_in = pid
        held = _HeldStart(start_response)
        try:
            body = self._wsgi_app(environ, held)
        except Exception as exception:
            known = table_of(self._app).classify(exception)
            error = known or unexpected(exception)
            error_id = self._note(exception, error, environ)
            if held.released or self._propagates(exception, known):
                raise
            answer = self._compose(error, environ, error_id)
        else:
            held.release()
            return body
        return _serve(answer, environ, start_response)

    def _propagates(self, exception: Exception, known: AppError | None) -> bool:
        unhandled = known is None or is_trapped(self._app, exception)
        return unhandled and propagates(self._app)

    def _note(
        self, exception: Exception, error: AppError, environ: WSGIEnvironment
    ) -> str | None:
        method = environ.get("REQUEST_METHOD", "")
        if not is_recorded(error):
            self._recording.count(error.code, http_status(error), method, "")
            return None
        error_id = self._recording.capture(exception, error.code)
        if error_id is None and not propagates(self._app):
            path = environ.get("PATH_INFO", "")
            self._app.logger.error(
                "Exception behind %r [%s]", path, method, exc_info=exception
            )
        return error_id

    def _compose(
        self, error: AppError, environ: WSGIEnvironment, error_id: str | None
    ) -> Answer:
        try:
            return compose(self._app, error, environ, error_id=error_id)
        except Exception as failure:  # noqa: BLE001 - an application's error may fail to render
            self._recording.capture(failure, "INTERNAL_ERROR")
            return compose(self._app, unexpected(failure), environ, error_id=error_id)


def _serve(
    answer: Answer, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    headers = [
        *answer.headers,
        ("Content-Type", answer.content_type),
        ("Content-Length", str(len(answer.body))),
    ]
    start_response(f"{answer.status} {status_phrase(answer.status)}", headers)
    return [] if environ.get("REQUEST_METHOD") == "HEAD" else [answer.body]


class _HeldStart:
    """`start_response`, kept back until the application has returned its body.

    Flask starts its response before the teardown functions run: once handed on, the
    answer to their exceptions could not be changed.
    """

    __slots__ = ("_held", "_start_response", "released")

    def __init__(self, start_response: StartResponse) -> None:
        self._start_response = start_response
        self._held: tuple[str, list[tuple[str, str]], OptExcInfo | None] | None = None
        self.released = False

    def __call__(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: "OptExcInfo | None" = None,
    ) -> Callable[[bytes], object]:
        self._held = (status, headers, exc_info)
        # A body that is a generator starts the response after its caller returned.
        return self._release() if self.released else self._write

    def release(self) -> None:
        """Hand the start on, and every later one at once."""
        self.released = True
        held, self._held = self._held, None
        if held is not None:
            self._start_response(*held)

    def _release(self) -> Callable[[bytes], object]:
        self.released = True
        held, self._held = self._held, None
        if held is None:
            message = "write() was called before start_response(): call that first"
            raise RuntimeError(message)
        return self._start_response(*held)

    def _write(self, data: bytes) -> object:
        return self._release()(data)
