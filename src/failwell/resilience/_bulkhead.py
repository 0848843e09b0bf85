"""`Bulkhead`: how many calls may run at a time.

Owns the permits and who waits for one. Taking and giving back a permit is one call into C
each, for which the documentation of `deque` promises thread-safety; the lock is for those
who wait.
"""

import contextlib
import functools
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from failwell.exceptions import BulkheadFullError
from failwell.resilience._checks import Seconds, duration, text, whole_number
from failwell.resilience._deadline import left_s
from failwell.resilience._functions import is_awaited, qualified_name
from failwell.resilience._mode import MODE
from failwell.resilience._refusals import tell_refused
from failwell.resilience._registry import Registry

P = ParamSpec("P")
R = TypeVar("R")

_UNNAMED = "bulkhead"


class _Waiter:
    """Somebody who waits for a permit.

    Args:
        wake: What ends the wait; called from any thread.
    """

    __slots__ = ("is_granted", "wake")

    def __init__(self, wake: Callable[[], object]) -> None:
        self.wake = wake
        self.is_granted = False


class Bulkhead:
    """Let only so many calls run at a time, so that one slow thing cannot take it all.

    A decorator for functions and coroutine functions, and a block (`with bulkhead:`,
    `async with bulkhead:`); all may share one. Who finds it full waits, first come first
    served, at most `max_wait` and never beyond a `deadline`, and is refused with
    `BulkheadFullError`. A call that calls another one behind the same bulkhead needs two
    permits, and may wait for itself.

    Args:
        max_concurrent: How many, from 1.
        max_wait: How long to wait for a place, in seconds from 0 or as a timedelta;
            default 0: refuse at once.
        name: What errors, and so clients, call it: at most 200 printable characters.
            Default: the qualified name of the first function that it decorates,
            `bulkhead` until then.

    Raises:
        TypeError: A parameter is of the wrong kind, or what is decorated is no function
            or a generator function.
        ValueError: A parameter has a value that is not allowed.
    """

    def __init__(
        self, max_concurrent: int, max_wait: Seconds = 0, *, name: str | None = None
    ) -> None:
        self._size = whole_number("max_concurrent", max_concurrent, lowest=1)
        self._max_wait_s = duration("max_wait", max_wait)
        self._named = name is not None
        self.name = _UNNAMED if name is None else text("name", name)
        self._lock = threading.Lock()
        self._rejected = 0
        # Those that nobody has, and who waits for one.
        self._permits: deque[None] = deque([None] * self._size)
        self._waiters: deque[_Waiter] = deque()
        BULKHEADS.add(self)

    def __repr__(self) -> str:
        return f"<Bulkhead {self.name} {self.in_use} of {self._size}>"

    @property
    def max_concurrent(self) -> int:
        """How many calls may run at a time."""
        return self._size

    @property
    def in_use(self) -> int:
        """How many run."""
        return self._size - len(self._permits)

    @property
    def waiting_count(self) -> int:
        """How many wait."""
        return len(self._waiters)

    @property
    def rejected_count(self) -> int:
        """Calls refused since the bulkhead was made."""
        return self._rejected

    def name_if_unnamed(self, name: str) -> None:
        """Call it so, unless it was given a name or has taken one."""
        if not self._named:
            self._named = True
            self.name = name

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` behind this bulkhead, with its name and signature."""
        wrap = self._awaited if is_awaited(function, "Bulkhead") else self._called
        self.name_if_unnamed(qualified_name(function))
        return functools.wraps(function)(wrap(function))

    def __enter__(self) -> Self:
        try:
            self._permits.pop()
        except IndexError:
            self.wait()
        return self

    async def __aenter__(self) -> Self:
        try:
            self._permits.pop()
        except IndexError:
            await self.wait_async()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._permits.append(None)
        if self._waiters:
            self.hand_over()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, trace)

    def _called(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the function returns
            with self:
                return function(*args, **kwargs)

        return wrapper

    def _awaited(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the function returns
            """As in `_called`, awaited."""
            async with self:
                return await function(*args, **kwargs)

        return wrapper

    def steps(self, *, awaited: bool) -> dict[str, object]:
        """Return what a wrapper calls by itself, by name: as `__enter__` and `__exit__`."""
        return {
            "take": self._permits.pop,
            "give": self._permits.append,
            "waiters": self._waiters,
            "wait": self.wait_async if awaited else self.wait,
            "hand_over": self.hand_over,
        }

    def wait(self) -> None:
        """Take a permit that is not there yet.

        Raises:
            BulkheadFullError: None was given back in time.
        """
        woken = threading.Lock()
        woken.acquire()
        waiter = _Waiter(woken.release)
        if self._queue(waiter):
            return
        is_granted = False
        try:
            wait_s = self._wait_s()
            is_granted = wait_s > 0 and woken.acquire(timeout=wait_s)
        finally:
            self._leave(waiter, is_granted=is_granted)
        if not is_granted:
            self._refuse()

    async def wait_async(self) -> None:
        """As `wait`, without blocking the event loop.

        Raises:
            BulkheadFullError: None was given back in time.
        """
        import asyncio  # noqa: PLC0415 - it would double the import time of failwell

        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        waiter = _Waiter(lambda: loop.call_soon_threadsafe(woken.set))
        if self._queue(waiter):
            return
        is_granted = False
        try:
            wait_s = self._wait_s()
            if wait_s > 0:
                async with asyncio.timeout(wait_s):
                    await woken.wait()
                is_granted = True
        except TimeoutError:
            pass
        finally:
            self._leave(waiter, is_granted=is_granted)
        if not is_granted:
            self._refuse()

    def hand_over(self) -> None:
        """Give permits that are there to who has waited longest."""
        granted = []
        with self._lock:
            while self._waiters:
                try:
                    self._permits.pop()
                except IndexError:  # there is none, or somebody who came by took it
                    break
                waiter = self._waiters.popleft()
                waiter.is_granted = True
                granted.append(waiter)
        for waiter in granted:
            # Its event loop may be closed, which is no matter of who ends a call here.
            # What waited there gives the permit back when it is collected.
            with contextlib.suppress(RuntimeError):
                waiter.wake()

    def _queue(self, waiter: _Waiter) -> bool:
        """Join the queue, or take a permit that came in between: then return True."""
        with self._lock:
            # In this order: who gives a permit back looks at the queue afterwards, so
            # one of the two sees the other.
            self._waiters.append(waiter)
            try:
                self._permits.pop()
            except IndexError:
                return False
            self._waiters.remove(waiter)
            return True

    def _leave(self, waiter: _Waiter, *, is_granted: bool) -> None:
        """End a wait; a permit that came too late goes to the next."""
        if is_granted:
            return
        with self._lock:
            if not waiter.is_granted:
                self._waiters.remove(waiter)
                return
        self._permits.append(None)
        if self._waiters:
            self.hand_over()

    def _wait_s(self) -> float:
        left = left_s()
        wait_s = self._max_wait_s if left is None else min(self._max_wait_s, left)
        return wait_s if MODE.waits else 0.0

    def _refuse(self) -> None:
        with self._lock:
            self._rejected += 1
        tell_refused("bulkhead", self.name)
        raise BulkheadFullError(self.name)


BULKHEADS: Registry[Bulkhead] = Registry()
"""The bulkheads of this process."""
