"""`fallback`: what stands in for a call that has failed.

Owns the values that were good, by the arguments of the call, and how old they may be.
"""

import functools
import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.resilience._checks import (
    ErrorClasses,
    Seconds,
    duration_above_zero,
    error_classes,
    whole_number,
    wrong_type,
)
from failwell.resilience._faults import FOR_FALLBACKS, CoveredErrors
from failwell.resilience._functions import is_awaited
from failwell.resilience._mode import MODE

P = ParamSpec("P")
R = TypeVar("R")

NOTHING = object()
"""That there is no value; None may be one."""


class LastGood:
    """The last good results of one function, by its arguments.

    Args:
        max_age_s: How old one may be.
        limit: How many are kept, those used last.
        clock: Time.
    """

    def __init__(self, max_age_s: float, limit: int, clock: Clock) -> None:
        self._max_age_s = max_age_s
        self._limit = limit
        self._now = clock.monotonic
        self._lock = threading.Lock()
        self._kept: OrderedDict[Any, tuple[float, Any]] = OrderedDict()

    def keep(self, key: object, result: object) -> None:
        """Keep a result; arguments that cannot be a key are not kept."""
        with self._lock:
            try:
                self._kept[key] = self._now(), result
                self._kept.move_to_end(key)
            except TypeError:
                return
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)

    def find(self, key: object) -> object:
        """Return the result that is young enough, or `NOTHING`."""
        with self._lock:
            try:
                kept_at, result = self._kept[key]
            except (KeyError, TypeError):
                return NOTHING
        return result if self._now() - kept_at <= self._max_age_s else NOTHING


class fallback:  # noqa: N801 - it is written like the function it is used as
    """Return something else when a call has failed.

    A decorator for functions and coroutine functions. Tried in this order: the last good
    result for the same arguments, what `compute` returns, the value. Where there is none
    of them the error goes on. An error that says that the request is wrong (an
    `AppError` below 500 that is not `retryable`) and what is outside `Exception` go on
    in any case, unless their kind is named.

    Args:
        value: What to return. The same object each time: do not change it.
        compute: Called with the error, returns what to return; awaited where it is a
            coroutine function and so is the function. What it raises goes on.
        last_good: How old a result may be that stands in, in seconds above 0 or as a
            timedelta; default: none does. Arguments that cannot be hashed have none,
            and those of a method include its object, which is kept alive.
        exceptions: The errors that it stands in for; default `Exception`.
        max_kept: For how many different arguments results are kept, from 1.
        clock: Time.

    Raises:
        TypeError: A parameter is of the wrong kind, nothing was given that could stand
            in, or what is decorated is no function or a generator function.
        ValueError: A parameter has a value that is not allowed.
    """

    def __init__(
        self,
        value: object = NOTHING,
        *,
        compute: Callable[[Any], object] | None = None,
        last_good: Seconds | None = None,
        exceptions: ErrorClasses = Exception,
        max_kept: int = 128,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if value is NOTHING and compute is None and last_good is None:
            message = "fallback needs what stands in: a value, compute or last_good"
            raise TypeError(message)
        if compute is not None and not callable(compute):
            raise wrong_type("compute", compute, "a function that takes the error")
        self._value = value
        self._compute = compute
        self._max_age_s = (
            None if last_good is None else duration_above_zero("last_good", last_good)
        )
        self._errors = CoveredErrors(
            error_classes("exceptions", exceptions), FOR_FALLBACKS
        )
        self._limit = whole_number("max_kept", max_kept, lowest=1)
        self._clock = clock

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` with something that stands in for its failures."""
        is_coroutine = is_awaited(function, "fallback")
        if not is_coroutine and inspect.iscoroutinefunction(self._compute):
            allowed = "no coroutine function, for the decorated function is none"
            raise wrong_type("compute", self._compute, allowed)
        wrap = self._awaited if is_coroutine else self._called
        return functools.wraps(function)(wrap(function))

    @property
    def caught(self) -> tuple[type[BaseException], ...]:
        """The classes of errors to ask about."""
        return self._errors.classes

    @property
    def keeps(self) -> bool:
        """Whether good results are kept."""
        return self._max_age_s is not None

    def memory(self) -> LastGood | None:
        """Return what keeps the good results of one function, None to keep none."""
        if self._max_age_s is None:
            return None
        return LastGood(self._max_age_s, self._limit, self._clock)

    def stand_in(
        self, error: BaseException, memory: LastGood | None, key: object
    ) -> Any:  # noqa: ANN401 - what stands in for whatever the function returns
        """Return what stands in for a call that has raised `error`, or `NOTHING`.

        Where `compute` is a coroutine function it is the coroutine.
        """
        if not MODE.acts or not self._errors.cover(error):
            return NOTHING
        found = NOTHING if memory is None else memory.find(key)
        if found is NOTHING and self._compute is not None:
            return self._compute(error)
        return self._value if found is NOTHING else found

    def _called(self, function: Callable[..., Any]) -> Callable[..., Any]:
        caught, memory = self.caught, self.memory()

        def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the function returns
            try:
                result = function(*args, **kwargs)
            except caught as error:
                other = self.stand_in(error, memory, key_of(args, kwargs))
                if other is NOTHING:
                    raise
                return other
            if memory is not None:
                memory.keep(key_of(args, kwargs), result)
            return result

        return wrapper

    def _awaited(self, function: Callable[..., Any]) -> Callable[..., Any]:
        caught, memory = self.caught, self.memory()

        async def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the function returns
            """As in `_called`, awaited."""
            try:
                result = await function(*args, **kwargs)
            except caught as error:
                other = self.stand_in(error, memory, key_of(args, kwargs))
                if other is NOTHING:
                    raise
                return await other if inspect.iscoroutine(other) else other
            if memory is not None:
                memory.keep(key_of(args, kwargs), result)
            return result

        return wrapper


def key_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    """Return what results are kept under; whether it can be hashed is not looked at."""
    return args, tuple(sorted(kwargs.items())) if kwargs else ()
