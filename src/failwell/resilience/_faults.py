"""Whose fault an error is, and whether calling again could change it.

Owns the judgements that the breaker and the retry share.
"""

from collections.abc import Iterable

from failwell.exceptions import AppError, CircuitBreakerError
from failwell.resilience._checks import wrong_type, wrong_value

_SERVER_FAULT = 500

Errors = tuple[type[BaseException], ...]


def is_callers_fault(error: BaseException) -> bool:
    """Return whether `error` says that the request is wrong, not the thing called."""
    return isinstance(error, AppError) and error.status_code < _SERVER_FAULT


class RetryableErrors:
    """The errors to retry: those of `exceptions`, less what must be named itself.

    A broad class such as `Exception` does not cover three kinds of error. Each is
    retried only when `exceptions` holds a class of that kind:

    - `CircuitBreakerError`: calling again is what the open circuit refuses.
    - `AppError` below 500 that is not `retryable`: it can never succeed. `AppError`
      itself is too broad to name it.
    - what is outside `Exception`, such as `KeyboardInterrupt`: it ends the program or
      the task. `BaseException` itself is too broad to name it.

    Args:
        exceptions: One exception class, or several.

    Raises:
        TypeError: Something in it is no exception class.
        ValueError: It is empty.
    """

    def __init__(
        self, exceptions: type[BaseException] | Iterable[type[BaseException]]
    ) -> None:
        self.classes = _classes(exceptions)
        self._open_circuits = self._named(CircuitBreakerError)
        self._app_errors = tuple(e for e in self._named(AppError) if e is not AppError)
        self._others: Errors = (
            Exception,
            *(e for e in self.classes if not issubclass(Exception, e)),
        )

    def cover(self, error: BaseException) -> bool:
        """Return whether `error`, an instance of one of `classes`, may be retried."""
        if isinstance(error, CircuitBreakerError):
            return isinstance(error, self._open_circuits)
        if is_callers_fault(error) and not getattr(error, "retryable", False):
            return isinstance(error, self._app_errors)
        return isinstance(error, self._others)

    def _named(self, kind: type[BaseException]) -> Errors:
        return tuple(e for e in self.classes if issubclass(e, kind))


def _classes(exceptions: object) -> Errors:
    allowed = "an exception class, or a tuple of them, such as (OSError, TimeoutError)"
    if isinstance(exceptions, type) or not isinstance(exceptions, Iterable):
        given: tuple[object, ...] = (exceptions,)
    else:
        given = tuple(exceptions)
    if not given:
        raise wrong_value("exceptions", exceptions, allowed)
    classes = tuple(
        e for e in given if isinstance(e, type) and issubclass(e, BaseException)
    )
    if len(classes) < len(given):
        raise wrong_type("exceptions", exceptions, allowed)
    return classes
