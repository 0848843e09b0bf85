"""The decorator `retry`: one loop round the function, called or awaited.

Owns the attempts. What to retry and how long to wait is the plan's.
"""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.resilience._backoff import Backoff, Jitter
from failwell.resilience._checks import (
    Seconds,
    duration,
    duration_above_zero,
    number_above_zero,
    whole_number,
    wrong_type,
    wrong_value,
)
from failwell.resilience._faults import RetryableErrors
from failwell.resilience._functions import full_name, is_awaited
from failwell.resilience._plan import RetryLogger, RetryPlan

P = ParamSpec("P")
R = TypeVar("R")

WaitAfter = Callable[[BaseException, int], float | None]


def retry(  # noqa: PLR0913 - five are given by the contract, the others by keyword only
    exceptions: type[BaseException] | Iterable[type[BaseException]],
    tries: int = 3,
    delay: Seconds = 1.0,
    backoff: float = 2.0,
    logger: RetryLogger | None = None,
    *,
    jitter: Jitter = "full",
    max_delay: Seconds | None = None,
    max_elapsed: Seconds | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Call again when a call fails, and raise the last error when all have failed.

    Works on functions and on coroutine functions, which wait without blocking the
    event loop. The last error is raised as it is, with its own traceback and cause.
    Put it above a `CircuitBreaker`, so that the breaker sees every attempt.

    Three kinds of error are retried only when `exceptions` names their kind, not when
    a broad class such as `Exception` merely includes them: an open circuit
    (`CircuitBreakerError`), an `AppError` below 500 that is not `retryable`, and what
    is outside `Exception`, such as `KeyboardInterrupt`.

    Args:
        exceptions: The errors to retry: a class or several.
        tries: Calls in all, from 1; default 3.
        delay: The longest first wait, in seconds from 0 or as a timedelta; default 1.
            With 0 nothing sleeps.
        backoff: What each longest wait is times the one before; above 0, default 2.
        logger: Called with one line a retry that names the function, the wait and the
            error, such as `app.logger.warning`. What it raises is logged, no more.
        jitter: `full` (default) waits a random part of the longest wait; None waits
            exactly `delay`, `delay*backoff`, ….
        max_delay: What no wait exceeds; default no limit.
        max_elapsed: The whole time, attempts and waits, after which no further call
            begins; it gives up before a wait that would pass it. Default no limit.
        clock: Time; any but the system's must not block in `sleep` when the function
            is awaited.

    Returns:
        A decorator that keeps the function's name, docstring and signature.

    Raises:
        TypeError: A parameter is of the wrong kind, or what is decorated is no
            function or a generator function.
        ValueError: A parameter has a value that is not allowed.
    """
    if jitter not in ("full", None):
        raise wrong_value("jitter", jitter, "'full' or None")
    plan = RetryPlan(
        errors=RetryableErrors(exceptions),
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
        logger=_checked_logger(logger),
        clock=clock,
    )

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        awaited = is_awaited(function, "retry")
        own_plan = dataclasses.replace(plan, function=full_name(function))
        if own_plan.max_elapsed_s is not None:
            wrapper = (_awaited_within if awaited else _called_within)(
                function, own_plan, own_plan.max_elapsed_s
            )
        else:
            wrapper = (_awaited if awaited else _called)(
                function, own_plan, own_plan.wait_after
            )
        return functools.wraps(function)(wrapper)

    return decorate


# The wrappers return what the function returns, which only the decorator's own
# signature can say.


def _called(
    function: Callable[..., Any], plan: RetryPlan, wait_after: WaitAfter
) -> Callable[..., Any]:
    retried, sleep = plan.errors.classes, plan.clock.sleep

    def attempts(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - see above
        attempt = 0
        while True:
            try:
                return function(*args, **kwargs)
            except retried as error:
                attempt += 1
                wait_s = wait_after(error, attempt)
                if wait_s is None:
                    raise
            # Out here the error and the frames it holds are gone, and the next one
            # does not get it as its context.
            if wait_s > 0:
                sleep(wait_s)

    return attempts


def _awaited(
    function: Callable[..., Any], plan: RetryPlan, wait_after: WaitAfter
) -> Callable[..., Any]:
    retried, clock = plan.errors.classes, plan.clock

    async def attempts(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - see above
        """As in `_called`, awaited."""
        attempt = 0
        while True:
            try:
                return await function(*args, **kwargs)
            except retried as error:
                attempt += 1
                wait_s = wait_after(error, attempt)
                if wait_s is None:
                    raise
            if wait_s > 0:
                await _sleep(clock, wait_s)

    return attempts


# A limit on the whole time needs the time before the first attempt. To read it in the
# wrappers above, even behind a flag, would cost every call a tenth of a plain one.


def _called_within(
    function: Callable[..., Any], plan: RetryPlan, limit_s: float
) -> Callable[..., Any]:
    now = plan.clock.monotonic

    def attempts_within(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - see above
        wait_after = functools.partial(plan.wait_after, ends=now() + limit_s)
        return _called(function, plan, wait_after)(*args, **kwargs)

    return attempts_within


def _awaited_within(
    function: Callable[..., Any], plan: RetryPlan, limit_s: float
) -> Callable[..., Any]:
    now = plan.clock.monotonic

    async def attempts_within(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - see above
        """As in `_called_within`, awaited."""
        wait_after = functools.partial(plan.wait_after, ends=now() + limit_s)
        return await _awaited(function, plan, wait_after)(*args, **kwargs)

    return attempts_within


async def _sleep(clock: Clock, seconds: float) -> None:
    import asyncio  # noqa: PLC0415 - it would double the import time of failwell

    if clock is not SYSTEM_CLOCK:
        clock.sleep(seconds)
        seconds = 0
    await asyncio.sleep(seconds)


def _checked_logger(logger: object) -> RetryLogger | None:
    allowed = "a function that takes one line, such as app.logger.warning"
    if logger is None:
        return None
    if not callable(logger) or inspect.iscoroutinefunction(logger):
        raise wrong_type("logger", logger, allowed)
    return logger
