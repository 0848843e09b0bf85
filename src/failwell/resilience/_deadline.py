"""Until when the work of this context is worth doing.

Owns the deadline that `remaining` tells: the earliest of all that are set around. It
interrupts nothing; who waits or begins something asks it first.

A deadline is set in a context variable, so tasks and copied contexts inherit it. Setting
one costs as much as two empty calls, which is too much for a policy around a function
that is called a million times. So a thread may keep an `OwnScope` in its context
and write there, for as long as one call lasts and nobody else can run in between.
"""

import functools
import math
import threading
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.exceptions import DeadlineExceededError
from failwell.resilience._checks import Seconds, duration
from failwell.resilience._functions import is_awaited

P = ParamSpec("P")
R = TypeVar("R")

Monotonic = Callable[[], float]


class Scope:
    """A deadline, inside of that of the scope around.

    Args:
        outer: The scope around, if there is one.
        now: The clock by which it ends.
        ends: When, infinite for never.
        owner: Whose block it is, if it is one.
    """

    __slots__ = ("ends", "now", "outer", "owner")

    thread: int | None = None

    def __init__(
        self,
        outer: "Scope | None",
        now: Monotonic,
        ends: float,
        owner: object = None,
    ) -> None:
        self.outer = outer
        self.now = now
        self.ends = ends
        self.owner = owner

    def left_s(self) -> float:
        """Return the seconds left, which may be negative or infinite."""
        ends = self.ends
        left = math.inf if ends == math.inf else ends - self.now()
        return left if self.outer is None else min(left, self.outer.left_s())


class OwnScope(Scope):
    """A scope whose end one thread moves; to others it has none.

    Args:
        outer: The scope around, if there is one.
        now: The clock of `inner`.
    """

    __slots__ = ("inner", "thread")

    def __init__(self, outer: Scope | None, now: Monotonic) -> None:
        super().__init__(outer, now, math.inf)
        self.inner = math.inf
        self.thread = threading.get_ident()

    def left_s(self) -> float:
        """Return the seconds left, to its thread until what it has written last."""
        around = math.inf if self.outer is None else self.outer.left_s()
        if self.inner == math.inf or self.thread != threading.get_ident():
            return around
        return min(around, self.inner - self.now())


CURRENT: ContextVar[Scope | None] = ContextVar("failwell_deadline", default=None)


def own_scope(now: Monotonic) -> OwnScope:
    """Return a scope that only this thread writes to, left in its context for good."""
    scope = OwnScope(CURRENT.get(), now)
    CURRENT.set(scope)
    return scope


def left_s() -> float | None:
    """Return the seconds left, which may be negative; None without a deadline."""
    scope = CURRENT.get()
    if scope is None:
        return None
    left = scope.left_s()
    return None if left == math.inf else left


def remaining() -> float | None:
    """Return the seconds until the deadline, 0.0 once it has passed, None without one.

    What clients and drivers take as their time-out: `remaining() or 30` would turn a
    passed deadline into 30, so ask `check_deadline()` first, or `remaining_or(30)`.
    """
    left = left_s()
    return None if left is None else max(0.0, left)


def remaining_or(longest: Seconds) -> float:
    """Return the seconds that a call may take: until the deadline, at most `longest`.

    Raises:
        DeadlineExceededError: It has passed; do not begin.
        TypeError: `longest` is of the wrong kind.
        ValueError: `longest` is negative.
    """
    longest_s = duration("longest", longest)
    check_deadline()
    left = left_s()
    return longest_s if left is None else min(longest_s, max(0.0, left))


def check_deadline() -> None:
    """Do nothing while there is time.

    Raises:
        DeadlineExceededError: The deadline has passed.
    """
    left = left_s()
    if left is not None and left <= 0:
        raise DeadlineExceededError


class deadline:  # noqa: N801 - it is written like the function it is used as
    """Give the work inside so many seconds; inside another one, the earlier holds.

    A block, `with deadline(2):`, or a decorator of functions and coroutine functions. It
    interrupts nothing. Retries give up rather than wait beyond it, bulkheads do not let
    wait beyond it, and what asks `remaining()` can hand it on.

    Args:
        seconds: How long, from 0, or a `timedelta`.
        clock: Time.

    Raises:
        TypeError: `seconds` is of the wrong kind, or what is decorated is no function
            or a generator function.
        ValueError: `seconds` is negative, infinite or not a number.
    """

    def __init__(self, seconds: Seconds, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._seconds = duration("seconds", seconds)
        self._clock = clock

    @property
    def seconds(self) -> float:
        """How long it gives."""
        return self._seconds

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` with so many seconds for each call."""
        is_coroutine = is_awaited(function, "deadline")
        wrapper = (self._awaited if is_coroutine else self._called)(function)
        return functools.wraps(function)(wrapper)

    def _called(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the function returns
            token = self._set()
            try:
                return function(*args, **kwargs)
            finally:
                CURRENT.reset(token)

        return wrapper

    def _awaited(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above
            """As in `_called`, awaited."""
            token = self._set()
            try:
                return await function(*args, **kwargs)
            finally:
                CURRENT.reset(token)

        return wrapper

    def _set(self) -> Token[Scope | None]:
        now = self._clock.monotonic
        return CURRENT.set(Scope(CURRENT.get(), now, now() + self._seconds, self))

    def __enter__(self) -> Self:
        self._set()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        scope = CURRENT.get()
        # What was left inside goes with it.
        while scope is not None and scope.owner is not self:
            scope = scope.outer
        if scope is not None:
            CURRENT.set(scope.outer)
