"""`CircuitBreaker` on coroutine functions: the same states, tasks instead of threads."""

import asyncio
import inspect

import pytest

from failwell.exceptions import CircuitBreakerError, NotFoundError
from failwell.resilience import CircuitBreaker, CircuitState
from failwell.testing import ManualClock


async def _fail() -> None:
    raise OSError


async def _trip(breaker: CircuitBreaker) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        await breaker(_fail)()


def test_a_coroutine_function_is_guarded() -> None:
    """It stays a coroutine function, counts, opens, probes and closes."""
    clock = ManualClock()
    breaker = CircuitBreaker(2, clock=clock)

    @breaker
    async def fetch(url: str) -> str:
        """Stand for a call."""
        return url

    async def main() -> list[CircuitState]:
        """Run it in a loop."""
        states = []
        await _trip(breaker)
        assert await fetch("u") == "u"
        states.append(breaker.state)
        await _trip(breaker)
        await _trip(breaker)
        states.append(breaker.state)
        with pytest.raises(CircuitBreakerError):
            await fetch("u")
        clock.advance(60)
        await fetch("u")
        return [*states, breaker.state]

    states = asyncio.run(main())

    assert inspect.iscoroutinefunction(fetch)
    assert states == [CircuitState.CLOSED, CircuitState.OPEN, CircuitState.CLOSED]


def test_of_eight_tasks_at_half_open_one_runs() -> None:
    """Tasks of one thread are told apart; the seven others are refused."""
    clock = ManualClock()
    breaker = CircuitBreaker(1, clock=clock)
    ran = []

    @breaker
    async def probe() -> None:
        """Stand for a call."""
        ran.append(1)
        await asyncio.sleep(0)

    async def main() -> list[BaseException | None]:
        """Run it in a loop."""
        await _trip(breaker)
        clock.advance(60)
        return await asyncio.gather(
            *(probe() for _ in range(8)), return_exceptions=True
        )

    results = asyncio.run(main())

    assert len(ran) == 1
    assert sum(isinstance(r, CircuitBreakerError) for r in results) == 7
    assert breaker.state is CircuitState.CLOSED


def test_a_coroutine_that_is_not_awaited_holds_no_place() -> None:
    """The ticket is taken when the coroutine begins, not when it is made."""
    clock = ManualClock()
    breaker = CircuitBreaker(1, clock=clock)

    @breaker
    async def probe() -> str:
        """Stand for a call."""
        return "answer"

    async def main() -> str:
        """Run it in a loop."""
        await _trip(breaker)
        clock.advance(60)
        made = probe()
        try:
            return await probe()
        finally:
            made.close()

    assert asyncio.run(main()) == "answer"


def test_a_cancelled_probe_gives_its_place_back() -> None:
    """A task that is cancelled is no verdict: the next call probes at once."""
    clock = ManualClock()
    breaker = CircuitBreaker(1, clock=clock)
    begun = asyncio.Event()

    @breaker
    async def hang() -> None:
        """Never answer."""
        begun.set()
        await asyncio.Event().wait()

    @breaker
    async def answer() -> str:
        """Answer."""
        return "answer"

    async def main() -> str:
        """Run it in a loop."""
        await _trip(breaker)
        clock.advance(60)
        task = asyncio.create_task(hang())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert breaker.state is CircuitState.HALF_OPEN
        return await answer()

    assert asyncio.run(main()) == "answer"
    assert breaker.state is CircuitState.CLOSED


def test_a_task_that_outlives_its_probe_is_a_call_like_any_other() -> None:
    """It no longer belongs to the probe: its own result is a verdict again."""
    clock = ManualClock()
    breaker = CircuitBreaker(1, clock=clock)
    probed = asyncio.Event()

    async def later() -> None:
        """Fail once the probe is over."""
        await probed.wait()
        await breaker(_fail)()

    @breaker
    async def probe() -> None:
        """Stand for a call."""
        task = asyncio.create_task(later())
        await asyncio.sleep(0)
        tasks.append(task)
        raise NotFoundError("Meeting", 1)

    tasks: list[asyncio.Task[None]] = []

    async def main() -> None:
        """Run it in a loop."""
        await _trip(breaker)
        clock.advance(60)
        with pytest.raises(NotFoundError):
            await probe()
        probed.set()
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            await tasks[0]

    asyncio.run(main())

    assert breaker.state is CircuitState.OPEN
    assert breaker.failure_count == 2
