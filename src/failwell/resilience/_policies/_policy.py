"""`Policy`: the strategies for one thing that is called, declared once, by name."""

import functools
import inspect
import math
import threading
import weakref
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.exceptions import DeadlineExceededError
from failwell.resilience._bulkhead import Bulkhead
from failwell.resilience._checks import (
    Seconds,
    duration_above_zero,
    text,
    wrong_type,
)
from failwell.resilience._circuits import CircuitBreaker
from failwell.resilience._deadline import CURRENT, Scope, own_scope
from failwell.resilience._fallback import NOTHING, fallback, key_of
from failwell.resilience._functions import full_name, is_awaited
from failwell.resilience._policies._fused import fuse
from failwell.resilience._registry import Registry
from failwell.resilience._retries import Attempts, Retry, sleep_async
from failwell.resilience._timeout import timeout

P = ParamSpec("P")
R = TypeVar("R")

Function = Callable[..., Any]
Fault = Callable[[Function], Function]
"""What puts a fault in front of a function: `failwell.testing`."""


class Policy:
    """All that is to happen when one thing is called, composed in the one right order.

    A decorator for functions and coroutine functions, in one wrapper. From the outside
    in, whatever order it is written in:

    1. `fallback`: stands in when all below has failed;
    2. `deadline`: the seconds that all attempts and waits have together;
    3. `retry`: sees each attempt, does not retry what refuses;
    4. `breaker`: counts every attempt, and none that never began;
    5. `bulkhead`: a place is held for an attempt, not while the retry waits;
    6. `timeout`: the seconds of one attempt.

    Functions that share a policy share its breaker, its bulkhead and its budget.

    Args:
        name: What operators and tests find it by: at most 200 printable characters. A
            breaker or bulkhead without a name of its own is called so, too.
        fallback: A `fallback(…)`.
        deadline: Seconds above 0, or a `timedelta`.
        retry: A `retry(…)`.
        breaker: A `CircuitBreaker(…)`.
        bulkhead: A `Bulkhead(…)`.
        timeout: A `timeout(…)`, or its seconds for functions that are awaited.
        clock: Time, for the deadline; the strategies have their own.

    Raises:
        TypeError: A parameter is of the wrong kind, or what is decorated is no function,
            a generator function, or cannot be given this time-out.
        ValueError: A parameter has a value that is not allowed.
    """

    def __init__(  # noqa: PLR0913 - one for each strategy, by keyword only
        self,
        name: str,
        *,
        fallback: fallback | None = None,
        deadline: Seconds | None = None,
        retry: Retry | None = None,
        breaker: CircuitBreaker | None = None,
        bulkhead: Bulkhead | None = None,
        timeout: timeout | Seconds | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._name = text("name", name)
        self._fallback = _checked("fallback", fallback, _FALLBACK)
        self._retry = _checked("retry", retry, Retry)
        self._breaker = _checked("breaker", breaker, CircuitBreaker)
        self._bulkhead = _checked("bulkhead", bulkhead, Bulkhead)
        self._timeout = _as_timeout(timeout)
        self._total_s = (
            None if deadline is None else duration_above_zero("deadline", deadline)
        )
        self._clock = clock
        self._fault: Fault | None = None
        # Each wrapper with the function that it is to call.
        self._wrappers: weakref.WeakKeyDictionary[Function, Function] = (
            weakref.WeakKeyDictionary()
        )
        for part in (self._breaker, self._bulkhead):
            if part is not None:
                part.name_if_unnamed(name)
        POLICIES.add(self)

    def __repr__(self) -> str:
        return f"<Policy {self.name}: {' > '.join(self.strategies) or 'nothing'}>"

    @property
    def name(self) -> str:
        """What operators and tests find it by."""
        return self._name

    @property
    def breaker(self) -> CircuitBreaker | None:
        """Its breaker."""
        return self._breaker

    @property
    def bulkhead(self) -> Bulkhead | None:
        """Its bulkhead."""
        return self._bulkhead

    @property
    def strategies(self) -> tuple[str, ...]:
        """The names of the strategies that it has, from the outside in."""
        return tuple(name for name, part in self._parts() if part is not None)

    def _parts(self) -> tuple[tuple[str, object], ...]:
        return (
            ("fallback", self._fallback),
            ("deadline", self._total_s),
            ("retry", self._retry),
            ("breaker", self._breaker),
            ("bulkhead", self._bulkhead),
            ("timeout", self._timeout),
        )

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` with this policy, with its name and signature."""
        awaited = is_awaited(function, "Policy")
        attempt: Function = (
            function if self._timeout is None else self._timeout(function)
        )
        names = self._names(function, awaited=awaited)
        faulty = attempt if self._fault is None else self._fault(attempt)
        features = self._features(awaited=awaited)
        wrapper = fuse(features, {**names, "function": faulty})
        self._wrappers[wrapper] = attempt
        functools.update_wrapper(wrapper, function)
        # Nobody else may hold the policy, and who looks for it by name must find it.
        wrapper.policy = self  # type: ignore[attr-defined] # a function takes any
        return wrapper

    def inject(self, fault: Fault | None) -> None:
        """Put a fault in front of each function, those to come too; None takes it away.

        For tests: `failwell.testing.faults` has the faults.
        """
        self._fault = fault
        for wrapper, attempt in list(self._wrappers.items()):
            faulty = attempt if fault is None else fault(attempt)
            wrapper.__globals__["function"] = faulty

    def _features(self, *, awaited: bool) -> frozenset[str]:
        breaker, retry, standing_in = self._breaker, self._retry, self._fallback
        features = {*self.strategies, "awaited" if awaited else "called"}
        if retry is not None and not retry.plan.is_simple:
            features.add("noting")
        if breaker is not None:
            features |= breaker.circuit.features
        if standing_in is not None and standing_in.keeps:
            features.add("memory")
        # It is around the function already.
        return frozenset(features - {"timeout"})

    def _names(self, function: Function, *, awaited: bool) -> dict[str, object]:
        names = {**_NAMES, "total_s": self._total_s, "now": self._clock.monotonic}
        if self._fallback is not None:
            memory = self._fallback.memory()
            names.update(
                caught=self._fallback.caught,
                stand_in=self._fallback.stand_in,
                memory=memory,
                keep=None if memory is None else memory.keep,
            )
        if self._retry is not None:
            plan = self._retry.plan_for(full_name(function))
            names.update(
                plan=plan,
                retried=plan.errors.classes,
                sleep=(
                    functools.partial(sleep_async, plan.clock)
                    if awaited
                    else plan.clock.sleep
                ),
            )
        if self._breaker is not None:
            names.update(
                circuit=self._breaker.circuit, clock=self._breaker.clock.monotonic
            )
        if self._bulkhead is not None:
            names.update(self._bulkhead.steps(awaited=awaited))
        return names


POLICIES: Registry[Policy] = Registry()
"""The policies of this process."""

_FALLBACK, _TIMEOUT = fallback, timeout  # the parameters have the same names
_NAMES: dict[str, object] = {
    "Attempts": Attempts,
    "DeadlineExceededError": DeadlineExceededError,
    "NOTHING": NOTHING,
    "Scope": Scope,
    "current": CURRENT.get,
    "enter": CURRENT.set,
    "ident": threading.get_ident,
    "inf": math.inf,
    "iscoroutine": inspect.iscoroutine,
    "key_of": key_of,
    "leave": CURRENT.reset,
    "own_scope": own_scope,
}

T = TypeVar("T")


def _checked(name: str, value: T | None, kind: type[T]) -> T | None:
    if value is not None and not isinstance(value, kind):
        raise wrong_type(name, value, f"what {kind.__name__}(…) makes, or None")
    return value


def _as_timeout(value: timeout | Seconds | None) -> timeout | None:
    if value is None or isinstance(value, _TIMEOUT):
        return value
    return _TIMEOUT(value)
