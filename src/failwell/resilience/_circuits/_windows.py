"""What a closed circuit counts: the outcomes of its last calls, or of the last seconds.

Each time that a circuit closes it gets a new window, so that the result of a call which
began before lands where nobody looks. A success is recorded without a lock by one call
into C, which takes one from an iterator; failures and slow calls come in under the
circuit's lock, and with them what succeeded since is looked at. Owns no threshold.

That taking from `itertools.repeat` is thread-safe holds in CPython and is promised
nowhere: where it is not, a success could be lost, a failure never.
"""

import itertools
import math
import operator
import sys
from array import array
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple, Protocol


class Outcome(IntEnum):
    """How a call ended."""

    SUCCESS = 0
    FAILURE = 1
    SLOW = 2
    """A success that took too long."""


class Counts(NamedTuple):
    """How many calls a window holds, and how many of them failed or were slow."""

    calls: int
    failures: int
    slow: int


class Window(Protocol):
    """What a circuit asks of either kind."""

    successes: Iterator[None]
    """Each success takes one."""
    edge: float
    """The monotonic time from which `turn_locked` has to be called before a success."""

    @property
    def succeeded(self) -> int:
        """How many successes there were since it began."""

    def turn_locked(self, now: float) -> None:
        """Let go what has become too old, and begin a new part."""

    def add_locked(self, outcome: Outcome, now: float) -> None:
        """Record what was no plain success."""

    def counts_locked(self, now: float) -> Counts:
        """Return what is in the window."""


class _Successes:
    """How many calls have succeeded: what is missing of an iterator of so many."""

    __slots__ = ("successes",)

    def __init__(self) -> None:
        self.successes: Iterator[None] = itertools.repeat(None, sys.maxsize)

    @property
    def succeeded(self) -> int:
        """How many successes there were since it began."""
        return sys.maxsize - operator.length_hint(self.successes)


class CallWindow(_Successes):
    """The outcomes of the last calls.

    Args:
        size: How many calls.
    """

    __slots__ = ("_calls", "_failures", "_seen", "_size", "_slow")

    edge = math.inf

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._calls = self._seen = 0
        # A bit for each call, the last one lowest.
        self._failures = self._slow = 0

    def turn_locked(self, now: float) -> None:
        """Do nothing: the oldest call leaves by itself."""

    def add_locked(self, outcome: Outcome, now: float) -> None:  # noqa: ARG002 - what it is asked like
        """Record what was no plain success."""
        self._see_locked()
        self._let_in_locked(1)
        if outcome is Outcome.FAILURE:
            self._failures |= 1
        else:
            self._slow |= 1

    def counts_locked(self, now: float) -> Counts:  # noqa: ARG002 - as above
        """Return what is in the window."""
        self._see_locked()
        return Counts(self._calls, self._failures.bit_count(), self._slow.bit_count())

    def _see_locked(self) -> None:
        succeeded = self.succeeded
        self._let_in_locked(succeeded - self._seen)
        self._seen = succeeded

    def _let_in_locked(self, calls: int) -> None:
        self._calls = min(self._size, self._calls + calls)
        self._failures = self._older(self._failures, calls)
        self._slow = self._older(self._slow, calls)

    def _older(self, bits: int, calls: int) -> int:
        # Nothing is shifted further than it takes to leave.
        if not bits or calls >= self._size:
            return 0
        return (bits << calls) & ((1 << self._size) - 1)


class StreakWindow(CallWindow):
    """The failures in a row: those among as many calls as it takes to open.

    Args:
        size: The failures in a row that open the circuit.
    """

    __slots__ = ()

    def counts_locked(self, now: float) -> Counts:
        """Return the calls and, of them, the failures since the last success."""
        calls = super().counts_locked(now).calls
        failures = self._failures
        # The lowest bit that is not set says how many below it are.
        streak = (~failures & (failures + 1)).bit_length() - 1
        return Counts(calls, streak, 0)


class TimeWindow(_Successes):
    """The outcomes of the last seconds, in ten parts.

    Only whole parts that are young enough count, so nothing older than the window does;
    what it sees is between nine tenths of the window and all of it.

    Args:
        length_s: How many seconds.
        now: The monotonic time at which it begins.
    """

    __slots__ = ("_begun", "_failures", "_length_s", "_past", "_seen", "_slow", "edge")

    PARTS = 10

    def __init__(self, length_s: float, now: float) -> None:
        super().__init__()
        self._length_s = length_s
        # Of each finished part: when it began, and its counts.
        self._past = array("d")
        # The successes of those parts.
        self._seen = 0
        self._begin_locked(now)

    def _begin_locked(self, now: float) -> None:
        self._begun = now
        self.edge = now + self._length_s / self.PARTS
        self._failures = self._slow = 0

    def turn_locked(self, now: float) -> None:
        """Let go what has become too old, and begin a new part."""
        if now >= self.edge:
            part = self._part_locked()
            self._past.extend((self._begun, *part))
            del self._past[: -4 * self.PARTS]
            self._seen += part.calls - part.failures - part.slow
            self._begin_locked(now)

    def add_locked(self, outcome: Outcome, now: float) -> None:
        """Record what was no plain success."""
        self.turn_locked(now)
        if outcome is Outcome.FAILURE:
            self._failures += 1
        else:
            self._slow += 1

    def counts_locked(self, now: float) -> Counts:
        """Return what is in the window."""
        self.turn_locked(now)
        calls, failures, slow = self._part_locked()
        oldest, past = now - self._length_s, self._past
        for place in range(0, len(past), 4):
            if past[place] >= oldest:
                calls += int(past[place + 1])
                failures += int(past[place + 2])
                slow += int(past[place + 3])
        return Counts(calls, failures, slow)

    def _part_locked(self) -> Counts:
        succeeded = self.succeeded - self._seen
        calls = succeeded + self._failures + self._slow
        return Counts(calls, self._failures, self._slow)
