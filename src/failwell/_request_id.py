"""The id that ties a request's answer, its log lines and its records together.

Owns where the id comes from, where it is kept during the request, and its header; and
that what is said in one request is unknown in the next.
Knows WSGI, not Flask: it must also cover what Flask never sees.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from failwell._scope import NOTHING_SAID, scope

if TYPE_CHECKING:
    from _typeshed import OptExcInfo

HEADER = "X-Request-ID"
_HEADER_LENGTH = len(HEADER)

# What can stand in a log line, a URL and a file name without being escaped.
_SANE = re.compile(r"[A-Za-z0-9._~+/=-]{1,128}", re.ASCII)

_current: ContextVar[str | None] = ContextVar("failwell_request_id", default=None)


class HasWsgiApp(Protocol):
    """A Flask application, as far as this module needs it."""

    extensions: dict[str, Any]

    @property
    def wsgi_app(self) -> Any:  # noqa: ANN401 - a method to type checkers
        """What answers; Flask says to replace it by a middleware around it."""


def current_request_id() -> str | None:
    """Return the id of the request that this context serves, or None outside of one."""
    return _current.get()


@contextmanager
def work_under(work_id: str) -> Iterator[None]:
    """Make a block a piece of work under an id of its own, as a request is."""
    id_before, scope_before = _current.set(work_id), scope.set(NOTHING_SAID)
    try:
        yield
    finally:
        _current.reset(id_before)
        scope.reset(scope_before)


def install_request_ids(app: HasWsgiApp) -> None:
    """Give every request of `app` an id; a second call changes nothing."""
    if "failwell.request_id" in app.extensions:
        return
    app.extensions["failwell.request_id"] = True
    vars(app)["wsgi_app"] = RequestIdMiddleware(app.wsgi_app)


class RequestIdMiddleware:
    """Take `X-Request-ID` when it is sane, else make one; return it in every answer.

    A sane id has 1 to 128 characters out of letters, digits and `._~+/=-`; anything
    else could forge log lines or grow them without limit.
    """

    def __init__(self, wsgi_app: WSGIApplication) -> None:
        self._wsgi_app = wsgi_app

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Serve one request."""
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        is_sane = sent and _SANE.fullmatch(sent)
        request_id = sent if is_sane else os.urandom(16).hex()
        _current.set(request_id)
        scope.set(NOTHING_SAID)
        try:
            body = self._wsgi_app(
                environ, partial(_start_with_id, start_response, request_id)
            )
        except BaseException:
            _leave()
            raise
        file_wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(file_wrapper, type) and isinstance(body, file_wrapper):
            # The server recognises its own wrapper and sends the file from the
            # kernel; no code of ours or the user's runs in between.
            _leave()
            return body
        return _Body(body)


def _leave() -> None:
    _current.set(None)
    scope.set(None)


def _start_with_id(
    start_response: StartResponse,
    request_id: str,
    status: str,
    headers: list[tuple[str, str]],
    exc_info: "OptExcInfo | None" = None,
) -> Callable[[bytes], object]:
    for name, _ in headers:
        if len(name) == _HEADER_LENGTH and name.lower() == "x-request-id":
            break
    else:
        headers.append((HEADER, request_id))
    return start_response(status, headers, exc_info)


class _Body:
    """A response body whose log lines still belong to the request."""

    __slots__ = ("_body",)

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Close the body, then leave the request."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            _current.set(None)
            scope.set(None)
