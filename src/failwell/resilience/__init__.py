"""Calls to what may fail: try again, or stop calling.

Owns the retry and the circuit breaker. Refuses to know Flask, to hold a lock while the
caller's code runs, and to spend anything on a call that succeeds: each decorator makes
one wrapper, chosen at decoration by the kind of function.
"""

from failwell.resilience._circuits import (
    CIRCUITS,
    CircuitBreaker,
    CircuitChange,
    CircuitCounters,
    CircuitOverride,
    CircuitState,
)
from failwell.resilience._retries import (
    BUDGETS,
    Attempt,
    RetryBudget,
    RetryDetails,
    Retrying,
    retry,
    retrying,
)

__all__ = [
    "BUDGETS",
    "CIRCUITS",
    "Attempt",
    "CircuitBreaker",
    "CircuitChange",
    "CircuitCounters",
    "CircuitOverride",
    "CircuitState",
    "RetryBudget",
    "RetryDetails",
    "Retrying",
    "retry",
    "retrying",
]
