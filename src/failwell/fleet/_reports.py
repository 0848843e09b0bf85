"""What the strategies of this process look like at one moment, to be shown elsewhere.

Owns the form in which that is told. Changes nothing, and holds nothing.
"""

import contextlib
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from failwell.resilience import (
    BUDGETS,
    BULKHEADS,
    CIRCUITS,
    POLICIES,
    CircuitBreaker,
    CircuitOverride,
    CircuitState,
)

_MOST_CIRCUITS = 200

HEARTBEAT_S = 30
"""After which a process tells of itself again, though nothing has changed."""
FRESH_S = 3 * HEARTBEAT_S
"""After which a report says nothing any more: its process has ended, or is cut off."""


class CircuitReport(msgspec.Struct, frozen=True, kw_only=True):
    """A circuit breaker."""

    name: str
    state: CircuitState
    since: datetime
    """When that state began."""
    retry_at: datetime | None
    """When a call may go through; None where one may now, or nobody knows."""
    override: CircuitOverride | None
    """What it is held to."""
    calls: int
    """Those in the window, of which `failures` and `slow` failed or were slow."""
    failures: int
    slow: int
    rejected: int
    """Calls refused since it was made."""
    opened: int
    """How often it has opened since then."""


class BulkheadReport(msgspec.Struct, frozen=True, kw_only=True):
    """A bulkhead: how many calls run, may run, wait, and were refused."""

    name: str
    in_use: int
    max_concurrent: int
    waiting: int
    rejected: int


class BudgetReport(msgspec.Struct, frozen=True, kw_only=True):
    """A budget of retries: its tokens, and the retries that there was none for."""

    name: str
    tokens: float
    max_tokens: float
    refused: int


class PolicyReport(msgspec.Struct, frozen=True, kw_only=True):
    """A policy: its strategies, from the outside in."""

    name: str
    strategies: tuple[str, ...]


class ProcessReport(msgspec.Struct, frozen=True, kw_only=True):
    """All of them in one process, sorted by name."""

    process: str
    """The name of the machine, and the process's number on it."""
    at: datetime
    circuits: tuple[CircuitReport, ...] = ()
    omitted: int = 0
    """Circuits beyond the first 200, all of them closed if any is."""
    bulkheads: tuple[BulkheadReport, ...] = ()
    budgets: tuple[BudgetReport, ...] = ()
    policies: tuple[PolicyReport, ...] = ()


def report_process(process: str, now: float) -> ProcessReport:
    """Return what there is in this process.

    Args:
        process: Its name.
        now: Seconds since 1970-01-01 UTC.
    """
    circuits = [_circuit(breaker, now) for breaker in CIRCUITS]
    shown = _first_of(circuits)
    return ProcessReport(
        process=process,
        at=_moment(now),
        circuits=shown,
        omitted=len(circuits) - len(shown),
        bulkheads=_bulkheads(),
        budgets=_budgets(),
        policies=tuple(
            PolicyReport(name=policy.name, strategies=policy.strategies)
            for policy in POLICIES
        ),
    )


def encode(report: ProcessReport) -> bytes:
    """Return a report as JSON."""
    return msgspec.json.encode(report)


def decode_all(texts: Iterable[str | bytes | None]) -> list[ProcessReport]:
    """Return the reports out of their JSON, but for what another release has written."""
    found = []
    for text in texts:
        with contextlib.suppress(msgspec.DecodeError):
            found.append(msgspec.json.decode(text or b"", type=ProcessReport))
    return found


def _first_of(circuits: Sequence[CircuitReport]) -> tuple[CircuitReport, ...]:
    """Return as many as are told, those that are not closed before the others."""
    by_need = sorted(circuits, key=lambda c: (c.state is CircuitState.CLOSED, c.name))
    return tuple(sorted(by_need[:_MOST_CIRCUITS], key=lambda c: c.name))


def _circuit(breaker: CircuitBreaker, now: float) -> CircuitReport:
    counters, left_s = breaker.counters, breaker.retry_after
    is_awaited = left_s > 0 and math.isfinite(left_s)
    return CircuitReport(
        name=breaker.name,
        state=breaker.state,
        since=_moment(now - breaker.state_age),
        retry_at=_moment(now + left_s) if is_awaited else None,
        override=breaker.override,
        calls=counters.calls,
        failures=counters.failures,
        slow=counters.slow,
        rejected=counters.rejected,
        opened=counters.opened,
    )


def _bulkheads() -> tuple[BulkheadReport, ...]:
    return tuple(
        BulkheadReport(
            name=bulkhead.name,
            in_use=bulkhead.in_use,
            max_concurrent=bulkhead.max_concurrent,
            waiting=bulkhead.waiting_count,
            rejected=bulkhead.rejected_count,
        )
        for bulkhead in BULKHEADS
    )


def _budgets() -> tuple[BudgetReport, ...]:
    return tuple(
        BudgetReport(
            name=budget.name,
            tokens=round(budget.tokens, 3),
            max_tokens=budget.max_tokens,
            refused=budget.refused_count,
        )
        for budget in BUDGETS
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
