"""`retry` and `retrying`: the options, checked."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.resilience._checks import (
    ErrorClasses,
    Seconds,
    duration,
    duration_above_zero,
    error_classes,
    number_above_zero,
    predicate,
    whole_number,
    wrong_type,
    wrong_value,
)
from failwell.resilience._faults import FOR_RETRIES, CoveredErrors
from failwell.resilience._functions import full_name, kind_of
from failwell.resilience._listeners import Listener
from failwell.resilience._retries._backoff import JITTERS, Backoff, Jitter
from failwell.resilience._retries._block import Retrying
from failwell.resilience._retries._budget import RetryBudget, budget_of
from failwell.resilience._retries._details import RetryDetails
from failwell.resilience._retries._plan import RetryPlan
from failwell.resilience._retries._wrappers import wrapped

P = ParamSpec("P")
R = TypeVar("R")

RetryLogger = Callable[[str], object]


class Retry:
    """A decorator that retries; `retry` makes it.

    Args:
        plan: What to do about failures.
    """

    def __init__(self, plan: RetryPlan) -> None:
        self.plan = plan

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` retried, with its name, docstring and signature."""
        kind = kind_of(function, "retry")
        return wrapped(function, kind, self.plan_for(full_name(function)))

    def plan_for(self, function: str) -> RetryPlan:
        """Return the plan for a function, which lines about it name."""
        return dataclasses.replace(self.plan, function=function)


def retry(  # noqa: PLR0913 - five are given by the contract, the others by keyword only
    exceptions: ErrorClasses,
    tries: int = 3,
    delay: Seconds = 1.0,
    backoff: float = 2.0,
    logger: RetryLogger | None = None,
    *,
    when: Callable[[Any], object] | None = None,
    failed_result: Callable[[Any], object] | None = None,
    jitter: Jitter = "full",
    max_delay: Seconds | None = None,
    max_elapsed: Seconds | None = None,
    budget: RetryBudget | str | None = None,
    before_sleep: Callable[[RetryDetails], object] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Retry:
    """Call again when a call fails, and raise the last error when all have failed.

    Works on functions, on coroutine functions, which wait without blocking the event
    loop, and on generator functions of both kinds, which are begun again until the first
    item has come. The last error is raised as it is, with its own traceback and cause;
    the errors of up to four attempts before it are its contexts. Put it above a `CircuitBreaker`, so that the breaker sees every attempt.

    Some kinds of error are retried only when `exceptions` names their kind, not when a
    broad class such as `Exception` merely includes them: an open circuit
    (`CircuitBreakerError`), a full bulkhead (`BulkheadFullError`), a passed deadline
    (`DeadlineExceededError`, with the `CallTimeoutError` of a call that still runs in its
    thread), an `AppError` below 500 that is not `retryable`, and what is outside
    `Exception`, such as `KeyboardInterrupt`.

    Where an error or its response asks to wait (`retry_after`, the header
    `Retry-After`), no wait is shorter than that, up to `max_delay`, or to 60 seconds
    without one. Where a `deadline` is set, it gives up before a wait that would pass it.

    Args:
        exceptions: The errors to retry: a class or several.
        tries: Calls in all, from 1; default 3.
        delay: The longest first wait, in seconds from 0 or as a timedelta; default 1.
            With 0 nothing sleeps.
        backoff: What each longest wait is times the one before; above 0, default 2.
        logger: Called with one line a retry that names the function, the wait and the
            error, such as `app.logger.warning`. What it raises is logged, no more.
        when: Told an error of `exceptions`, whether to retry it. What it raises is
            logged, and the error is not retried.
        failed_result: Told a result, whether it is a failure to retry, too; the last
            one is returned. What it raises is logged, and the result is none.
        jitter: `full` (default) waits a random part of the longest wait, `equal` of its
            upper half, `decorrelated` between `delay` and three times the wait before;
            None waits exactly `delay`, `delay*backoff`, ….
        max_delay: What no wait exceeds; default no limit.
        max_elapsed: The whole time, attempts and waits, after which no further call
            begins; it gives up before a wait that would pass it. Default no limit.
        budget: A `RetryBudget`, or the name of one, that retries are taken from; default
            no limit.
        before_sleep: Called with `RetryDetails` before each wait. What it raises is
            logged, no more.
        clock: Time; any but the system's must not block in `sleep` when the function
            is awaited.

    Returns:
        A decorator that keeps the function's name, docstring and signature.

    Raises:
        TypeError: A parameter is of the wrong kind, or what is decorated is no function.
        ValueError: A parameter has a value that is not allowed.
    """
    if jitter not in JITTERS:
        allowed = "'full', 'equal', 'decorrelated' or None"
        raise wrong_value("jitter", jitter, allowed)
    plan = RetryPlan(
        errors=CoveredErrors(error_classes("exceptions", exceptions), FOR_RETRIES),
        when=predicate("when", when),
        failed_result=predicate("failed_result", failed_result),
        tries=whole_number("tries", tries, lowest=1),
        backoff=Backoff(
            delay_s=duration("delay", delay),
            factor=number_above_zero("backoff", backoff),
            max_delay_s=None if max_delay is None else duration("max_delay", max_delay),
            jitter=jitter,
        ),
        max_elapsed_s=(
            None
            if max_elapsed is None
            else duration_above_zero("max_elapsed", max_elapsed)
        ),
        budget=budget_of(budget),
        listeners=_listeners(logger, before_sleep),
        clock=clock,
    )
    return Retry(plan)


def _with_parameters_of(
    model: Callable[P, object],
) -> Callable[[Callable[..., R]], Callable[P, R]]:
    def adopt(function: Callable[..., R]) -> Callable[P, R]:
        function.__signature__ = inspect.signature(model)  # type: ignore[attr-defined] # what inspect looks for
        return function

    return adopt


@_with_parameters_of(retry)
def retrying(*args: Any, **kwargs: Any) -> Retrying:  # noqa: ANN401 - they are those of `retry`
    """Give the attempts of a block that is retried.

    As `for attempt in retrying(OSError):` with `with attempt:` as the loop's body.

    The parameters are those of `retry`; a block has no result, so `failed_result` does
    nothing here. `async for` waits without blocking the event loop. An attempt knows its
    `number`, from 1.

    Raises:
        TypeError: A parameter is of the wrong kind.
        ValueError: A parameter has a value that is not allowed.
    """
    return Retrying(retry(*args, **kwargs).plan)


def _listeners(logger: object, before_sleep: object) -> tuple[Listener, ...]:
    checked = predicate("before_sleep", before_sleep)
    listeners = () if checked is None else (checked,)
    if logger is None:
        return listeners
    if not callable(logger) or inspect.iscoroutinefunction(logger):
        allowed = "a function that takes one line, such as app.logger.warning"
        raise wrong_type("logger", logger, allowed)
    return (functools.partial(_log, logger), *listeners)


def _log(logger: RetryLogger, details: RetryDetails) -> None:
    logger(details.line)
