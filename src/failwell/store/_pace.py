"""How much the shipper moves at once, and when it lets others work."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from failwell._clock import Clock
from failwell._dice import DICE
from failwell.spool import SpoolFrame

Item = TypeVar("Item")

_BATCH_FRAMES = 5000
_BATCH_BYTES = 4 * 1024 * 1024
# Beside requests: a short hold on the interpreter, then at least as long a rest.
_PACED_FRAMES = 250
_BREATH_S = 0.001
_SHORTEST_REST_S = 0.005
# What took longer waited for the database, and kept nobody from working.
_LONGEST_REST_S = 0.25
_BACKOFF_S, _LONGEST_BACKOFF_S = 0.5, 30.0
_MOST_DOUBLINGS = 10


class Pace(Protocol):
    """How fast a pass goes."""

    frames: int
    """How many are moved at once, at most."""

    def proceed(self) -> bool:
        """Return whether to go on, after a batch and after a unit."""

    def between(self, items: Iterable[Item]) -> Iterable[Item]:
        """Return the same items; whoever works them off may be held up between two."""


class Steady:
    """As fast as it goes.

    Args:
        proceed: Says whether to go on.
    """

    frames = _BATCH_FRAMES

    def __init__(self, proceed: Callable[[], bool] = lambda: True) -> None:
        self.proceed = proceed

    def between(self, items: Iterable[Item]) -> Iterable[Item]:
        """Return the items as they are."""
        return items


class Considerate:
    """Beside requests: rests as long as it worked, within a batch and after it.

    A request that is served meanwhile waits for the interpreter a millisecond, and not
    for a whole batch.

    Args:
        stop: Ends a rest early.
        clock: Measures.
    """

    frames = _PACED_FRAMES

    def __init__(self, stop: threading.Event, clock: Clock) -> None:
        self._stop = stop
        self._clock = clock
        self._since = clock.monotonic()
        self._breathed = self._since

    def proceed(self) -> bool:
        """Rest; return False once it is time to stop."""
        busy = self._clock.monotonic() - self._since
        rest = min(max(_SHORTEST_REST_S, busy), _LONGEST_REST_S)
        stopped = self._stop.wait(rest)
        self._since = self._breathed = self._clock.monotonic()
        return not stopped

    def between(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items, with a breath after each millisecond."""
        clock = self._clock
        for item in items:
            if clock.monotonic() - self._breathed > _BREATH_S:
                clock.sleep(_BREATH_S)
                self._breathed = clock.monotonic()
            yield item


def batches(
    frames: Iterable[SpoolFrame], most: int
) -> Iterator[tuple[list[SpoolFrame], bool]]:
    """Yield the frames in batches, each with whether it is the last; at least one."""
    batch: list[SpoolFrame] = []
    size = 0
    for frame in frames:
        if len(batch) == most or size >= _BATCH_BYTES:
            yield batch, False
            batch, size = [], 0
        batch.append(frame)
        size += len(frame.payload)
    yield batch, True


def backoff(failures: int) -> float:
    """Return how long to wait after so many failures in a row, in seconds."""
    doubled = _BACKOFF_S * 2.0 ** min(failures, _MOST_DOUBLINGS)
    longest = min(_LONGEST_BACKOFF_S, doubled)
    return longest * DICE.uniform(0.5, 1.0)
