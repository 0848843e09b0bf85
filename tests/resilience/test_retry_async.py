"""`retry` on coroutine functions: the same decisions, no blocked loop."""

import asyncio
import inspect

import pytest

from failwell.resilience import retry
from failwell.testing import ManualClock


class Flaky:
    """Fails a number of times when awaited, then answers."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.calls = 0

    async def __call__(self, *args: object) -> object:
        """Answer with the arguments, or fail."""
        self.calls += 1
        if self.calls <= self.failures:
            raise OSError(f"failure {self.calls}")
        return args


def test_a_coroutine_function_is_awaited_and_retried() -> None:
    """It stays a coroutine function, waits as told, and gives the result."""
    clock = ManualClock()
    lines: list[str] = []
    calls = []

    @retry(OSError, logger=lines.append, jitter=None, clock=clock)
    async def fetch(url: str) -> str:
        """Stand for a call."""
        calls.append(url)
        if len(calls) < 3:
            raise OSError
        return url

    result = asyncio.run(fetch("u"))

    assert inspect.iscoroutinefunction(fetch)
    assert (result, calls) == ("u", ["u"] * 3)
    assert clock.sleeps == [1.0, 2.0]
    assert len(lines) == 2


def test_an_object_that_is_awaited_is_retried() -> None:
    """An `async def __call__` counts as a coroutine function."""
    flaky = Flaky(1)

    result = asyncio.run(retry(OSError, clock=ManualClock())(flaky)(5))

    assert (result, flaky.calls) == ((5,), 2)


def test_the_last_error_is_raised() -> None:
    """As with functions; delay 0 never sleeps."""
    clock = ManualClock()
    flaky = Flaky(9)

    with pytest.raises(OSError, match="failure 3"):
        asyncio.run(retry(OSError, delay=0, clock=clock)(flaky)())

    assert clock.sleeps == []


def test_the_loop_runs_on_while_it_waits() -> None:
    """The system clock's wait is the loop's: another task ends it early."""
    flaky = Flaky(9)
    retried = asyncio.Event()

    async def main() -> None:
        """Run it in a loop."""
        call = retry(OSError, delay=3600, jitter=None, logger=lambda _: retried.set())
        task = asyncio.create_task(call(flaky)())
        await retried.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())

    assert flaky.calls == 1


def test_a_cancelled_attempt_is_not_retried() -> None:
    """Cancellation ends the task, whatever broad class was given."""
    calls = []

    @retry(BaseException, delay=0)
    async def cancelled() -> None:
        """Be cancelled."""
        calls.append(1)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())

    assert len(calls) == 1


def test_the_whole_time_is_limited() -> None:
    """max_elapsed holds for awaited calls too."""
    clock = ManualClock()
    flaky = Flaky(9)
    call = retry(OSError, 9, backoff=1, jitter=None, max_elapsed=2.5, clock=clock)

    with pytest.raises(OSError, match="failure 3"):
        asyncio.run(call(flaky)())

    assert clock.sleeps == [1.0, 1.0]
