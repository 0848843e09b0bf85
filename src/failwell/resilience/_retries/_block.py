"""The block form of the retry: `for attempt in retrying(…): with attempt: …`.

Owns one loop's attempts; each loop has its own, however many share the options.
"""

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Self

from failwell.resilience._retries._plan import Attempts, RetryPlan
from failwell.resilience._retries._wrappers import sleep_async


class Attempt:
    """One attempt of a block: a context manager round what may fail.

    Args:
        attempts: Those of the loop.
    """

    __slots__ = ("_attempts", "_is_entered", "_wait_s", "number")

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts
        self._is_entered = False
        self._wait_s: float | None = None
        self.number = attempts.number + 1
        """Counted from 1."""

    def __enter__(self) -> Self:
        self._is_entered = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        attempts = self._attempts
        if error is None:
            attempts.succeed()
            return False
        if isinstance(error, attempts.plan.errors.classes):
            self._wait_s = attempts.wait_after(error)
        if self._wait_s is None:
            attempts.fail(error)
        return self._wait_s is not None

    def wait_s(self) -> float | None:
        """Return the seconds until the next attempt, None when there is none.

        Raises:
            RuntimeError: The block never entered the attempt, so nothing was retried.
        """
        if not self._is_entered:
            message = "retrying: put what may fail into `with attempt:` in the loop"
            raise RuntimeError(message)
        return self._wait_s


class Retrying:
    """Attempts for a `for` or an `async for`; `retrying` makes it.

    Args:
        plan: What to do about failures.
    """

    def __init__(self, plan: RetryPlan) -> None:
        self._plan = plan

    def __iter__(self) -> Iterator[Attempt]:
        """Go through the attempts, waiting between them."""
        attempts = Attempts(self._plan)
        while True:
            yield (attempt := Attempt(attempts))
            wait_s = attempt.wait_s()
            if wait_s is None:
                return
            if wait_s > 0:
                self._plan.clock.sleep(wait_s)

    async def __aiter__(self) -> AsyncIterator[Attempt]:
        """As `__iter__`, without blocking the event loop."""
        attempts = Attempts(self._plan)
        while True:
            yield (attempt := Attempt(attempts))
            wait_s = attempt.wait_s()
            if wait_s is None:
                return
            if wait_s > 0:
                await sleep_async(self._plan.clock, wait_s)
