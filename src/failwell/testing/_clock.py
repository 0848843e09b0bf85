"""Time that stands still until it is told to go on."""

import threading


class ManualClock:
    """A clock that moves only when told; a sleep moves it and is remembered.

    Args:
        now: The wall clock's first reading, seconds since 1970-01-01 UTC.
    """

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._lock = threading.Lock()
        self._now = now
        self._monotonic = 1_000.0
        self.sleeps: list[float] = []

    def now(self) -> float:
        """Return the wall clock."""
        return self._now

    def monotonic(self) -> float:
        """Return the monotonic clock."""
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        """Remember the wait and move on by it."""
        self.sleeps.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move both clocks forward."""
        with self._lock:
            self._now += seconds
            self._monotonic += seconds

    def set_wall(self, now: float) -> None:
        """Set the wall clock alone, as an administrator or NTP does."""
        self._now = now
