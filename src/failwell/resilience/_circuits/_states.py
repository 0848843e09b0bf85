"""What can be seen of a circuit: its state, who holds it, its counters, its changes."""

from dataclasses import dataclass
from enum import StrEnum


class CircuitState(StrEnum):
    """The states of a circuit breaker."""

    CLOSED = "closed"
    """Calls go through."""
    OPEN = "open"
    """Calls are refused."""
    HALF_OPEN = "half_open"
    """A few calls, the probes, go through; their results decide."""


class CircuitOverride(StrEnum):
    """What an operator holds a circuit to, whatever the calls say."""

    OPEN = "open"
    """Calls are refused until it is reset."""
    CLOSED = "closed"
    """Calls go through and are counted, and nothing opens it."""
    DISABLED = "disabled"
    """Calls go through and are not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitCounters:
    """What a breaker has counted.

    Args:
        calls: Those in the window: the last ones, or those of the last seconds.
        failures: Those in the window that failed; while it is not closed, those that
            opened it and the probes that failed since.
        slow: Those in the window that took too long.
        rejected: Calls refused since the breaker was made.
        opened: How often it has opened since it was made.
        total_calls: Calls that counted since it was made, probes among them.
        total_failures: Those of them that failed.
        total_slow: Those of them that succeeded and took too long.
    """

    calls: int
    failures: int
    slow: int
    rejected: int
    opened: int
    total_calls: int
    total_failures: int
    total_slow: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitChange:
    """One change of a circuit, as listeners get it.

    Args:
        name: The breaker's name.
        before: The state that it was in.
        after: The state that it is in.
        reason: Why, in words that continue "circuit breaker NAME is …".
        retry_after: Seconds until it lets a call through; None when nobody knows.
        override: What an operator holds it to, if anything.
    """

    name: str
    before: CircuitState
    after: CircuitState
    reason: str
    retry_after: float | None = None
    override: CircuitOverride | None = None
