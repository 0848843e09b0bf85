"""Retries, refusals and circuits in the spans and metrics of OpenTelemetry."""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer

from failwell.exceptions import RateLimitedError
from failwell.integrations.opentelemetry import observe_resilience
from failwell.resilience import Bulkhead, CircuitBreaker, rate_limit, retry
from failwell.testing import ManualClock

Events = list[tuple[str, dict[str, Any]]]


class Traced:
    """What the SDK has in memory."""

    def __init__(self) -> None:
        provider, self._spans = TracerProvider(), InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self._reader = InMemoryMetricReader()
        self.meters = MeterProvider([self._reader])
        self.tracer: Tracer = provider.get_tracer("test")

    def events(self) -> Events:
        """Return name and attributes of the events of all spans that have ended."""
        return [
            (event.name, dict(event.attributes or {}))
            for span in self._spans.get_finished_spans()
            for event in span.events
        ]

    def values(self, metric: str) -> dict[frozenset[Any], Any]:
        """Read all meters; return the values of one metric by their attributes."""
        data: Any = self._reader.get_metrics_data()
        return {
            frozenset(point.attributes.items()): point.value
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for found in scope.metrics
            if found.name == metric
            for point in found.data.data_points
        }


@pytest.fixture
def traced() -> Iterator[Traced]:
    """An SDK that keeps everything, and observes resilience."""
    traced = Traced()
    end = observe_resilience(traced.meters)
    yield traced
    end()
    traced.meters.shutdown()


def _fail() -> None:
    raise OSError("the password is hunter2")


def test_retries_are_events_of_the_current_span(traced: Traced) -> None:
    """With the kind of error and without its message."""
    failing = retry(OSError, 2, delay=3, jitter=None, clock=ManualClock())(_fail)

    with traced.tracer.start_as_current_span("work"), contextlib.suppress(OSError):
        failing()

    assert traced.events() == [
        (
            "failwell.retry",
            {
                "failwell.function": f"{__name__}:_fail",
                "failwell.attempt": 1,
                "failwell.tries": 2,
                "failwell.wait": 3.0,
                "failwell.error": "OSError",
            },
        )
    ]


def test_a_circuit_tells_its_changes_and_refusals(traced: Traced) -> None:
    """On the span of the call that is refused, or that has changed it."""
    clock = ManualClock()
    breaker = CircuitBreaker(1, name="mail", clock=clock)

    with traced.tracer.start_as_current_span("work"):
        for function in (_fail, int):
            with contextlib.suppress(Exception):
                breaker.call(function)
        breaker.force_open()
        with contextlib.suppress(Exception):
            breaker.call(int)

    events = traced.events()
    assert [name for name, _ in events] == [
        "failwell.circuit",
        "failwell.refused",
        "failwell.circuit",
        "failwell.refused",
    ]
    opened, refused, held, refused_for_good = [facts for _, facts in events]
    assert opened["failwell.before"] == "closed"
    assert opened["failwell.after"] == "open"
    assert "1 failures in a row" in opened["failwell.reason"]
    assert refused == {
        "failwell.strategy": "circuit breaker",
        "failwell.name": "mail",
        "failwell.retry_after": 60.0,
    }
    assert held["failwell.override"] == "open"
    assert "failwell.retry_after" not in refused_for_good


def test_a_half_open_circuit_tells_whom_it_refuses(traced: Traced) -> None:
    """While its probe runs."""
    clock = ManualClock()
    breaker = CircuitBreaker(1, reset_timeout=5, name="probed", clock=clock)
    with contextlib.suppress(OSError):
        breaker.call(_fail)
    clock.advance(5)

    with traced.tracer.start_as_current_span("work"):
        _refuse_meanwhile(breaker)

    refusals = [facts for name, facts in traced.events() if name == "failwell.refused"]
    assert [facts["failwell.retry_after"] for facts in refusals] == [30.0]


def _refuse_meanwhile(breaker: CircuitBreaker) -> None:
    """Call by the side of a call that probes."""
    outside = contextvars.copy_context()

    def probe() -> None:
        with contextlib.suppress(Exception):
            outside.run(breaker.call, int)

    breaker.call(probe)


def test_bulkheads_and_rate_limits_tell_whom_they_refuse(traced: Traced) -> None:
    """Each by its name."""
    bulkhead, limited = Bulkhead(1, name="one"), rate_limit("1/hour", name="rare")(int)
    limited()

    with traced.tracer.start_as_current_span("work"), bulkhead:
        with contextlib.suppress(Exception):
            bulkhead(int)()
        with pytest.raises(RateLimitedError):
            limited()

    refused = [facts for _, facts in traced.events()]
    assert [(f["failwell.strategy"], f["failwell.name"]) for f in refused] == [
        ("bulkhead", "one"),
        ("rate limit", "rare"),
    ]


def test_nothing_is_told_without_a_span_that_records(traced: Traced) -> None:
    """Nor after the end."""
    failing = retry(OSError, clock=ManualClock())(_fail)
    with contextlib.suppress(OSError):
        failing()
    end = observe_resilience(traced.meters)
    end()

    with traced.tracer.start_as_current_span("other"):
        pass

    assert traced.events() == []


def test_the_end_of_observing_ends_the_events() -> None:
    """What happens later is no event."""
    traced = Traced()
    observe_resilience(traced.meters)()

    with traced.tracer.start_as_current_span("work"), contextlib.suppress(OSError):
        retry(OSError, clock=ManualClock())(_fail)()

    assert traced.events() == []


def test_meters_read_what_there_is(traced: Traced) -> None:
    """Counters and gauges by name, when they are collected."""
    breaker = CircuitBreaker(1, name="metered", clock=ManualClock())
    failing = retry(OSError, 2, clock=ManualClock())(breaker(_fail))
    with contextlib.suppress(Exception):
        failing()

    metered = frozenset({("name", "metered")})
    is_open = frozenset({("name", "metered"), ("state", "open")})
    retried = frozenset({("function", f"{__name__}:_fail")})
    assert traced.values("failwell.circuit.calls")[metered] == 1
    assert traced.values("failwell.circuit.state")[is_open] == 1
    assert traced.values("failwell.retries")[retried] == 1
    assert traced.values("failwell.abandoned_threads") == {frozenset(): 0}
