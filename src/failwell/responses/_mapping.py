"""The one table from exceptions to answers.

Owns which exception is answered as which `AppError`. Libraries are recognised
without being imported: an exception of theirs exists only where they are loaded.
"""

import functools
import math
from collections.abc import Callable, Hashable
from http import HTTPStatus
from typing import Any, TypeGuard, cast

from flask import has_request_context, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Request

from failwell.catalog import status_code_name, status_phrase
from failwell.exceptions import (
    AppError,
    DatabaseError,
    Headers,
    InvalidTokenError,
    ServiceUnavailableError,
)
from failwell.responses._statuses import http_status, is_error_status
from failwell.responses._validation import classify_validation

INTERNAL_MESSAGE = "An internal server error occurred"

_OF_THE_BODY = frozenset({"content-type", "content-length"})
_REDIRECTS = range(300, 400)
_FAMILIES = {
    ("sqlalchemy.exc", "SQLAlchemyError"): "database",
    ("jwt.exceptions", "InvalidTokenError"): "token",
    ("jwt.exceptions", "ExpiredSignatureError"): "expired token",
    ("jwt.exceptions", "PyJWKClientConnectionError"): "keys away",
    ("jwt.exceptions", "PyJWKSetError"): "keys away",
    ("jwt.exceptions", "PyJWTError"): "token set-up",
}
# PyJWT gives a token that names an unknown key the same class as a key set that cannot
# be read; only the text tells the client's fault from ours.
_UNKNOWN_KEY = "Unable to find a signing key"


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


def to_app_error(error: BaseException) -> AppError:
    """Return the `AppError` that `error` is answered with.

    An `AppError` is returned as it is; a new one has `error` as its cause. What the
    table does not know is `INTERNAL_ERROR` and 500, and says nothing of its cause.
    """
    return classify(error) or unexpected(error)


def unexpected(error: BaseException) -> AppError:
    """Return the answer to an exception that nobody foresaw."""
    return _because(error, AppError(INTERNAL_MESSAGE))


def classify(error: BaseException) -> AppError | None:
    """Return the answer that the table holds for `error`, None when it holds none."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, HTTPException):
        known: AppError | None = classify_validation(error) or _from_http(error)
    elif isinstance(error, BaseExceptionGroup):
        known = _from_group(error)
    elif isinstance(error, RecursionError):
        known = _from_deep_body(error)
    else:
        known = _from_library(error)
    return None if known is None else _because(error, known)


def is_answer(error: BaseException) -> TypeGuard[HTTPException]:
    """Return whether `error` is an answer on its way rather than a fault.

    Redirects of the router, `abort(response)`, and any `HTTPException` of 3xx.
    """
    return isinstance(error, HTTPException) and (
        error.response is not None or error.code in _REDIRECTS
    )


def _because(cause: BaseException, error: AppError) -> AppError:
    if error is not cause:
        error.__cause__ = cause
    return error


def _from_http(error: HTTPException) -> AppError:
    status = error.code
    # Without a code Werkzeug would answer 200 OK: raising is never a success.
    if not is_error_status(status):
        return AppError(INTERNAL_MESSAGE)
    away = status == HTTPStatus.SERVICE_UNAVAILABLE
    kind = HttpUnavailableError if away else HttpError
    return kind(_http_message(error, status), status, _http_headers(error))


def _http_message(error: HTTPException, status: int) -> str:
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return INTERNAL_MESSAGE
    if error.description == NotFound.description:
        return "Resource not found"
    return str(error.description or status_phrase(status))


def _http_headers(error: HTTPException) -> Headers:
    environ = request.environ if has_request_context() else None
    kept = [
        (name, value)
        for name, value in error.get_headers(environ)
        if name.lower() not in _OF_THE_BODY
    ]
    # Werkzeug drops a 0 and sends 0.2 and -5 as they are; RFC 9110, section 10.2.3
    # allows whole seconds from 0.
    seconds = getattr(error, "retry_after", None)
    if isinstance(seconds, (int, float)):
        kept = [pair for pair in kept if pair[0].lower() != "retry-after"]
    if isinstance(seconds, (int, float)) and math.isfinite(seconds):
        kept.append(("Retry-After", str(max(0, math.ceil(seconds)))))
    return tuple(kept)


def _from_group(group: BaseExceptionGroup[Any]) -> AppError | None:
    """Return the worst of the answers, None when one of them is not in the table."""
    answers = [classify(leaf) for leaf in group.exceptions]
    known = [answer for answer in answers if answer is not None]
    if len(known) < len(answers):
        return None
    return max(known, key=http_status)


def _from_deep_body(error: RecursionError) -> AppError | None:
    """Return 400 when the request's own JSON was too deep, not our recursion."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is Request.get_json.__code__:
            return HttpError("The JSON body is nested too deeply.", 400, ())
        trace = trace.tb_next
    return None


def _from_library(error: BaseException) -> AppError | None:
    family = _family(cast("Hashable", type(error)))
    if family == "token set-up" and str(error).startswith(_UNKNOWN_KEY):
        family = "token"
    answer = _ANSWERS.get(family)
    return answer() if answer else classify_validation(error)


_ANSWERS: dict[str, Callable[[], AppError]] = {
    "database": DatabaseError,
    "token": InvalidTokenError,
    "expired token": lambda: InvalidTokenError("expired"),
    "keys away": ServiceUnavailableError,
}


# Asked for every exception that nobody foresaw, so remembered by class.
@functools.lru_cache(maxsize=512)
def _family(kind: Hashable) -> str:
    """Return what an exception of a library means, by the names in its ancestry.

    So no library has to be imported to recognise its errors.
    """
    names = ((cls.__module__, cls.__name__) for cls in cast("type", kind).__mro__)
    return next((_FAMILIES[name] for name in names if name in _FAMILIES), "")
