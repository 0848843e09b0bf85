"""The wrappers of a function that is retried, chosen when it is decorated.

Owns the attempts. What to retry and how long to wait is the plan's. A call that succeeds
at once makes nothing: the state of its attempts begins with the first failure.
"""

import functools
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.resilience._functions import FunctionKind
from failwell.resilience._generators import END, Stepped, driven
from failwell.resilience._retries._plan import Attempts, RetryPlan

Function = Callable[..., Any]


def wrapped(function: Function, kind: FunctionKind, plan: RetryPlan) -> Function:
    """Return `function` retried by `plan`."""
    if kind is FunctionKind.GENERATOR:
        wrapper = _generating(function, plan)
    elif kind is FunctionKind.ASYNC_GENERATOR:
        wrapper = driven(function, functools.partial(_Iteration, plan))
    elif kind is FunctionKind.AWAITED:
        wrapper = (_awaited if plan.is_simple else _awaited_noting)(function, plan)
    else:
        wrapper = (_called if plan.is_simple else _called_noting)(function, plan)
    return functools.wraps(function)(wrapper)


async def sleep_async(clock: Clock, seconds: float) -> None:
    """Wait without blocking the event loop; by a clock other than the system's, at once."""
    import asyncio  # noqa: PLC0415 - it would double the import time of failwell

    if clock is not SYSTEM_CLOCK:
        clock.sleep(seconds)
        seconds = 0
    await asyncio.sleep(seconds)


# The wrappers return what the function returns, which only the decorator's own
# signature can say.


def _called(function: Function, plan: RetryPlan) -> Function:  # noqa: C901 - one loop in one frame
    retried, sleep = plan.errors.classes, plan.clock.sleep

    def attempts(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, C901 - see above; one loop in one frame
        try:
            return function(*args, **kwargs)
        except retried as error:
            state = Attempts(plan)
            wait_s = state.wait_after(error)
            if wait_s is None:
                raise
        # From here on the state alone refers to the error and the frames it holds. It is
        # made to forget, for it is part of such a frame itself.
        try:
            while True:
                if wait_s > 0:
                    sleep(wait_s)
                try:
                    result = function(*args, **kwargs)
                except retried as error:
                    wait_s = state.wait_after(error)
                    if wait_s is None:
                        raise
                else:
                    state.succeed()
                    return result
        except BaseException as error:
            state.fail(error)
            raise

    return attempts


def _awaited(function: Function, plan: RetryPlan) -> Function:  # noqa: C901 - one loop in one frame
    retried, clock = plan.errors.classes, plan.clock

    async def attempts(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, C901 - see above; one loop in one frame
        """As in `_called`, awaited."""
        try:
            return await function(*args, **kwargs)
        except retried as error:
            state = Attempts(plan)
            wait_s = state.wait_after(error)
            if wait_s is None:
                raise
        # From here on the state alone refers to the error and the frames it holds. It is
        # made to forget, for it is part of such a frame itself.
        try:
            while True:
                if wait_s > 0:
                    await sleep_async(clock, wait_s)
                try:
                    result = await function(*args, **kwargs)
                except retried as error:
                    wait_s = state.wait_after(error)
                    if wait_s is None:
                        raise
                else:
                    state.succeed()
                    return result
        except BaseException as error:
            state.fail(error)
            raise

    return attempts


# A limit on the whole time needs the time before the first attempt, a budget is told of
# successes, and a predicate of results. To ask whether there is one in the wrappers above
# would cost every call a tenth of an empty one.


def _called_noting(function: Function, plan: RetryPlan) -> Function:  # noqa: C901 - one loop in one frame
    retried, sleep = plan.errors.classes, plan.clock.sleep

    def attempts(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - see above
        state = Attempts(plan)
        try:
            while True:
                try:
                    result = function(*args, **kwargs)
                except retried as error:
                    wait_s = state.wait_after(error)
                    if wait_s is None:
                        raise
                else:
                    wait_s = state.wait_after_success(result)
                    if wait_s is None:
                        return result
                if wait_s > 0:
                    sleep(wait_s)
        except BaseException as error:
            state.fail(error)
            raise

    return attempts


def _awaited_noting(function: Function, plan: RetryPlan) -> Function:  # noqa: C901 - one loop in one frame
    retried, clock = plan.errors.classes, plan.clock

    async def attempts(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - see above
        """As in `_called_noting`, awaited."""
        state = Attempts(plan)
        try:
            while True:
                try:
                    result = await function(*args, **kwargs)
                except retried as error:
                    wait_s = state.wait_after(error)
                    if wait_s is None:
                        raise
                else:
                    wait_s = state.wait_after_success(result)
                    if wait_s is None:
                        return result
                if wait_s > 0:
                    await sleep_async(clock, wait_s)
        except BaseException as error:
            state.fail(error)
            raise

    return attempts


def _generating(function: Function, plan: RetryPlan) -> Function:
    def attempts(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:  # noqa: ANN401 - see above
        state = Attempts(plan)
        try:
            generator, first = _begun(lambda: function(*args, **kwargs), state)
        except StopIteration as end:
            state.succeed()
            return end.value
        except BaseException as error:
            state.fail(error)
            raise
        state.succeed()
        return (yield from Stepped(generator, first=first))

    return attempts


def _begun(
    make: Callable[[], Generator[Any, Any, Any]], state: Attempts
) -> tuple[Generator[Any, Any, Any], Any]:
    plan = state.plan
    while True:
        generator = make()
        try:
            return generator, next(generator)
        except StopIteration:
            raise
        except plan.errors.classes as error:
            wait_s = state.wait_after(error)
            if wait_s is None:
                raise
        if wait_s > 0:
            plan.clock.sleep(wait_s)


class _Iteration:
    """Drives one async generator: another is begun until one has a first item.

    Args:
        plan: What to do about failures.
    """

    def __init__(self, plan: RetryPlan) -> None:
        self._attempts = Attempts(plan)

    def __enter__(self) -> None:
        """Begin nothing that would have to end."""

    def __exit__(self, *error: object) -> None:
        """Let it pass."""

    async def first(
        self, make: Callable[[], AsyncGenerator[Any, Any]]
    ) -> tuple[AsyncGenerator[Any, Any], Any]:
        """Return the generator whose first item came, and that item."""
        state, plan = self._attempts, self._attempts.plan
        try:
            while True:
                generator = make()
                try:
                    item = await anext(generator, END)
                except plan.errors.classes as error:
                    wait_s = state.wait_after(error)
                    if wait_s is None:
                        raise
                else:
                    state.succeed()
                    return generator, item
                if wait_s > 0:
                    await sleep_async(plan.clock, wait_s)
        except BaseException as error:
            state.fail(error)
            raise

    def step(self) -> AbstractContextManager[object]:
        """Leave later steps alone: what came cannot be taken back."""
        return nullcontext()
