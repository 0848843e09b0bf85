"""When a circuit opens: failures in a row, a rate of failures, a rate of slow calls.

Owns the thresholds and what is said when one is reached. Counts nothing itself.
"""

from dataclasses import dataclass

from failwell.resilience._checks import (
    Seconds,
    duration_above_zero,
    share,
    whole_number,
)
from failwell.resilience._circuits._windows import (
    CallWindow,
    Counts,
    StreakWindow,
    TimeWindow,
    Window,
)

THRESHOLD = 5
_RATE, _CALLS, _MINIMUM = 0.5, 50, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TripOptions:
    """What `CircuitBreaker` was given about opening, not yet checked."""

    failure_threshold: int
    failure_rate: float | None
    window_calls: int | None
    window_time: Seconds | None
    minimum_calls: int | None
    slow_call_time: Seconds | None
    slow_call_rate: float | None

    @property
    def is_streak(self) -> bool:
        """Whether failures in a row open it: nothing of a window was given."""
        return (
            self.failure_rate is None
            and self.window_calls is None
            and self.window_time is None
            and self.minimum_calls is None
            and self.slow_call_time is None
            and self.slow_call_rate is None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """The thresholds of one breaker.

    Args:
        streak: The failures in a row that open it; None where a rate does.
        rate: The share of failures in the window that opens it.
        calls: How many calls the window holds, if it is none of time.
        time_s: How long the window is, if it is one of time.
        minimum: Calls in the window before a rate counts.
        slow_s: How long a call may take before it is slow; None: as long as it likes.
        slow_rate: The share of slow calls in the window that opens it.
    """

    streak: int | None = None
    rate: float = _RATE
    calls: int = _CALLS
    time_s: float | None = None
    minimum: int = _MINIMUM
    slow_s: float | None = None
    slow_rate: float = 1.0

    @property
    def is_timed(self) -> bool:
        """Whether each call has to look at the clock."""
        return self.time_s is not None or self.slow_s is not None

    def window(self, now: float) -> Window:
        """Return a new window that begins now."""
        if self.streak is not None:
            return StreakWindow(self.streak)
        if self.time_s is not None:
            return TimeWindow(self.time_s, now)
        return CallWindow(self.calls)

    def reason(self, counts: Counts) -> str | None:
        """Return why these counts open the circuit, None when they do not."""
        calls, failures, slow = counts
        if self.streak is not None:
            reached = failures >= self.streak
            return f"{failures} failures in a row" if reached else None
        if calls < self.minimum:
            return None
        if failures >= self.rate * calls:
            return f"{failures} of {calls} calls failed"
        if self.slow_s is not None and slow >= self.slow_rate * calls:
            return f"{slow} of {calls} calls took longer than {self.slow_s:g} s"
        return None


def checked_trip(given: TripOptions) -> Trip:
    """Check what was given about opening.

    Raises:
        TypeError: A parameter is of the wrong kind.
        ValueError: A value is not allowed, or not together with another.
    """
    streak = whole_number("failure_threshold", given.failure_threshold, lowest=1)
    if given.is_streak:
        return Trip(streak=streak)
    _refuse_what_excludes_itself(given, streak)
    calls = _or(given.window_calls, _CALLS)
    calls = whole_number("window_calls", calls, lowest=1)
    most = _MINIMUM if given.window_time is not None else min(_MINIMUM, calls)
    minimum = whole_number("minimum_calls", _or(given.minimum_calls, most), lowest=1)
    if given.window_time is None and minimum > calls:
        message = f"minimum_calls is {minimum}; allowed: up to window_calls, {calls}"
        raise ValueError(message)
    return Trip(
        rate=share("failure_rate", _or(given.failure_rate, _RATE)),
        calls=calls,
        time_s=_optional_time("window_time", given.window_time),
        minimum=minimum,
        slow_s=_optional_time("slow_call_time", given.slow_call_time),
        slow_rate=share("slow_call_rate", _or(given.slow_call_rate, 1.0)),
    )


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _optional_time(name: str, value: Seconds | None) -> float | None:
    return None if value is None else duration_above_zero(name, value)


def _refuse_what_excludes_itself(given: TripOptions, streak: int) -> None:
    if streak != THRESHOLD:
        message = (
            "failure_threshold counts failures in a row and excludes failure_rate, "
            "window_calls, window_time, minimum_calls and slow_call_time: leave it out, "
            "or them"
        )
        raise ValueError(message)
    if given.window_calls is not None and given.window_time is not None:
        message = "window_calls and window_time exclude each other: leave one out"
        raise ValueError(message)
    if given.slow_call_rate is not None and given.slow_call_time is None:
        message = "slow_call_rate needs slow_call_time: the seconds that are too many"
        raise ValueError(message)
