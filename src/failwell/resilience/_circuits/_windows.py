"""What a closed circuit counts: the outcomes of its last calls, or of the last seconds.

Each time that a circuit closes it gets a new window, so that the result of a call which
began before lands where nobody looks. A success is recorded without a lock by one call
into C; failures and slow calls come in under the circuit's lock. Owns no threshold.

Appending to a `deque` is promised to be thread-safe by its documentation. That
`itertools.count` is, holds in CPython and is promised nowhere: where it does not, a
success could be lost, a failure never.
"""

import functools
import itertools
import math
from array import array
from collections import deque
from collections.abc import Callable
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

    record: Callable[[int], object] | None
    """Record an outcome: one call into C; None where a call has to look at the clock."""
    succeed: Callable[[], object] | None
    """Record a success, one call into C; None where `record` is there for it."""
    edge: float
    """The monotonic time from which `turn_locked` has to be called before `succeed`."""

    def turn_locked(self, now: float) -> None:
        """Let go what has become too old, and begin a new part."""

    def add_locked(self, outcome: Outcome, now: float) -> None:
        """Record an outcome of any kind."""

    def counts_locked(self, now: float) -> Counts:
        """Return what is in the window."""


class CallWindow:
    """The outcomes of the last calls.

    Args:
        size: How many calls.
        timed: Whether each call has to look at the clock all the same.
    """

    __slots__ = ("_outcomes", "record", "succeed")

    edge = math.inf

    def __init__(self, size: int, *, timed: bool = False) -> None:
        self._outcomes: deque[int] = deque(maxlen=size)
        append = self._outcomes.append
        # One bound method, kept: as an object it tells the generation of a call.
        self.record: Callable[[int], object] | None = None if timed else append
        self.succeed: Callable[[], object] | None = None
        if timed:
            self.succeed = functools.partial(append, Outcome.SUCCESS)

    def turn_locked(self, now: float) -> None:
        """Do nothing: the oldest call leaves by itself."""

    def add_locked(self, outcome: Outcome, now: float) -> None:  # noqa: ARG002 - what it is asked like
        """Record an outcome of any kind."""
        self._outcomes.append(outcome)

    def counts_locked(self, now: float) -> Counts:  # noqa: ARG002 - as above
        """Return what is in the window."""
        outcomes = self._outcomes.copy()
        return Counts(
            len(outcomes),
            outcomes.count(Outcome.FAILURE),
            outcomes.count(Outcome.SLOW),
        )


class StreakWindow(CallWindow):
    """The failures in a row: those among as many calls as it takes to open.

    Args:
        size: The failures in a row that open the circuit.
    """

    __slots__ = ()

    def counts_locked(self, now: float) -> Counts:  # noqa: ARG002 - as above
        """Return the calls and, of them, the failures since the last success."""
        outcomes = self._outcomes.copy()
        streak = itertools.takewhile(Outcome.FAILURE.__eq__, reversed(outcomes))
        return Counts(len(outcomes), sum(1 for _ in streak), 0)


class TimeWindow:
    """The outcomes of the last seconds, in ten parts.

    Only whole parts that are young enough count, so nothing older than the window does;
    what it sees is between nine tenths of the window and all of it.

    Args:
        length_s: How many seconds.
        now: The monotonic time at which it begins.
    """

    __slots__ = ("_begun", "_count", "_failures", "_length_s", "_looks", "_past", "_slow", "edge", "record", "succeed")  # fmt: skip

    PARTS = 10

    def __init__(self, length_s: float, now: float) -> None:
        self._length_s = length_s
        # Of each finished part: when it began, and its counts.
        self._past = array("d")
        self.record: Callable[[int], object] | None = None
        self._begin_locked(now)

    def _begin_locked(self, now: float) -> None:
        self._begun = now
        self.edge = now + self._length_s / self.PARTS
        self._failures = self._slow = self._looks = 0
        self._count = itertools.count().__next__
        self.succeed: Callable[[], object] | None = self._count

    def turn_locked(self, now: float) -> None:
        """Let go what has become too old, and begin a new part."""
        if now >= self.edge:
            self._past.extend((self._begun, *self._part_locked()))
            del self._past[: -4 * self.PARTS]
            self._begin_locked(now)

    def add_locked(self, outcome: Outcome, now: float) -> None:
        """Record an outcome of any kind."""
        self.turn_locked(now)
        if outcome is Outcome.FAILURE:
            self._failures += 1
        elif outcome is Outcome.SLOW:
            self._slow += 1
        else:
            self._count()

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
        # The counter can only be read by counting on; the looks are taken off again.
        successes = self._count() - self._looks
        self._looks += 1
        calls = successes + self._failures + self._slow
        return Counts(calls, self._failures, self._slow)
