"""What was not kept: counted by reason, in the sink and here, and said aloud.

Owns the last resort of the room: it uses neither logging nor the network, and cannot
fail. Errors that were counted are kept, or stand here.
"""

import contextlib
import sys
import threading
from collections import Counter
from hashlib import blake2b

import msgspec

from failwell._clock import Clock
from failwell._settings import Settings
from failwell.records._model import LossDefinition
from failwell.records._sink import Sink
from failwell.records._text import type_name

SAMPLED_OUT = "sampled out"
_QUIET_S = 60.0


class Losses:
    """Counts by reason, and one line on standard error a minute at most.

    Args:
        settings: Names the application, its environment and release.
        sink: Counts them as it does errors, as far as it can.
        clock: Measures the minute.
    """

    def __init__(self, settings: Settings, sink: Sink, clock: Clock) -> None:
        self._settings = settings
        self._sink = sink
        self._clock = clock
        # Reentrant: a garbage collection inside may raise, and come back here.
        self._lock = threading.RLock()
        self._counts: Counter[str] = Counter()
        self._quiet_until = float("-inf")
        key, definition = self._define(SAMPLED_OUT)
        self.sampled_out = key, lambda: definition
        """What counts, by `count` of the sink, an error whose group has enough of them."""

    def counts(self) -> dict[str, int]:
        """Return how much was lost, by reason."""
        with self._lock:
            return dict(self._counts)

    def add(self, reason: str, problem: BaseException | None = None) -> None:
        """Count one loss; `problem` is named by its type, its text may be a secret."""
        key, definition = self._define(reason)
        # What was lost may be the sink itself.
        with contextlib.suppress(Exception):
            self._sink.count(key, lambda: definition)
        with self._lock:
            self._counts[reason] += 1
            now = self._clock.monotonic()
            if now < self._quiet_until:
                return
            self._quiet_until = now + _QUIET_S
            total = sum(self._counts.values())
        # Standard error may be closed, and the count has been taken.
        with contextlib.suppress(Exception):
            line = (
                f"failwell: {reason}{_because(problem)}; {total} such losses so far\n"
            )
            sys.stderr.write(line)

    def _define(self, reason: str) -> tuple[bytes, bytes]:
        definition = msgspec.json.encode(
            LossDefinition(
                application=self._settings.application,
                environment=self._settings.environment,
                release=self._settings.release,
                reason=reason,
            )
        )
        key = blake2b(definition, digest_size=8, person=b"failwell-loss").digest()
        return key, definition


def _because(problem: BaseException | None) -> str:
    if problem is None:
        return ""
    strerror = problem.strerror if isinstance(problem, OSError) else None
    return f" ({type_name(type(problem))}{f': {strerror}' if strerror else ''})"
