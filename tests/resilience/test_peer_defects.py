"""Defects seen in other libraries, where no other test of this room shows their absence."""

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from failwell.exceptions import CircuitBreakerError
from failwell.resilience import (
    CircuitBreaker,
    CircuitState,
    RetryDetails,
    retry,
    retrying,
)
from failwell.resilience._circuits._probes import Ticket
from failwell.testing import ManualClock


def _fail() -> None:
    raise OSError


def _open(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            breaker.call(_fail)


def test_two_failures_in_three_are_seen_though_none_follow_three_times() -> None:
    """Counting in a row never sees them; a rate does."""
    streak, rate = CircuitBreaker(3), CircuitBreaker(failure_rate=0.6)

    for breaker in (streak, rate):
        for _ in range(100):
            if breaker.state is CircuitState.OPEN:
                break
            breaker.call(int)
            _open(breaker)
            if breaker.state is CircuitState.CLOSED:
                _open(breaker)

    assert streak.state is CircuitState.CLOSED
    assert rate.state is CircuitState.OPEN


@pytest.mark.parametrize("probes", [1, 3])
def test_an_error_that_does_not_count_neither_closes_nor_opens_nor_jams(
    probes: int,
) -> None:
    """A probe that raises what is outside `exceptions` gives its place back, always."""
    clock = ManualClock()
    breaker = CircuitBreaker(
        1, 60, half_open_calls=probes, exceptions=OSError, clock=clock
    )
    _open(breaker)
    clock.advance(60)

    for _ in range(10):
        with pytest.raises(KeyError):
            breaker.call({}.__getitem__, "absent")
    jammed = breaker.state
    for _ in range(probes):
        breaker.call(int)

    assert jammed is CircuitState.HALF_OPEN
    assert breaker.state is CircuitState.CLOSED


def test_a_failure_of_a_probe_that_gave_its_place_up_opens_nothing() -> None:
    """Late results carry the number of their probe."""
    clock = ManualClock()
    breaker = CircuitBreaker(1, 60, 30, half_open_calls=2, clock=clock)
    _open(breaker)
    clock.advance(60)

    def admit() -> Ticket:
        return contextvars.copy_context().run(breaker.circuit.admit)

    old = [admit(), admit()]
    clock.advance(30)
    first, second = admit(), admit()

    for ticket in old:
        breaker.circuit.fail(ticket, OSError())
    state = breaker.state
    breaker.circuit.finish(first, None, 0.0)
    breaker.circuit.finish(second, None, 0.0)

    assert state is CircuitState.HALF_OPEN
    assert breaker.state is CircuitState.CLOSED


def test_refusals_are_distinct_and_do_not_grow() -> None:
    """No exception is stored and raised again."""
    breaker = CircuitBreaker(1)
    _open(breaker)
    kept = []

    for _ in range(400):
        with pytest.raises(CircuitBreakerError) as refused:
            breaker.call(int)
        kept.append(refused.value)

    def depth(error: BaseException) -> int:
        trace, frames = error.__traceback__, 0
        while trace is not None:
            trace, frames = trace.tb_next, frames + 1
        return frames

    assert len({id(error) for error in kept}) == 400
    assert len({depth(error) for error in kept}) == 1


def test_threads_do_not_share_the_numbers_of_their_attempts() -> None:
    """Two calls of one function, both in the middle: each counts for itself."""
    clock, told = ManualClock(), []
    together = threading.Barrier(2, timeout=20)

    def remember(details: RetryDetails) -> None:
        told.append(details.attempt)

    @retry(OSError, tries=4, delay=0, before_sleep=remember, clock=clock)
    def fail() -> None:
        together.wait()
        raise OSError

    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(fail) for _ in range(2)]
        errors = [call.exception(20) for call in calls]

    assert [type(error) for error in errors] == [OSError, OSError]
    assert sorted(told) == [1, 1, 2, 2, 3, 3]


def test_loops_do_not_share_the_numbers_of_their_attempts() -> None:
    """One `retrying`, used by a loop inside of a loop."""
    clock, numbers = ManualClock(), []
    twice = retrying(OSError, tries=2, clock=clock)

    def work() -> None:
        for outer in twice:
            with outer:
                for inner in twice:
                    with inner:
                        numbers.append((outer.number, inner.number))
                        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        work()

    assert numbers == [(1, 1), (1, 2), (2, 1), (2, 2)]
