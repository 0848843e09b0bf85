"""`timeout`: how long one call may take."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from failwell.exceptions import CallTimeoutError, DeadlineExceededError
from failwell.resilience._checks import Seconds, duration_above_zero, whole_number
from failwell.resilience._deadline import deadline, remaining_or
from failwell.resilience._functions import full_name, is_awaited, qualified_name
from failwell.resilience._threads import Threads

P = ParamSpec("P")
R = TypeVar("R")


class timeout:  # noqa: N801 - it is written like the function it is used as
    """Give each call so many seconds, and raise when they are over.

    A coroutine function is cancelled, as by `asyncio.timeout`.

    **A function that is not awaited cannot be stopped.** With `in_thread=True` each call
    runs in a thread, in a copy of the caller's context, and is left behind when its time
    is over: it goes on, holds its connection and its locks, and **whatever it does may
    still happen**. At most `threads` run at a time, those left behind included; when all
    are taken, calls are refused with `BulkheadFullError`. A retry calls again only when
    `CallTimeoutError` is named, for the first call may still succeed. A database session
    that belongs to a thread is another one there. Each call switches threads twice. Where a
    client takes a time-out, hand it `remaining_or(…)` of a `deadline` instead.

    Inside, `remaining()` tells the time left, also where a deadline around is earlier.

    Args:
        seconds: How long, above 0, or a `timedelta`.
        in_thread: Whether a function that is not awaited is run in a thread.
        threads: How many threads, from 1; default 8 for each `timeout`.

    Raises:
        TypeError: A parameter is of the wrong kind, or what is decorated is a generator
            function, or a function without `in_thread`.
        ValueError: A parameter has a value that is not allowed.
    """

    def __init__(
        self, seconds: Seconds, *, in_thread: bool = False, threads: int = 8
    ) -> None:
        self._seconds = duration_above_zero("seconds", seconds)
        self._in_thread = in_thread
        self._limit = whole_number("threads", threads, lowest=1)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` with so many seconds for each call."""
        if is_awaited(function, "timeout"):
            wrapper = self._awaited(function)
        elif self._in_thread:
            wrapper = self._threaded(function)
        else:
            message = (
                f"timeout cannot stop {full_name(function)}, which is not awaited: give "
                "its client the time-out, from `remaining_or(…)` of a `deadline`, or "
                "read what `timeout(…, in_thread=True)` does"
            )
            raise TypeError(message)
        return functools.wraps(function)(wrapper)

    def _awaited(self, function: Callable[..., Any]) -> Callable[..., Any]:
        seconds = self._seconds

        async def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the function returns
            """Await it for so long."""
            import asyncio  # noqa: PLC0415 - it would double the import time of failwell

            limit_s = remaining_or(seconds)
            limit = asyncio.timeout(limit_s)
            try:
                with deadline(seconds):
                    async with limit:
                        return await function(*args, **kwargs)
            except TimeoutError:
                if not limit.expired():  # its own
                    raise
            raise _too_late(seconds, limit_s)

        return wrapper

    def _threaded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        seconds = self._seconds
        pool = Threads(self._limit, f"timeout of {qualified_name(function)}")

        def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the function returns
            limit_s = remaining_or(seconds)
            with deadline(seconds):
                call = functools.partial(function, *args, **kwargs)
                return pool.run(call, limit_s)

        return wrapper


def _too_late(seconds: float, limit_s: float) -> DeadlineExceededError:
    if limit_s < seconds:  # the deadline around was earlier
        return DeadlineExceededError()
    return CallTimeoutError(seconds)
