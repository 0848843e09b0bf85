"""What there is to measure of resilience in this process, whoever collects it.

Owns the names, and that breakers, bulkheads and budgets of one name are one: what they
count is added up. Reads when it is read, and costs a call nothing.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import NamedTuple

from failwell.resilience import (
    BUDGETS,
    BULKHEADS,
    CIRCUITS,
    CircuitOverride,
    CircuitState,
    RetryDetails,
    abandoned_threads,
    listen,
)
from failwell.resilience._registry import Named

Values = Mapping[tuple[str, ...], float]


class Measure(NamedTuple):
    """One thing to measure.

    Args:
        name: Its parts, from the general to the special.
        text: What it says.
        labels: The names of what tells its values apart.
        read: Returns the values of now by their labels.
        grows: Whether they only ever grow.
    """

    name: tuple[str, ...]
    text: str
    labels: tuple[str, ...]
    read: Callable[[], Values]
    grows: bool


class RetryCounts:
    """How often each function is retried, from now until `end`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, ...]] = Counter()
        self.end = listen(self._count)

    def _count(self, detail: object) -> None:
        if isinstance(detail, RetryDetails):
            with self._lock:
                self._counts[(detail.function,)] += 1

    def read(self) -> Values:
        """Return how often, by function."""
        with self._lock:
            return dict(self._counts)


def measures(retries: RetryCounts) -> tuple[Measure, ...]:
    """Return all that there is to measure."""
    name, function = ("name",), ("function",)
    states, overrides = ("name", "state"), ("name", "override")
    return (
        _gauge("circuit state", "Breakers in each state", states, _states),
        _gauge("circuit held", "Breakers that are held by hand", overrides, _held),
        *(
            _counter(f"circuit {what}", text, name, _of(CIRCUITS, f"counters.{field}"))
            for what, text, field in _OF_CIRCUITS
        ),
        *(
            _gauge(f"bulkhead {what}", text, name, _of(BULKHEADS, field))
            for what, text, field in _OF_BULKHEADS
        ),
        _counter(
            "bulkhead rejections", _REFUSED, name, _of(BULKHEADS, "rejected_count")
        ),
        _gauge(
            "retry_budget tokens", "Tokens that are left", name, _of(BUDGETS, "tokens")
        ),
        _counter(
            "retry_budget rejections",
            "Retries for which there was no token",
            name,
            _of(BUDGETS, "refused_count"),
        ),
        _counter("retries", "Calls that were made again", function, retries.read),
        _gauge(
            "abandoned_threads", "Threads whose call nobody waits for", (), _abandoned
        ),
    )


_REFUSED = "Calls that were refused"
_OF_CIRCUITS = (
    ("calls", "Calls that counted", "total_calls"),
    ("failures", "Calls that failed", "total_failures"),
    ("slow_calls", "Calls that succeeded and took too long", "total_slow"),
    ("rejections", _REFUSED, "rejected"),
    ("openings", "How often the circuit has opened", "opened"),
)
_OF_BULKHEADS = (
    ("in_use", "Calls that run", "in_use"),
    ("limit", "Calls that may run at a time", "max_concurrent"),
    ("waiting", "Calls that wait for a place", "waiting_count"),
)


def _gauge(
    name: str, text: str, labels: tuple[str, ...], read: Callable[[], Values]
) -> Measure:
    return Measure(tuple(name.split()), text, labels, read, grows=False)


def _counter(
    name: str, text: str, labels: tuple[str, ...], read: Callable[[], Values]
) -> Measure:
    return Measure(tuple(name.split()), text, labels, read, grows=True)


def _of(things: Iterable[Named], field: str) -> Callable[[], Values]:
    """Return what adds a field up by name."""
    value_of = attrgetter(field)

    def read() -> Values:
        sums: Counter[tuple[str, ...]] = Counter()
        for thing in things:
            sums[(thing.name,)] += value_of(thing)
        return sums

    return read


def _states() -> Values:
    counts: Counter[tuple[str, ...]] = Counter()
    for breaker in CIRCUITS:
        now = breaker.state
        for state in CircuitState:
            counts[breaker.name, state.value] += state is now
    return counts


def _held() -> Values:
    counts: Counter[tuple[str, ...]] = Counter()
    for breaker in CIRCUITS:
        now = breaker.override
        for override in CircuitOverride:
            counts[breaker.name, override.value] += override is now
    return counts


def _abandoned() -> Values:
    return {(): abandoned_threads()}
