"""Which errors `retry` retries: those named, and never what must be named itself."""

import pytest

from failwell.exceptions import (
    AppError,
    CircuitBreakerError,
    ConflictError,
    NotFoundError,
    ServiceUnavailableError,
    ValidationError,
)
from failwell.resilience import CircuitBreaker, retry
from failwell.testing import ManualClock


class StaleError(ConflictError):
    """A conflict of one kind."""


class LimitedError(AppError):
    """A 429: below 500, and worth trying again."""

    retryable = True


class LocalOpenError(CircuitBreakerError):
    """An open circuit of one kind."""


def _calls(
    exceptions: type[BaseException] | tuple[type[BaseException], ...],
    error: BaseException,
) -> int:
    clock = ManualClock()
    calls = []

    @retry(exceptions, tries=3, clock=clock)
    def fail() -> None:
        calls.append(1)
        raise error

    with pytest.raises(type(error)):
        fail()

    assert len(clock.sleeps) == len(calls) - 1
    return len(calls)


@pytest.mark.parametrize(
    ("exceptions", "error"),
    [
        (OSError, TimeoutError()),
        ((KeyError, ValueError), ValueError()),
        ([KeyError, ValueError], ValueError()),
        (Exception, ServiceUnavailableError()),
        (Exception, AppError("internal")),
        (AppError, AppError("internal")),
        (Exception, LimitedError("slow down", status_code=429)),
        (StaleError, StaleError()),
        (ConflictError, StaleError()),
        (CircuitBreakerError, LocalOpenError("mail")),
        ((Exception, CircuitBreakerError), CircuitBreakerError("mail")),
        (KeyboardInterrupt, KeyboardInterrupt()),
        (BaseException, OSError()),
        ((BaseException, GeneratorExit), GeneratorExit()),
    ],
    ids=repr,
)
def test_named_errors_are_retried(
    exceptions: type[BaseException], error: BaseException
) -> None:
    """A class covers its subclasses; a named class of a guarded kind counts."""
    assert _calls(exceptions, error) == 3


@pytest.mark.parametrize(
    ("exceptions", "error"),
    [
        (OSError, ValueError()),
        (Exception, ValidationError()),
        (AppError, NotFoundError("Meeting", 1)),
        ((Exception, ConflictError), ValidationError()),
        (Exception, CircuitBreakerError("mail")),
        (AppError, CircuitBreakerError("mail")),
        (ServiceUnavailableError, CircuitBreakerError("mail")),
        (LocalOpenError, CircuitBreakerError("mail")),
        (BaseException, KeyboardInterrupt()),
        (BaseException, SystemExit()),
        ((Exception, KeyboardInterrupt), SystemExit()),
        ((BaseException, KeyboardInterrupt), GeneratorExit()),
    ],
    ids=repr,
)
def test_what_is_not_named_is_called_once(
    exceptions: type[BaseException], error: BaseException
) -> None:
    """Neither another error, nor a guarded kind by way of a broad class."""
    assert _calls(exceptions, error) == 1


def test_an_open_circuit_ends_the_retry_at_once() -> None:
    """Over an open breaker there is one refusal and no wait."""
    clock = ManualClock()
    breaker = CircuitBreaker(2, clock=clock)
    calls = []

    @retry(Exception, tries=5, clock=clock, jitter=None)
    @breaker
    def fail() -> None:
        calls.append(1)
        raise OSError

    with pytest.raises(CircuitBreakerError):
        fail()
    waits = list(clock.sleeps)
    with pytest.raises(CircuitBreakerError):
        fail()

    assert len(calls) == 2
    assert waits == clock.sleeps == [1.0, 2.0]
    assert breaker.rejected_count == 2


def test_a_named_open_circuit_is_waited_for() -> None:
    """Who names the open circuit gets through once it is half-open."""
    clock = ManualClock()
    breaker = CircuitBreaker(1, reset_timeout=10, clock=clock)
    calls = []

    @retry(
        (OSError, CircuitBreakerError),
        tries=4,
        delay=6,
        backoff=1,
        jitter=None,
        clock=clock,
    )
    @breaker
    def fail_once() -> str:
        calls.append(1)
        if len(calls) == 1:
            raise OSError
        return "back"

    assert fail_once() == "back"
    assert clock.sleeps == [6.0, 6.0]
