"""Parameters at their edges: the last values that are allowed, and the first that are not."""

from collections.abc import Callable
from typing import Any

import pytest

from failwell.resilience import (
    Bulkhead,
    CircuitBreaker,
    Policy,
    RetryBudget,
    deadline,
    fallback,
    rate_limit,
    retry,
    timeout,
)

Make = Callable[..., object]

LONGEST = "n" * 200


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (retry, {"exceptions": OSError, "tries": 1, "delay": 0, "backoff": 0.001}),
        (retry, {"exceptions": OSError, "max_delay": 0, "max_elapsed": 0.001}),
        (RetryBudget, {"ratio": 1, "tokens": 0.001, "name": LONGEST}),
        (CircuitBreaker, {"failure_threshold": 1, "reset_timeout": 0, "name": "n"}),
        (CircuitBreaker, {"failure_rate": 1, "window_calls": 1, "minimum_calls": 1}),
        (CircuitBreaker, {"half_open_timeout": 0.001, "half_open_calls": 1}),
        (CircuitBreaker, {"reset_backoff": 1, "max_reset_timeout": 0}),
        (Bulkhead, {"max_concurrent": 1, "max_wait": 0, "name": LONGEST}),
        (deadline, {"seconds": 0}),
        (timeout, {"seconds": 0.001, "threads": 1}),
        (fallback, {"value": None, "last_good": 0.001, "max_kept": 1}),
        (rate_limit, {"limit": "1/second", "name": LONGEST}),
        (Policy, {"name": LONGEST, "deadline": 0.001}),
    ],
)
def test_the_last_value_of_a_range_is_allowed(
    make: Make, options: dict[str, object]
) -> None:
    """Ranges include the ends that their documentation names."""
    assert make(**options) is not None


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (retry, {"delay": True}),
        (RetryBudget, {"ratio": True}),
        (RetryBudget, {"tokens": True}),
        (CircuitBreaker, {"failure_rate": True}),
        (CircuitBreaker, {"reset_backoff": True}),
        (Bulkhead, {"max_concurrent": True}),
        (deadline, {"seconds": True}),
        (fallback, {"max_kept": True}),
        (timeout, {"threads": True}),
    ],
)
def test_a_truth_value_is_no_number(make: Make, options: dict[str, Any]) -> None:
    """Python counts with them; who writes one has mistaken the parameter."""
    needed = {
        retry: {"exceptions": OSError},
        fallback: {"value": 0},
        timeout: {"seconds": 1},
    }
    (name,) = options

    with pytest.raises(TypeError, match=f"{name} is True; allowed: "):
        make(**needed.get(make, {}), **options)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**400])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (RetryBudget, "ratio"),
        (RetryBudget, "tokens"),
        (CircuitBreaker, "reset_backoff"),
        (CircuitBreaker, "slow_call_time"),
        (Bulkhead, "max_wait"),
        (deadline, "seconds"),
    ],
)
def test_a_number_is_finite(make: Make, name: str, value: float) -> None:
    """Nothing waits for ever, or for what no float can hold."""
    needed = {Bulkhead: {"max_concurrent": 1}}

    with pytest.raises(ValueError, match=rf"{name} is .*; allowed: .*finite"):
        make(**needed.get(make, {}), **{name: value})
