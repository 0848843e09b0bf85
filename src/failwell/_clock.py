"""Time, injected.

Owns the only calls of the system's clocks and of `sleep`. Everything else takes a
`Clock`, so that no test sleeps and nothing depends on the wall clock by accident.
"""

import time
from typing import Protocol


class Clock(Protocol):
    """The three things that failwell asks of time."""

    def now(self) -> float:
        """Return the wall clock, in seconds since 1970-01-01 UTC. For people only."""

    def monotonic(self) -> float:
        """Return seconds that never go back. For durations and deadlines."""

    def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""


class SystemClock:
    """The machine's own clocks, without a wrapper frame between."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


SYSTEM_CLOCK: Clock = SystemClock()
