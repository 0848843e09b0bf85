"""Who listens to everything: what is told of refusals, and that telling changes nothing."""

import contextvars
from collections.abc import Iterator

import pytest

from failwell.exceptions import (
    BulkheadFullError,
    CircuitBreakerError,
    RateLimitedError,
)
from failwell.resilience import (
    Bulkhead,
    CallRefused,
    CircuitBreaker,
    listen,
    rate_limit,
    retry,
)
from failwell.testing import ManualClock


@pytest.fixture
def refusals() -> Iterator[list[CallRefused]]:
    """What everybody is told of refusals."""
    told: list[CallRefused] = []

    def remember(detail: object) -> None:
        if isinstance(detail, CallRefused):
            told.append(detail)

    end = listen(remember)
    yield told
    end()


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


def _fail() -> None:
    raise OSError


def _opened(clock: ManualClock) -> CircuitBreaker:
    breaker = CircuitBreaker(1, 60, 30, name="told-circuit", clock=clock)
    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        breaker.call(_fail)
    return breaker


def test_a_circuit_tells_of_calls_that_it_refuses(
    refusals: list[CallRefused], clock: ManualClock
) -> None:
    """While it is open, while others probe, and while it is held by hand."""
    breaker = _opened(clock)
    outside = contextvars.copy_context()

    def refused() -> None:
        with pytest.raises(CircuitBreakerError):
            outside.copy().run(breaker.call, int)

    clock.advance(18)
    refused()
    clock.advance(42)
    breaker.call(refused)
    breaker.force_open()
    refused()

    assert [r.retry_after for r in refusals] == [42, 30, None]
    assert {(r.strategy, r.name) for r in refusals} == {
        ("circuit breaker", "told-circuit")
    }


def test_bulkheads_and_rate_limits_tell_of_calls_that_they_refuse(
    refusals: list[CallRefused],
) -> None:
    """By name; only the limit knows for how long."""
    bulkhead = Bulkhead(1, name="told-bulkhead")
    limited = rate_limit("1/hour", name="told-limit")(int)

    with bulkhead, pytest.raises(BulkheadFullError):
        bulkhead(int)()
    limited()
    with pytest.raises(RateLimitedError):
        limited()

    full, over = refusals
    assert full == CallRefused(strategy="bulkhead", name="told-bulkhead")
    assert (over.strategy, over.name) == ("rate limit", "told-limit")
    assert 3590 < (over.retry_after or 0) <= 3600


def test_calls_that_go_through_are_nothing_to_tell(
    refusals: list[CallRefused], clock: ManualClock
) -> None:
    """Nor are those that fail."""
    breaker = _opened(clock)
    clock.advance(60)

    breaker.call(int)
    Bulkhead(1)(int)()
    rate_limit("1/hour", name="told-of-none")(int)()

    assert refusals == []


def test_a_listener_that_raises_leaves_the_refusal_as_it_is(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller gets it, and a line says whose listener failed, and where."""

    def broken(detail: object) -> None:
        raise RuntimeError(f"cannot take {detail}")

    breaker = _opened(clock)
    end = listen(broken)
    try:
        with pytest.raises(CircuitBreakerError) as refused:
            breaker.call(int)
    finally:
        end()

    assert refused.value.__context__ is None
    assert "a listener to the circuit breaker told-circuit failed" in caplog.text
    assert "in broken" in caplog.text


def test_a_predicate_that_raises_is_shown_where(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The line has the traceback of the user's own function."""

    def odd(error: object) -> bool:
        raise RuntimeError(f"cannot judge {error}")

    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        retry(OSError, when=odd, clock=clock)(_fail)()

    assert "in odd" in caplog.text


def test_a_line_about_a_change_shows_no_traceback(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """It is written while the error of the call is handled, and is not about that."""
    _opened(clock)

    assert "circuit breaker told-circuit is open" in caplog.text
    assert "Traceback" not in caplog.text
    assert "NoneType" not in caplog.text


def test_who_has_ended_is_told_no_more(clock: ManualClock) -> None:
    """The others are; to end twice ends nobody else."""
    told: dict[str, list[object]] = {"one": [], "other": []}
    end_one = listen(told["one"].append)
    end_other = listen(told["other"].append)

    end_one()
    end_one()
    breaker = _opened(clock)
    end_other()
    breaker.reset()

    assert [len(heard) for heard in told.values()] == [0, 1]


@pytest.mark.parametrize("listener", [None, 5])
def test_what_cannot_listen_is_refused(listener: object) -> None:
    """At once, and not when there is something to tell."""
    with pytest.raises(TypeError, match=f"listener is {listener}; allowed: a function"):
        listen(listener)  # type: ignore[arg-type]
