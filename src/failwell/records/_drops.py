"""What could not be kept: counted by reason, said aloud once a minute.

Owns the last resort of the room: it uses neither logging nor a disk, and cannot fail.
"""

import contextlib
import sys
import threading
from collections import Counter

from failwell._clock import Clock

_QUIET_S = 60.0


class Drops:
    """Counts of what was lost, and one line on standard error a minute at most."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # Reentrant: a garbage collection inside may raise, and come back here.
        self._lock = threading.RLock()
        self._counts: Counter[str] = Counter()
        self._quiet_until = float("-inf")

    def counts(self) -> dict[str, int]:
        """Return how much was lost, by reason."""
        with self._lock:
            return dict(self._counts)

    def add(self, reason: str, problem: BaseException | None = None) -> None:
        """Count one loss; `problem` is named by its type, its text may be a secret."""
        with self._lock:
            self._counts[reason] += 1
            now = self._clock.monotonic()
            if now < self._quiet_until:
                return
            self._quiet_until = now + _QUIET_S
            total = sum(self._counts.values())
        line = f"failwell: {reason}{_because(problem)}; {total} such losses so far\n"
        # The last resort: standard error may be closed, and the count has been taken.
        with contextlib.suppress(Exception):
            sys.stderr.write(line)


def _because(problem: BaseException | None) -> str:
    if problem is None:
        return ""
    strerror = problem.strerror if isinstance(problem, OSError) else None
    return f" ({type(problem).__name__}{f': {strerror}' if strerror else ''})"
