"""What a breaker does at its edges: nested, late, at the very moment, by hand."""

import asyncio
import contextvars
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from failwell.exceptions import CircuitBreakerError, NotFoundError
from failwell.resilience import (
    CIRCUITS,
    CircuitBreaker,
    CircuitOverride,
    CircuitState,
    Policy,
)
from failwell.testing import ManualClock

Function = Callable[[], object]
Way = Callable[[CircuitBreaker, Function], object]


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


def _fail() -> None:
    raise OSError


def _not_found() -> None:
    raise NotFoundError("Room", 7)


def _open(breaker: CircuitBreaker) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        breaker.call(_fail)
    assert breaker.state is CircuitState.OPEN


def test_a_block_is_the_breaker(clock: ManualClock) -> None:
    """What `with … as` gives."""
    breaker = CircuitBreaker(clock=clock)

    with breaker as entered:
        state = entered.state

    assert entered is breaker
    assert state is CircuitState.CLOSED


def test_blocks_in_blocks_each_have_their_time(clock: ManualClock) -> None:
    """The one that ends is the innermost."""
    breaker = CircuitBreaker(slow_call_time=1, clock=clock)

    with breaker:
        clock.advance(0.6)
        with breaker:
            pass
        clock.advance(0.6)

    assert (breaker.counters.calls, breaker.counters.slow) == (2, 1)


def test_a_name_that_comes_late_is_held_too(clock: ManualClock) -> None:
    """A breaker that takes the name of its policy takes the override of that name."""
    breaker = CircuitBreaker(clock=clock)
    CIRCUITS.hold("late", "open")

    try:
        Policy("late", breaker=breaker)
        held = breaker.override
    finally:
        CIRCUITS.hold("late", None)

    assert held is CircuitOverride.OPEN


@dataclass
class Rejecting:
    """A predicate that cannot be hashed."""

    code: int

    def __call__(self, result: object) -> bool:
        return result == self.code


def test_a_predicate_need_not_be_hashable(clock: ManualClock) -> None:
    """Options are shared between breakers only where they can be."""
    breaker = CircuitBreaker(1, failed_result=Rejecting(503), clock=clock)

    breaker.call(lambda: 200)
    before = breaker.counters
    breaker.call(lambda: 503)

    assert (before.total_calls, before.total_failures) == (1, 0)
    assert breaker.state is CircuitState.OPEN


def _awaited(function: Function) -> Callable[[], Coroutine[Any, Any, object]]:
    async def call() -> object:
        """Call it."""
        return function()

    return call


WAYS: dict[str, Way] = {
    "by hand": lambda breaker, function: breaker.call(function),
    "decorated": lambda breaker, function: breaker(function)(),
    "awaited": lambda breaker, function: asyncio.run(breaker(_awaited(function))()),
    "policy": lambda breaker, function: Policy("edges", breaker=breaker)(function)(),
    "policy, awaited": lambda breaker, function: asyncio.run(
        Policy("edges", breaker=breaker)(_awaited(function))()
    ),
}
way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())


@way
@pytest.mark.parametrize("slow_call_time", [None, 1])
def test_successes_move_a_window_of_time_on(
    way: Way, slow_call_time: float | None, clock: ManualClock
) -> None:
    """A success counts in the tenth in which it ends, also at its first moment."""
    breaker = CircuitBreaker(window_time=10, slow_call_time=slow_call_time, clock=clock)
    seen = []

    for wait in (0, 0.95, 0.05, 8.5):
        clock.advance(wait)
        way(breaker, int)
    for wait in (0.5, 0.5, 100):
        clock.advance(wait)
        seen.append(breaker.counters.calls)

    assert seen == [4, 2, 0]
    assert breaker.counters.total_calls == 4


@way
@pytest.mark.parametrize(
    ("options", "slow"),
    [
        ({}, 0),
        ({"window_calls": 20, "minimum_calls": 20}, 0),
        ({"window_time": 60, "minimum_calls": 20}, 0),
        ({"slow_call_time": 1, "minimum_calls": 20}, 1),
        ({"window_time": 60, "slow_call_time": 1, "minimum_calls": 20}, 1),
    ],
    ids=repr,
)
def test_every_way_counts_the_same(
    way: Way, options: dict[str, Any], slow: int, clock: ManualClock
) -> None:
    """What fails, by an error or by its result, what takes too long, and what is fine."""
    breaker = CircuitBreaker(
        **options, failed_result=lambda result: result == 503, clock=clock
    )

    way(breaker, lambda: clock.advance(1.5))
    way(breaker, lambda: clock.advance(1))
    way(breaker, lambda: 503)
    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        way(breaker, _fail)
    with pytest.raises(NotFoundError):
        way(breaker, _not_found)

    counters = breaker.counters
    assert counters.failures == counters.total_failures == 2
    assert counters.slow == counters.total_slow == slow
    assert counters.total_calls == 4


def test_the_defaults_of_a_window_are_as_documented(clock: ManualClock) -> None:
    """Fifty calls, of which ten are needed, and half of which may fail."""
    full, young = (CircuitBreaker(failure_rate=0.5, clock=clock) for _ in range(2))
    timed = CircuitBreaker(window_time=10, clock=clock)

    for _ in range(60):
        full.call(int)
    for breaker in (young, timed):
        for _ in range(5):
            breaker.call(int)
        for _ in range(4):
            with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
                breaker.call(_fail)
    before = young.state, timed.state
    _open(young)
    _open(timed)

    assert full.counters.calls == 50
    assert before == (CircuitState.CLOSED, CircuitState.CLOSED)


def test_who_is_refused_waits_for_the_next_place(clock: ManualClock) -> None:
    """Of two probes the one that began first gives its place up first."""
    breaker = CircuitBreaker(1, 5, 30, half_open_calls=2, clock=clock)
    _open(breaker)
    clock.advance(5)
    outside = contextvars.copy_context()

    def first() -> float:
        clock.advance(10)
        return outside.copy().run(breaker.call, lambda: breaker.retry_after)

    assert breaker.call(first) == 20


def test_a_new_round_of_probes_has_all_places(clock: ManualClock) -> None:
    """Those of the round before, which still run, hold none."""
    breaker = CircuitBreaker(1, reset_timeout=5, half_open_calls=2, clock=clock)
    _open(breaker)
    clock.advance(5)
    outside = contextvars.copy_context()

    def probe() -> None:
        outside.copy().run(_open, breaker)  # the other probe fails
        clock.advance(5)
        for _ in range(2):
            outside.copy().run(breaker.call, int)

    breaker.call(probe)

    assert breaker.state is CircuitState.CLOSED


def test_a_probe_that_is_over_is_no_part_of_the_next(clock: ManualClock) -> None:
    """What it calls behind the same breaker is a call like any other."""
    breaker = CircuitBreaker(1, reset_timeout=5, half_open_timeout=30, clock=clock)
    _open(breaker)
    clock.advance(5)
    outside = contextvars.copy_context()

    def late_probe() -> type[Exception] | None:
        inside = contextvars.copy_context()
        clock.advance(30)

        def next_probe() -> type[Exception] | None:
            try:
                inside.run(breaker.call, int)
            except CircuitBreakerError as error:
                return type(error)
            return None

        return outside.run(breaker.call, next_probe)

    assert breaker.call(late_probe) is CircuitBreakerError


def test_the_time_of_a_generator_is_its_consumers(clock: ManualClock) -> None:
    """It is never slow, whatever is slow for a call."""
    breaker = CircuitBreaker(slow_call_time=0.001, clock=clock)

    @breaker
    def numbers() -> Iterator[int]:
        """Give two items."""
        yield 1
        yield 2

    for _ in numbers():
        clock.advance(5)

    assert (breaker.counters.calls, breaker.counters.slow) == (1, 0)


def test_a_call_that_asks_too_late_goes_through(clock: ManualClock) -> None:
    """Between its look at the circuit and its question somebody has closed it."""
    circuit = CircuitBreaker(clock=clock).circuit

    ticket = circuit.admit()

    assert ticket is circuit.ticket
    assert circuit.counters.rejected == 0


def test_without_a_reset_timeout_the_next_call_probes(clock: ManualClock) -> None:
    """However often what it is multiplied by is multiplied."""
    breaker = CircuitBreaker(1, 0, reset_backoff=10, clock=clock)

    for _ in range(400):
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            breaker.call(_fail)

    assert breaker.state is CircuitState.HALF_OPEN
    assert breaker.counters.rejected == 0


def test_the_age_of_a_state_is_that_of_what_a_call_would_meet(
    clock: ManualClock,
) -> None:
    """An open circuit that may be probed is half-open since then, called or not."""
    breaker = CircuitBreaker(1, 60, clock=clock)
    ages = []

    def look(wait: float) -> None:
        clock.advance(wait)
        ages.append((breaker.state.value, breaker.state_age))

    look(0.5)
    _open(breaker)
    look(20)
    look(40)
    look(5)
    breaker.call(look, 3)
    look(7)

    assert ages == [
        ("closed", 0.5),
        ("open", 20),
        ("half_open", 0),
        ("half_open", 5),
        ("half_open", 3),
        ("closed", 7),
    ]


def test_a_window_of_time_keeps_no_more_as_it_gets_old(clock: ManualClock) -> None:
    """What has left it is gone, however many parts of it there have been."""
    breaker = CircuitBreaker(window_time=10, clock=clock)

    def live(seconds: int) -> None:
        for _ in range(seconds):
            clock.advance(1)
            breaker.call(int)

    live(100)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    live(2_000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert breaker.counters.calls < 20
    assert grown < 5_000
