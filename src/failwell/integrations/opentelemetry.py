"""Resilience in the traces and metrics of OpenTelemetry.

    end = observe_resilience()

Needs its API alone; without an SDK nothing is told and nothing read.
"""

from collections.abc import Callable, Iterator

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation

from failwell.integrations._measures import Measure, RetryCounts, measures
from failwell.resilience import CallRefused, CircuitChange, RetryDetails, listen

__all__ = ["observe_resilience"]


def observe_resilience(
    meter_provider: MeterProvider | None = None,
) -> Callable[[], None]:
    """Add events to spans, and instruments that are read when the meters are.

    The events `failwell.retry`, `failwell.refused` and `failwell.circuit` are those of the
    span that is current where it happens; where that records nothing, nothing is made.
    The instruments are `failwell.circuit.state` and so on, one value for each name.

    Args:
        meter_provider: Whose instruments; default: those of the global one.

    Returns:
        A function that ends the events. OpenTelemetry has no way to take instruments back.
    """
    meter = metrics.get_meter("failwell", meter_provider=meter_provider)
    retries = RetryCounts()
    for measure in measures(retries):
        create = (
            meter.create_observable_counter
            if measure.grows
            else meter.create_observable_gauge
        )
        name = ".".join(("failwell", *measure.name))
        create(name, callbacks=[_reading(measure)], description=measure.text)
    end_events = listen(_add_event)

    def end() -> None:
        end_events()
        retries.end()

    return end


def _reading(measure: Measure) -> Callable[[CallbackOptions], Iterator[Observation]]:
    def read(_: CallbackOptions) -> Iterator[Observation]:
        for labels, value in measure.read().items():
            named = dict(zip(measure.labels, labels, strict=True))
            yield Observation(value, named)

    return read


def _add_event(detail: object) -> None:
    span = trace.get_current_span()
    if not span.is_recording():
        return
    if isinstance(detail, RetryDetails):
        name, facts = "failwell.retry", _of_retry(detail)
    elif isinstance(detail, CallRefused):
        name, facts = "failwell.refused", _of_refusal(detail)
    elif isinstance(detail, CircuitChange):
        name, facts = "failwell.circuit", _of_change(detail)
    else:
        return
    known = {f"failwell.{k}": v for k, v in facts.items() if v is not None}
    span.add_event(name, known)


Facts = dict[str, str | int | float | None]


def _of_retry(details: RetryDetails) -> Facts:
    # The message of an error may hold what must not leave the process.
    error = details.error
    return {
        "function": details.function,
        "attempt": details.attempt,
        "tries": details.tries,
        "wait": details.wait_s,
        "error": None if error is None else type(error).__qualname__,
    }


def _of_refusal(refused: CallRefused) -> Facts:
    return {
        "strategy": refused.strategy,
        "name": refused.name,
        "retry_after": refused.retry_after,
    }


def _of_change(change: CircuitChange) -> Facts:
    return {
        "name": change.name,
        "before": change.before.value,
        "after": change.after.value,
        "reason": change.reason,
        "override": None if change.override is None else change.override.value,
    }
