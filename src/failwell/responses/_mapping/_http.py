"""HTTP exceptions as errors of ours: status, words and headers made safe.

Owns what an `HTTPException` becomes, and which of them are answers and no faults.
"""

from http import HTTPStatus
from typing import TypeGuard

from flask import has_request_context, request
from werkzeug.exceptions import HTTPException, NotFound

from failwell.catalog import status_code_name, status_phrase
from failwell.exceptions import AppError, Headers
from failwell.responses._rendering._retry_after import retry_after_of
from failwell.responses._rendering._statuses import (
    INTERNAL_SERVER_ERROR,
    is_error_status,
)

INTERNAL_MESSAGE = "An internal server error occurred"

_OF_THE_BODY = frozenset({"content-type", "content-length"})
_REDIRECTS = range(300, 400)
_AWAY = HTTPStatus.SERVICE_UNAVAILABLE.value


class HttpError(AppError):
    """An `HTTPException`, with the headers that it came with."""

    def __init__(self, message: str, status_code: int, headers: Headers) -> None:
        super().__init__(message, status_code_name(status_code), status_code)
        self._headers = headers

    @property
    def headers(self) -> Headers:
        """The exception's own headers but for those of its body."""
        return self._headers


class HttpUnavailableError(HttpError):
    """An `HTTPException` of 503: kin of `ServiceUnavailableError`, so not recorded."""

    retryable = True
    record = False


def is_answer(error: BaseException) -> TypeGuard[HTTPException]:
    """Return whether `error` is an answer on its way rather than a fault.

    Redirects of the router, `abort(response)`, and any `HTTPException` of 3xx.
    """
    return isinstance(error, HTTPException) and (
        error.response is not None or error.code in _REDIRECTS
    )


def from_http(error: HTTPException) -> AppError:
    """Return what an `HTTPException` is answered with."""
    status = error.code
    # Without a code Werkzeug would answer 200 OK: raising is never a success.
    if not is_error_status(status):
        return AppError(INTERNAL_MESSAGE)
    kind = HttpUnavailableError if status == _AWAY else HttpError
    return kind(_message(error, status), status, _headers(error))


def _message(error: HTTPException, status: int) -> str:
    if status == INTERNAL_SERVER_ERROR:
        return INTERNAL_MESSAGE
    if error.description == NotFound.description:
        return "Resource not found"
    return str(error.description or status_phrase(status))


def _headers(error: HTTPException) -> Headers:
    environ = request.environ if has_request_context() else None
    kept = [
        (name, value)
        for name, value in error.get_headers(environ)
        if name.lower() not in _OF_THE_BODY
    ]
    # Werkzeug drops a 0, and sends 0.2 and -5 as they are.
    given = getattr(error, "retry_after", None)
    if given is not None:
        kept = [pair for pair in kept if pair[0].lower() != "retry-after"]
        wait = retry_after_of(given)
        kept += [] if wait is None else [("Retry-After", wait)]
    return tuple(kept)
