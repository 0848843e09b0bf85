"""How much the shipper moves at once, and how long it rests between."""

import random
import threading
from collections.abc import Iterable, Iterator

from failwell._clock import Clock
from failwell.spool import SpoolFrame

BATCH_FRAMES = 5000
_BATCH_BYTES = 4 * 1024 * 1024
# Beside requests: a short hold on the interpreter, then at least as long a rest.
PACED_FRAMES = 250
_SHORTEST_REST_S = 0.005
# What took longer waited for the database, and kept nobody from working.
_LONGEST_REST_S = 0.25
_BACKOFF_S, _LONGEST_BACKOFF_S = 0.5, 30.0
_MOST_DOUBLINGS = 10


class Rest:
    """After each batch, rest about as long as it took."""

    def __init__(self, stop: threading.Event, clock: Clock) -> None:
        self._stop = stop
        self._clock = clock
        self._since = clock.monotonic()

    def proceed(self) -> bool:
        """Rest; return False once it is time to stop."""
        busy = self._clock.monotonic() - self._since
        rest = min(max(_SHORTEST_REST_S, busy), _LONGEST_REST_S)
        stopped = self._stop.wait(rest)
        self._since = self._clock.monotonic()
        return not stopped


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
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter is no secret
