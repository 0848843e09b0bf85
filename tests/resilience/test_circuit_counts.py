"""What a breaker counts, in its window and in all, and what that takes."""

import contextlib
import itertools
import logging
import tracemalloc
from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failwell.exceptions import CircuitBreakerError
from failwell.resilience import CircuitBreaker, CircuitCounters
from failwell.resilience._circuits._windows import (
    CallWindow,
    Counts,
    Outcome,
    StreakWindow,
)
from failwell.testing import ManualClock


def _fail() -> None:
    raise OSError


def _call(breaker: CircuitBreaker, *outcomes: str) -> None:
    for outcome in outcomes:
        with contextlib.suppress(OSError, CircuitBreakerError):
            breaker.call(_fail if outcome == "fail" else int)


@given(st.integers(1, 130), st.lists(st.sampled_from(Outcome), max_size=200))
def test_a_window_of_calls_holds_the_last_ones(
    size: int, outcomes: list[Outcome]
) -> None:
    """As a list of the outcomes would, in any order and beyond any machine word."""
    looked_at, left_alone, streak = (
        CallWindow(size),
        CallWindow(size),
        StreakWindow(size),
    )
    model: deque[Outcome] = deque(maxlen=size)

    for outcome in outcomes:
        model.append(outcome)
        for window in (looked_at, left_alone, streak):
            if outcome is Outcome.SUCCESS:
                next(window.successes)
            else:
                window.add_locked(outcome, 0.0)
        assert looked_at.counts_locked(0.0) == _counts(model)

    in_a_row = sum(
        1 for _ in itertools.takewhile(Outcome.FAILURE.__eq__, reversed(model))
    )
    assert left_alone.counts_locked(0.0) == _counts(model)
    assert streak.counts_locked(0.0) == Counts(len(model), in_a_row, 0)
    assert left_alone.succeeded == outcomes.count(Outcome.SUCCESS)


def test_a_window_survives_any_number_of_successes() -> None:
    """A failure from before is not carried through as many bits."""
    window = CallWindow(100)
    window.add_locked(Outcome.FAILURE, 0.0)
    window.successes = itertools.repeat(None, 1)  # as if only one were left of all

    counts = window.counts_locked(0.0)

    assert counts == Counts(100, 0, 0)


def _counts(outcomes: deque[Outcome]) -> Counts:
    return Counts(
        len(outcomes), outcomes.count(Outcome.FAILURE), outcomes.count(Outcome.SLOW)
    )


@pytest.mark.parametrize(
    "options",
    [
        {"failure_threshold": 2},
        {"window_calls": 2, "failure_rate": 1},
        {"window_time": 10, "failure_rate": 0.6, "minimum_calls": 3},
    ],
    ids=repr,
)
def test_all_calls_are_counted_through_every_state(options: dict[str, Any]) -> None:
    """Those of windows that are over and of probes too, but not those refused."""
    clock = ManualClock()
    breaker = CircuitBreaker(reset_timeout=5, clock=clock, **options)

    _call(breaker, "good", "fail", "fail", "refused")
    opened = breaker.counters
    clock.advance(5)
    _call(breaker, "fail", "refused")
    clock.advance(5)
    _call(breaker, "good", "good", "fail")
    closed = breaker.counters
    breaker.disable()
    _call(breaker, "good", "fail")

    assert _in_all(opened) == (3, 2, 0, 1)
    assert _in_all(closed) == (7, 4, 0, 2)
    assert _in_all(breaker.counters) == (7, 4, 0, 2)


def test_slow_calls_are_counted_in_all() -> None:
    """They are calls, and no failures."""
    clock = ManualClock()
    breaker = CircuitBreaker(slow_call_time=1, clock=clock)

    breaker.call(clock.advance, 2)
    breaker.call(clock.advance, 1)

    assert _in_all(breaker.counters) == (2, 0, 1, 0)


def _in_all(counters: CircuitCounters) -> tuple[int, int, int, int]:
    return (
        counters.total_calls,
        counters.total_failures,
        counters.total_slow,
        counters.rejected,
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"failure_rate": 0.5},
        {"window_calls": 100},
        {"window_calls": 100, "slow_call_time": 1, "half_open_calls": 3},
        {"window_calls": 200},
        {"window_time": 10},
        {"window_time": 10, "slow_call_time": 1, "on_change": print},
    ],
    ids=repr,
)
@pytest.mark.parametrize("failing", [0, 2, 10])
def test_a_breaker_has_less_than_two_kilobytes(
    options: dict[str, Any], failing: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever it counts, also after more calls than its window holds, open or closed."""
    caplog.set_level(logging.CRITICAL, "failwell.resilience")

    def used() -> CircuitBreaker:
        breaker = CircuitBreaker(**options)
        for number in range(250):
            _call(breaker, "fail" if number % 10 < failing else "good")
        return breaker

    def size() -> float:
        tracemalloc.start()
        kept = [used() for _ in range(5)]
        traced, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return traced / len(kept)

    used()

    # The least: the registry's set, which all tests share, may grow at any time.
    assert min(size(), size(), size()) < 2_048


def test_a_slow_call_leaves_with_its_window() -> None:
    """Neither before the calls that came after it fill the window, nor after."""
    window, slow = CallWindow(2), []
    window.add_locked(Outcome.SLOW, 0.0)

    for _ in range(2):
        next(window.successes)
        slow.append(window.counts_locked(0.0).slow)

    assert slow == [1, 0]
