"""`rate_limit`: how many calls there may be in a time. The library `limits` counts.

Owns what is raised, and that a storage which is away refuses nobody.
"""

import functools
import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from failwell._clock import SYSTEM_CLOCK
from failwell.exceptions import RateLimitedError
from failwell.resilience._checks import text, wrong_value
from failwell.resilience._functions import is_awaited, qualified_name
from failwell.resilience._listeners import write
from failwell.resilience._mode import MODE
from failwell.resilience._refusals import tell_refused

P = ParamSpec("P")
R = TypeVar("R")


class rate_limit:  # noqa: N801 - it is written like the function it is used as
    """Refuse calls beyond so many in a time: `@rate_limit("10/second")`.

    A decorator for functions and coroutine functions; those that share one share its
    calls. Counted over a window that moves, by the library `limits`, which the extra
    `failwell[limits]` brings: in this process by default, or in a storage that several
    processes share. What is over the limit is refused with `RateLimitedError`, 429 with
    `Retry-After`. When the storage fails, calls go through and a line says so.

    Args:
        limit: As `limits` reads it, such as `10/second`, `100 per 5 minutes`.
        name: What errors, and so clients, call it, and what its calls are counted
            under. Default: the qualified name of the first function it decorates.
        storage: The address of a storage of `limits`, such as `redis://localhost:6379`.

    Raises:
        ModuleNotFoundError: `limits` is not installed.
        TypeError: A parameter is of the wrong kind, or what is decorated is no function
            or a generator function.
        ValueError: `limit` cannot be read, or there is no such storage.
    """

    def __init__(
        self, limit: str, *, name: str | None = None, storage: str = "memory://"
    ) -> None:
        limits = _library()
        try:
            self._limit = limits.parse(text("limit", limit))
        except ValueError as error:
            allowed = "a count and a time, such as '10/second' or '100 per 5 minutes'"
            raise wrong_value("limit", limit, allowed) from error
        self._window = limits.strategies.MovingWindowRateLimiter(
            limits.storage.storage_from_string(text("storage", storage))
        )
        self._named = name is not None
        self.name = "rate limit" if name is None else text("name", name)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` with this limit, with its name and signature."""
        wrap = self._awaited if is_awaited(function, "rate_limit") else self._called
        if not self._named:
            self._named = True
            self.name = qualified_name(function)
        return functools.wraps(function)(wrap(function))

    def check(self) -> None:
        """Count a call.

        Raises:
            RateLimitedError: It is one too many, and does not count.
        """
        try:
            if not MODE.acts or self._window.hit(self._limit, self.name):
                return
            ends = self._window.get_window_stats(self._limit, self.name).reset_time
        except Exception:  # noqa: BLE001 - a storage that is away, of whatever kind, must not stop the work
            line = "rate limit %s cannot be counted; calls go through"
            write(logging.WARNING, line, self.name, exc_info=True)
            return
        left_s = max(0.0, ends - SYSTEM_CLOCK.now())
        tell_refused("rate limit", self.name, left_s)
        raise RateLimitedError(self.name, left_s)

    def _called(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the function returns
            self.check()
            return function(*args, **kwargs)

        return wrapper

    def _awaited(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the function returns
            """As in `_called`, awaited."""
            self.check()
            return await function(*args, **kwargs)

        return wrapper


def _library() -> Any:  # noqa: ANN401 - a module
    try:
        import limits.storage  # noqa: PLC0415 - an extra
        import limits.strategies  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        message = 'rate_limit needs the library limits: pip install "failwell[limits]"'
        raise ModuleNotFoundError(message) from error
    return limits
