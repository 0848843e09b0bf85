"""Breakers, bulkheads, budgets and retries, as Prometheus scrapes them."""

import contextlib
import gc
import os
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from failwell.exceptions import BulkheadFullError, CircuitBreakerError
from failwell.integrations.prometheus import ResilienceCollector
from failwell.resilience import Bulkhead, CircuitBreaker, RetryBudget, retry
from failwell.testing import ManualClock

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def registry() -> Iterator[CollectorRegistry]:
    """A registry that has the collector."""
    registry, collector = CollectorRegistry(auto_describe=True), ResilienceCollector()
    registry.register(collector)
    yield registry
    collector.close()


def _scraped(registry: CollectorRegistry) -> Samples:
    text = generate_latest(registry).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _of(samples: Samples, metric: str, **labels: str) -> float:
    return samples[metric, frozenset(labels.items())]


def _fail() -> None:
    raise OSError


def _call(breaker: CircuitBreaker, *functions: Callable[[], object]) -> None:
    for function in functions:
        with contextlib.suppress(OSError, CircuitBreakerError):
            breaker.call(function)


def test_a_breaker_is_scraped(registry: CollectorRegistry) -> None:
    """Its state, one of three, and what it has counted since it was made."""
    breaker = CircuitBreaker(2, name="scraped", clock=ManualClock())
    _call(breaker, int, _fail, _fail, int)

    samples = _scraped(registry)

    states = [
        _of(samples, "failwell_circuit_state", name="scraped", state=state)
        for state in ("closed", "open", "half_open")
    ]
    counts = [
        _of(samples, f"failwell_circuit_{what}_total", name="scraped")
        for what in ("calls", "failures", "slow_calls", "rejections", "openings")
    ]
    assert states == [0, 1, 0]
    assert counts == [3, 2, 0, 1, 1]


def test_breakers_of_one_name_are_one(registry: CollectorRegistry) -> None:
    """States say how many are in each, counts are added up; no series is there twice."""
    breakers = [CircuitBreaker(1, name="many", clock=ManualClock()) for _ in range(3)]
    _call(breakers[0], _fail)
    _call(breakers[1], int)
    breakers[2].disable()

    samples = _scraped(registry)

    assert _of(samples, "failwell_circuit_state", name="many", state="closed") == 2
    assert _of(samples, "failwell_circuit_state", name="many", state="open") == 1
    assert _of(samples, "failwell_circuit_calls_total", name="many") == 2
    assert _of(samples, "failwell_circuit_held", name="many", override="disabled") == 1
    assert _of(samples, "failwell_circuit_held", name="many", override="open") == 0


def test_a_bulkhead_and_a_budget_are_scraped(registry: CollectorRegistry) -> None:
    """How full they are, and what they have refused."""
    bulkhead, budget = Bulkhead(1, name="full"), RetryBudget(tokens=2, name="poor")
    failing = retry(OSError, 5, budget=budget, clock=ManualClock())(_fail)

    with bulkhead:
        for refused in (bulkhead(int), bulkhead(int)):
            with contextlib.suppress(BulkheadFullError):
                refused()
        with contextlib.suppress(OSError):
            failing()
        samples = _scraped(registry)

    bulkheads = [
        _of(samples, f"failwell_bulkhead_{what}", name="full")
        for what in ("in_use", "limit", "waiting", "rejections_total")
    ]
    assert bulkheads == [1, 1, 0, 2]
    assert _of(samples, "failwell_retry_budget_tokens", name="poor") == 1
    assert _of(samples, "failwell_retry_budget_rejections_total", name="poor") == 1
    assert _of(samples, "failwell_abandoned_threads") == 0


def test_retries_are_counted_by_function(registry: CollectorRegistry) -> None:
    """From the collector's beginning to its end."""
    failing = retry(OSError, 3, clock=ManualClock())(_fail)
    with contextlib.suppress(OSError):
        failing()

    samples = _scraped(registry)

    function = f"{__name__}:_fail"
    assert _of(samples, "failwell_retries_total", function=function) == 2


def test_a_collector_that_is_closed_counts_no_more() -> None:
    """And costs retries nothing any more."""
    registry, collector = CollectorRegistry(), ResilienceCollector()
    registry.register(collector)
    collector.close()

    with contextlib.suppress(OSError):
        retry(OSError, clock=ManualClock())(_fail)()

    assert not [name for name, _ in _scraped(registry) if "retries" in name]


def test_values_can_tell_their_process() -> None:
    """For workers that answer one scrape each."""
    registry, collector = CollectorRegistry(), ResilienceCollector(by_process=True)
    registry.register(collector)
    breaker = CircuitBreaker(name="worker")

    samples = _scraped(registry)
    collector.close()

    mine = {"name": breaker.name, "pid": str(os.getpid())}
    assert _of(samples, "failwell_circuit_calls_total", **mine) == 0
    assert all("pid" in dict(labels) for _, labels in samples)


def test_what_is_gone_is_not_scraped(registry: CollectorRegistry) -> None:
    """Neither does the collector keep it."""
    breaker = CircuitBreaker(name="gone")
    before = [labels for _, labels in _scraped(registry) if ("name", "gone") in labels]

    del breaker
    gc.collect()

    assert before
    assert not [
        labels for _, labels in _scraped(registry) if ("name", "gone") in labels
    ]
