"""The validated options of one breaker."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from failwell.resilience._circuits._trip import Trip
from failwell.resilience._faults import Verdict
from failwell.resilience._retries._backoff import Backoff


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitOptions:
    """The validated options of one breaker.

    Args:
        trip: When it opens.
        open_time: How long it refuses before it probes, after each failed round.
        half_open_timeout_s: How long a probe keeps its place, above 0.
        half_open_calls: Probes at a time, and successes that close it; from 1.
        verdict: Which errors are failures.
        failed_result: Whether a result is one.
    """

    trip: Trip
    open_time: Backoff
    half_open_timeout_s: float
    half_open_calls: int
    verdict: Verdict
    failed_result: Callable[[Any], object] | None


@lru_cache(maxsize=64)
def shared(options: CircuitOptions) -> CircuitOptions:
    """Return the first options that are equal to these: most breakers are made alike."""
    return options
