"""The one table from exceptions to answers.

Owns which exception is answered as which `AppError`: first as the application's rows
say, then by what failwell knows. Libraries are recognised without being imported: an
exception of theirs exists only where they are loaded.
"""

import copy
import functools
import inspect
import logging
from collections.abc import Callable, Hashable
from typing import Any, TypeGuard, TypeVar, cast

from flask import Flask, current_app, has_app_context
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from failwell.exceptions import (
    AppError,
    InvalidTokenError,
    ServiceUnavailableError,
)
from failwell.responses._database import Constraints, classify_database
from failwell.responses._mapping._dependencies import classify_dependency
from failwell.responses._mapping._http import INTERNAL_MESSAGE, HttpError, from_http
from failwell.responses._rendering._statuses import http_status
from failwell.responses._validation._classify import classify_validation

_logger = logging.getLogger("failwell")

E = TypeVar("E", bound=BaseException)
Target = AppError | type[AppError] | Callable[[E], AppError]
"""What an exception is answered with: an error, its class, or what makes one of it."""


class Table:
    """The rows of one application on top of those that failwell has.

    Args:
        base: Rows that count where this table has none for a class.
    """

    def __init__(self, base: "Table | None" = None) -> None:
        self.base = base
        self.constraints = Constraints()
        """What the constraints of the application's database mean."""
        self._rows: dict[type[BaseException], Callable[[Any], AppError]] = {}

    def map(self, kind: type[E], to: "Target[E]") -> None:
        """Answer exceptions of a class as `to` says.

        The row of the nearest class in an exception's ancestry counts; a second row
        for a class replaces the first. Rows go before what failwell knows by itself.

        Args:
            kind: The class of the exceptions.
            to: An `AppError`, copied for each answer; or a class of them that can be
                made without arguments; or a function from the exception to one.

        Raises:
            TypeError: One of them is something else; the message says what is allowed.
        """
        if not _is_class_of(kind, Exception):
            message = f"map() takes a class of exceptions first, not {kind!r}"
            raise TypeError(message)
        self._rows[kind] = _maker(to)

    def to_app_error(self, error: BaseException) -> AppError:
        """Return the `AppError` that `error` is answered with.

        An `AppError` without a row is returned as it is; a new one has `error` as its
        cause. What the table does not know is `INTERNAL_ERROR` and 500, and says
        nothing of its cause.
        """
        return self.classify(error) or unexpected(error)

    def classify(self, error: BaseException) -> AppError | None:
        """Return the answer that the table holds for `error`, None for no answer."""
        known = self._from_rows(error) or self._from_failwell(error)
        return None if known is None else _because(error, known)

    def _from_rows(self, error: BaseException) -> AppError | None:
        rows = self._rows
        if self.base is not None and self.base._rows:  # noqa: SLF001 - of its own kind
            rows = {**self.base._rows, **rows}  # noqa: SLF001 - as above
        if not rows:
            return None
        make = next((rows[cls] for cls in type(error).__mro__ if cls in rows), None)
        if make is None:
            return None
        try:
            return _checked(make(error))
        except Exception:
            # The answer is that of an exception without a row, and what happened is
            # recorded with it; why the row did not help must not get lost.
            _logger.exception(
                "The row of map() for %s failed; it is answered without",
                type(error).__qualname__,
            )
            return None

    def _from_failwell(self, error: BaseException) -> AppError | None:
        if isinstance(error, AppError):
            return error
        if isinstance(error, HTTPException):
            return classify_validation(error) or from_http(error)
        if isinstance(error, BaseExceptionGroup):
            return self._from_group(error)
        if isinstance(error, RecursionError):
            return _from_deep_body(error)
        return (
            _from_library(error)
            or classify_validation(error)
            or classify_dependency(error)
            or self._from_database(error)
        )

    def _from_database(self, error: BaseException) -> AppError | None:
        constraints = self.base.constraints if self.base else self.constraints
        return classify_database(error, constraints)

    def _from_group(self, group: BaseExceptionGroup[Any]) -> AppError | None:
        """Return the worst of the answers, None when one of them is not known."""
        answers = [self.classify(leaf) for leaf in group.exceptions]
        known = [answer for answer in answers if answer is not None]
        if len(known) < len(answers):
            return None
        return max(known, key=http_status)


_DEFAULT = Table()
TABLE = "failwell.table"
"""Where an application's extensions hold its table."""


def to_app_error(error: BaseException) -> AppError:
    """Return the `AppError` that the current application answers `error` with.

    Outside of an application context the rows of failwell alone are asked.
    """
    table = table_of(current_app) if has_app_context() else _DEFAULT
    return table.to_app_error(error)


def table_of(app: Flask) -> Table:
    """Return what `app` answers exceptions with."""
    table: Table = app.extensions.get(TABLE, _DEFAULT)
    return table


def unexpected(error: BaseException) -> AppError:
    """Return the answer to an exception that nobody foresaw."""
    return _because(error, AppError(INTERNAL_MESSAGE))


def _maker(to: object) -> Callable[[Any], AppError]:
    if isinstance(to, AppError):
        return lambda _: _copy_of(to)
    if _is_class_of(to, AppError):
        _refuse_arguments(to)
        return lambda _: to()
    if callable(to) and not isinstance(to, type):
        return to
    message = (
        "map() takes as `to` an AppError, a class of them that needs no arguments, or "
        f"a function that returns one, not {to!r}"
    )
    raise TypeError(message)


def _is_class_of(value: object, kind: type) -> TypeGuard[type[Any]]:
    return isinstance(value, type) and issubclass(value, kind)


def _copy_of(error: AppError) -> AppError:
    copied = copy.copy(error)
    copied.details = dict(error.details)
    return copied


def _refuse_arguments(kind: type[AppError]) -> None:
    try:
        inspect.signature(kind).bind()
    except TypeError as error:
        message = (
            f"map() cannot make a {kind.__name__} without arguments ({error}): give "
            f"one, or a function such as lambda error: {kind.__name__}(...)"
        )
        raise TypeError(message) from None


def _checked(made: object) -> AppError:
    if isinstance(made, AppError):
        return made
    message = f"a function of map() returned a {type(made).__name__}, no AppError"
    raise TypeError(message)


def _because(cause: BaseException, error: AppError) -> AppError:
    if error is not cause:
        error.__cause__ = cause
    return error


def _from_deep_body(error: RecursionError) -> AppError | None:
    """Return 400 when the request's own JSON was too deep, not our recursion."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is Request.get_json.__code__:
            return HttpError("The JSON body is nested too deeply.", 400, ())
        trace = trace.tb_next
    return None


_FAMILIES = {
    ("jwt.exceptions", "InvalidTokenError"): "token",
    ("jwt.exceptions", "ExpiredSignatureError"): "expired token",
    ("jwt.exceptions", "PyJWKClientConnectionError"): "keys away",
    ("jwt.exceptions", "PyJWKSetError"): "keys away",
    ("jwt.exceptions", "PyJWTError"): "token set-up",
}
# PyJWT gives a token that names an unknown key the same class as a key set that cannot
# be read; only the text tells the client's fault from ours.
_UNKNOWN_KEY = "Unable to find a signing key"


def _from_library(error: BaseException) -> AppError | None:
    family = _family(cast("Hashable", type(error)))
    if family == "token set-up" and str(error).startswith(_UNKNOWN_KEY):
        family = "token"
    answer = _ANSWERS.get(family)
    return answer() if answer else None


_ANSWERS: dict[str, Callable[[], AppError]] = {
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
