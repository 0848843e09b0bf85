"""Stopping to call: the circuit breaker."""

from failwell.resilience._circuits._breaker import CIRCUITS, CircuitBreaker
from failwell.resilience._circuits._states import (
    CircuitChange,
    CircuitCounters,
    CircuitOverride,
    CircuitState,
)

__all__ = [
    "CIRCUITS",
    "CircuitBreaker",
    "CircuitChange",
    "CircuitCounters",
    "CircuitOverride",
    "CircuitState",
]
