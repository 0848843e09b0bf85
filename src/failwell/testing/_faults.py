"""Faults put in front of what a policy calls: errors and delays, always or at a rate.

Owns the dice, which fall the same way each time. The policy copes with a fault as if the
function itself had failed or been slow.
"""

import functools
import inspect
import random
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.resilience import POLICIES, Policy
from failwell.resilience._retries import sleep_async

Function = Callable[..., Any]
Fault = Callable[[], float]
"""Raises, or returns the seconds to wait."""


class Faults:
    """Faults by the name of a policy, until the block ends.

    Args:
        seed: Where the dice begin.
        clock: By which delays wait.
    """

    def __init__(self, seed: int = 0, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - they decide a test, and the same way each time
        self._clock = clock
        self._faults: dict[str, list[Fault]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    def fail(
        self, name: str, error: Callable[[], BaseException], *, rate: float = 1.0
    ) -> None:
        """Have calls of a policy fail before they reach their function.

        Args:
            name: The policy's name.
            error: An exception class, or a function that makes an error.
            rate: The share of calls, above 0 and up to 1.

        Raises:
            TypeError: `error` makes none.
            ValueError: There is no such policy, or `rate` is out of its range.
        """
        given: object = error
        if not callable(given):
            message = f"error is {error!r}; allowed: an exception class, or a function"
            raise TypeError(message)

        def fail() -> float:
            if self._dice.random() < rate:
                raise error()
            return 0.0

        self._add(name, fail, rate)

    def delay(self, name: str, seconds: float, *, rate: float = 1.0) -> None:
        """Have calls of a policy wait before they reach their function.

        Args:
            name: The policy's name.
            seconds: How long, from 0.
            rate: The share of calls, above 0 and up to 1.

        Raises:
            ValueError: There is no such policy, or `rate` is out of its range.
        """
        self._add(name, lambda: seconds if self._dice.random() < rate else 0.0, rate)

    def clear(self) -> None:
        """Take all faults away."""
        for name in self._faults:
            for policy in POLICIES.named(name):
                policy.inject(None)
        self._faults.clear()

    def _add(self, name: str, fault: Fault, rate: float) -> None:
        if not 0 < rate <= 1:
            message = f"rate is {rate}; allowed: a share above 0 and up to 1"
            raise ValueError(message)
        policies = _policies(name)
        faults = self._faults.setdefault(name, [])
        faults.append(fault)
        for policy in policies:
            policy.inject(functools.partial(self._before, tuple(faults)))

    def _before(self, faults: tuple[Fault, ...], function: Function) -> Function:
        clock = self._clock
        if not inspect.iscoroutinefunction(function):

            def called(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the function returns
                for fault in faults:
                    if (wait_s := fault()) > 0:
                        clock.sleep(wait_s)
                return function(*args, **kwargs)

            return called

        async def awaited(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above
            """As in `called`, awaited."""
            for fault in faults:
                if (wait_s := fault()) > 0:
                    await sleep_async(clock, wait_s)
            return await function(*args, **kwargs)

        return awaited


def _policies(name: str) -> list[Policy]:
    policies = POLICIES.named(name)
    if not policies:
        known = ", ".join(sorted({policy.name for policy in POLICIES})) or "none"
        message = f"there is no policy named {name!r}; there are: {known}"
        raise ValueError(message)
    return policies
