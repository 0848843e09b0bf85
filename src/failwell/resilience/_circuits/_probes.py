"""The calls that a half-open circuit lets through, and the places that they hold.

What a call takes along and hands in when it ends is its ticket: the window of a closed
circuit, a probe of a half-open one, or nothing where its result must not count.

Owns how many probe at a time, for how long each, and how many have succeeded. Each probe
has a number of its own, unique in the process: one that is over is never taken for
another.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any, Self

Ticket = Any
"""A window or the iterator of its successes, a `Probe`, or `NO_VERDICT`: the wrappers use
each in the way that is cheapest for the circuit's kind, which no type can say."""

_numbers = itertools.count(1)
_NO_PLACES: Mapping[Any, float] = {}
"""Of all circuits that are not half-open; never changed."""


class Probe:
    """The ticket of a call that probes.

    Args:
        passed: Told when the call has succeeded.
    """

    __slots__ = ("_passed", "number")

    edge = math.inf

    def __init__(self, passed: "Callable[[Probe], None]") -> None:
        self._passed = passed
        self.number = next(_numbers)

    @property
    def successes(self) -> Self:
        """What a success takes one from."""
        return self

    def __next__(self) -> None:
        self._passed(self)


class _NoVerdict:
    """The ticket of a call whose result counts nowhere."""

    __slots__ = ()

    edge = math.inf

    @property
    def successes(self) -> Self:
        """What a success takes one from."""
        return self

    def __next__(self) -> None:
        """Do nothing."""


NO_VERDICT = _NoVerdict()


class Probes:
    """The places of one half-open period.

    Args:
        limit: Probes at a time, and successes that close the circuit.
        place_s: How long a probe keeps its place when it does not come back.
    """

    __slots__ = ("_limit", "_place_s", "_places", "_succeeded")

    def __init__(self, limit: int, place_s: float) -> None:
        self._limit = limit
        self._place_s = place_s
        self.end_locked()

    def end_locked(self) -> None:
        """Give all places up and forget what succeeded: another state has begun."""
        self._places: Mapping[Probe, float] = _NO_PLACES
        self._succeeded = 0

    def take_locked(self, now: float, passed: Callable[[Probe], None]) -> Probe | None:
        """Return a new probe, None while all places are held."""
        if self.left_s(now) > 0:
            return None
        probe = Probe(passed)
        places = {p: ends for p, ends in self._places.items() if ends > now}
        self._places = {**places, probe: now + self._place_s}
        return probe

    def give_back_locked(self, ticket: Ticket) -> bool:
        """Give a place back; return whether the ticket is a probe that still held it."""
        if ticket not in self._places:
            return False
        self._places = {p: ends for p, ends in self._places.items() if p is not ticket}
        return True

    def succeed_locked(self) -> bool:
        """Count a success; return whether it was the last one needed."""
        self._succeeded += 1
        return self._succeeded >= self._limit

    def left_s(self, now: float) -> float:
        """Return the seconds until there is a place, 0.0 when there is one now."""
        if len(self._places) + self._succeeded < self._limit:
            return 0.0
        return max(0.0, min(self._places.values(), default=now) - now)

    def holds_one_of(self, numbers: frozenset[int]) -> bool:
        """Return whether one of these probes still has its place."""
        return any(probe.number in numbers for probe in self._places)
