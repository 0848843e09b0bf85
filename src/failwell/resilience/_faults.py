"""Whose fault an error is, and whether calling again could change it.

Owns the judgements that the breaker, the retry and the fallback share: a broad class such
as `Exception` does not cover what must be named itself.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeGuard

from failwell.exceptions import (
    AppError,
    BulkheadFullError,
    CallTimeoutError,
    CircuitBreakerError,
    DeadlineExceededError,
)

_SERVER_FAULT = 500

Errors = tuple[type[BaseException], ...]


def is_callers_fault(error: BaseException) -> TypeGuard[AppError]:
    """Return whether `error` says that the request is wrong, not the thing called."""
    return isinstance(error, AppError) and error.status_code < _SERVER_FAULT


def _is_hopeless(error: BaseException) -> bool:
    return is_callers_fault(error) and not error.retryable


def _is_passed_deadline(error: BaseException) -> bool:
    # The time-out of one call is over with that call, unless it still runs somewhere.
    return isinstance(error, DeadlineExceededError) and (
        not isinstance(error, CallTimeoutError) or error.abandoned
    )


def _is_full_bulkhead(error: BaseException) -> bool:
    return isinstance(error, BulkheadFullError)


def _is_open_circuit(error: BaseException) -> bool:
    return isinstance(error, CircuitBreakerError)


Kind = tuple[Callable[[BaseException], bool], type[BaseException]]
"""Errors that must be named: what tells them, and the class that names them or whose
subclasses do."""

FOR_RETRIES: tuple[Kind, ...] = (
    (_is_open_circuit, CircuitBreakerError),
    (_is_full_bulkhead, BulkheadFullError),
    (_is_passed_deadline, DeadlineExceededError),
    (_is_hopeless, AppError),
)
FOR_BREAKERS: tuple[Kind, ...] = (
    (_is_full_bulkhead, BulkheadFullError),
    (is_callers_fault, AppError),
)
FOR_FALLBACKS: tuple[Kind, ...] = ((_is_hopeless, AppError),)


class CoveredErrors:
    """The errors of `classes`, less what must be named itself.

    A kind is named by a class of that kind, and what is outside `Exception`, such as
    `KeyboardInterrupt`, by a class that is no base of it. `AppError` itself and
    `BaseException` itself are too broad to name anything.

    Args:
        classes: The exception classes.
        kinds: What must be named.
    """

    __slots__ = ("_kinds", "_others", "classes")

    def __init__(self, classes: Errors, kinds: tuple[Kind, ...]) -> None:
        self.classes = classes
        self._kinds = tuple(
            (tells, tuple(e for e in classes if issubclass(e, kind) and e != AppError))
            for tells, kind in kinds
        )
        self._others: Errors = (
            Exception,
            *(e for e in classes if not issubclass(Exception, e)),
        )

    def cover(self, error: BaseException) -> bool:
        """Return whether `error`, an instance of one of `classes`, is covered."""
        if isinstance(error, AppError):  # as all that has to be named is
            for tells, named in self._kinds:
                if tells(error):
                    return isinstance(error, named)
        return isinstance(error, self._others)


class Verdict:
    """Which errors are failures of the thing called; all others are no verdict.

    Args:
        counted: What may be a failure.
        ignored: What of it is none.
    """

    __slots__ = ("_counted", "_ignored")

    def __init__(self, counted: Errors, ignored: Errors) -> None:
        self._counted = CoveredErrors(counted, FOR_BREAKERS)
        self._ignored = ignored

    def counts(self, error: BaseException) -> bool:
        """Return whether `error` is a failure."""
        return (
            isinstance(error, self._counted.classes)
            and not isinstance(error, self._ignored)
            and self._counted.cover(error)
        )


@lru_cache(maxsize=64)
def verdict(counted: Errors, ignored: Errors) -> Verdict:
    """Return the verdict of these classes: the same one for most breakers."""
    return Verdict(counted, ignored)
