"""Bulkheads: how many run, who waits, who is refused, and that no permit is lost."""

import asyncio
import gc
import random
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from failwell.exceptions import BulkheadFullError
from failwell.resilience import BULKHEADS, Bulkhead, deadline
from failwell.testing import ManualClock, no_waiting, resilience_off

PATIENCE_S = 20.0


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads enough."""
    with ThreadPoolExecutor(16) as pool:
        yield pool


class _Inside:
    """A call that is inside of a bulkhead until it is let go."""

    def __init__(self, pool: ThreadPoolExecutor, bulkhead: Bulkhead) -> None:
        self.begun, self._go = threading.Event(), threading.Event()
        self._result: Future[str] = pool.submit(bulkhead(self._hold))

    def _hold(self) -> str:
        self.begun.set()
        assert self._go.wait(PATIENCE_S)
        return "answer"

    def end(self) -> str:
        """Let it go."""
        self._go.set()
        return self._result.result(PATIENCE_S)


def _wait_until_somebody_waits(bulkhead: Bulkhead, count: int = 1) -> None:
    while bulkhead.waiting_count < count:
        threading.Event().wait(0.001)


async def _until_somebody_waits(bulkhead: Bulkhead) -> None:
    """Let the other tasks run until one waits."""
    while not bulkhead.waiting_count:  # noqa: ASYNC110 - who waits tells nobody
        await asyncio.sleep(0)


def test_one_more_than_may_run_is_refused(pool: ThreadPoolExecutor) -> None:
    """At once, by name; when one has ended there is a place again."""
    bulkhead = Bulkhead(2, name="mail")
    inside = [_Inside(pool, bulkhead) for _ in range(2)]
    for call in inside:
        assert call.begun.wait(PATIENCE_S)

    with pytest.raises(BulkheadFullError) as refused:
        bulkhead(int)()
    counts = [bulkhead.in_use]
    inside[0].end()
    counts.append(bulkhead.in_use)
    answer = bulkhead(int)()
    inside[1].end()

    assert str(refused.value) == "Bulkhead mail is full"
    assert (refused.value.code, refused.value.status_code) == ("BULKHEAD_FULL", 503)
    assert refused.value.details == {"bulkhead": "mail"}
    assert (*counts, bulkhead.in_use) == (2, 1, 0)
    assert answer == 0
    assert bulkhead.rejected_count == 1


def test_who_waits_is_served_in_turn(pool: ThreadPoolExecutor) -> None:
    """First come, first served, one place at a time."""
    bulkhead = Bulkhead(1, PATIENCE_S)
    order: list[int] = []
    first = _Inside(pool, bulkhead)
    assert first.begun.wait(PATIENCE_S)
    later = []
    for number in range(3):
        later.append(pool.submit(bulkhead(order.append), number))
        _wait_until_somebody_waits(bulkhead, number + 1)

    first.end()
    for call in later:
        call.result(PATIENCE_S)

    assert order == [0, 1, 2]
    assert (bulkhead.in_use, bulkhead.waiting_count) == (0, 0)


def test_a_wait_ends(pool: ThreadPoolExecutor) -> None:
    """After `max_wait`, or at the deadline; the place in the queue is given up."""
    short, long = Bulkhead(1, 0.01), Bulkhead(1, PATIENCE_S)
    for bulkhead in (short, long):
        inside = _Inside(pool, bulkhead)
        assert inside.begun.wait(PATIENCE_S)
        with deadline(0.01), pytest.raises(BulkheadFullError), bulkhead:
            pass
        inside.end()
        assert (bulkhead.waiting_count, bulkhead.in_use) == (0, 0)


def test_who_gives_up_takes_nobody_along() -> None:
    """The first in the queue still waits when the second has left, and is served then."""
    bulkhead = Bulkhead(1, PATIENCE_S)
    served: list[str] = []

    async def wait() -> None:
        """Wait for a place."""
        async with bulkhead:
            served.append("first")

    async def main() -> tuple[int, list[str]]:
        """Wait, and give up behind the one who waits."""
        with bulkhead:
            first = asyncio.create_task(wait())
            await _until_somebody_waits(bulkhead)
            with deadline(0), pytest.raises(BulkheadFullError):
                await _enter(bulkhead)
            for _ in range(9):
                await asyncio.sleep(0)
            meanwhile = bulkhead.waiting_count, list(served)
        await first
        return meanwhile

    assert asyncio.run(main()) == (1, [])
    assert served == ["first"]


def test_nobody_waits_after_the_deadline(pool: ThreadPoolExecutor) -> None:
    """It is refused at once, however long others may wait."""
    bulkhead, clock = Bulkhead(1, PATIENCE_S), ManualClock()
    inside = _Inside(pool, bulkhead)
    assert inside.begun.wait(PATIENCE_S)

    with deadline(1, clock=clock):
        for seconds in (1, 1):
            clock.advance(seconds)
            with pytest.raises(BulkheadFullError):
                bulkhead(int)()
            with pytest.raises(BulkheadFullError):
                asyncio.run(_enter(bulkhead))

    inside.end()


async def _enter(bulkhead: Bulkhead) -> None:
    """Go in and out."""
    async with bulkhead:
        pass


@pytest.mark.parametrize("mode", [no_waiting, resilience_off])
def test_a_test_does_not_wait(mode: Any, pool: ThreadPoolExecutor) -> None:  # noqa: ANN401 - a block
    """Whoever finds it full is refused at once."""
    bulkhead = Bulkhead(1, PATIENCE_S)
    inside = _Inside(pool, bulkhead)
    assert inside.begun.wait(PATIENCE_S)

    with mode(), pytest.raises(BulkheadFullError):
        bulkhead(int)()
    with mode():
        assert asyncio.run(_refused_before_the_loop_goes_on(bulkhead))

    inside.end()


async def _refused_before_the_loop_goes_on(bulkhead: Bulkhead) -> bool:
    """Return whether others had no turn in between."""
    others: list[int] = []
    asyncio.get_running_loop().call_soon(others.append, 1)
    with pytest.raises(BulkheadFullError):
        await _enter(bulkhead)
    return others == []


def test_by_default_nobody_waits() -> None:
    """A full bulkhead refuses at once, in threads and in event loops."""
    bulkhead = Bulkhead(1)

    with bulkhead:
        with pytest.raises(BulkheadFullError):
            bulkhead(int)()
        at_once = asyncio.run(_refused_before_the_loop_goes_on(bulkhead))

    assert at_once
    assert (bulkhead.rejected_count, bulkhead.in_use) == (2, 0)


def test_coroutines_wait_without_blocking_the_loop() -> None:
    """Tasks of one thread take turns; a place that a thread gives back wakes one."""
    bulkhead = Bulkhead(1, PATIENCE_S)
    order = []

    @bulkhead
    async def call(number: int) -> None:
        """Let others run meanwhile."""
        order.append(number)
        await asyncio.sleep(0)
        order.append(number)

    async def main() -> None:
        """Wait for tasks, and for a thread."""
        await asyncio.gather(*(call(n) for n in range(3)))
        with bulkhead:
            task = asyncio.create_task(call(3))
            await _until_somebody_waits(bulkhead)
            asyncio.get_running_loop().run_in_executor(
                None, bulkhead.__exit__, *[None] * 3
            )
            await task
            bulkhead.__enter__()
        async with bulkhead:
            order.append(4)

    asyncio.run(main())

    assert order == [0, 0, 1, 1, 2, 2, 3, 3, 4]
    assert bulkhead.in_use == 0


def test_a_coroutines_wait_ends() -> None:
    """By time, by deadline, and by cancellation, which leaves nothing behind."""
    bulkhead = Bulkhead(1, 0.01)
    patient = Bulkhead(1, PATIENCE_S)

    async def wait(which: Bulkhead) -> None:
        """Wait for a place."""
        async with which:
            raise AssertionError

    async def main() -> None:
        """Wait in three ways."""
        with bulkhead, pytest.raises(BulkheadFullError):
            await wait(bulkhead)
        with patient, deadline(0.01), pytest.raises(BulkheadFullError):
            await wait(patient)
        with patient:
            task = asyncio.create_task(wait(patient))
            await _until_somebody_waits(patient)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())

    for each in (bulkhead, patient):
        assert (each.in_use, each.waiting_count) == (0, 0)


def test_a_permit_that_comes_too_late_goes_to_the_next(
    pool: ThreadPoolExecutor,
) -> None:
    """Who is cancelled after a place was handed over gives it back."""
    bulkhead = Bulkhead(1, PATIENCE_S)

    async def wait() -> None:
        """Wait for a place."""
        async with bulkhead:
            raise AssertionError

    async def main() -> None:
        """Hand over, and cancel before the task runs again."""
        bulkhead.__enter__()
        task = asyncio.create_task(wait())
        await _until_somebody_waits(bulkhead)
        bulkhead.__exit__(None, None, None)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())

    assert bulkhead.in_use == 0
    assert pool.submit(bulkhead(int)).result(PATIENCE_S) == 0


def test_the_next_in_turn_gets_what_came_too_late() -> None:
    """Who waits behind one that was cancelled need not wait for another place."""
    bulkhead = Bulkhead(1, PATIENCE_S)

    async def wait() -> str:
        """Wait for a place."""
        async with bulkhead:
            return "served"

    async def main() -> str:
        """Hand over to the first, cancel it, and await the second."""
        bulkhead.__enter__()
        first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
        while bulkhead.waiting_count < 2:  # noqa: ASYNC110 - who waits tells nobody
            await asyncio.sleep(0)
        bulkhead.__exit__(None, None, None)
        first.cancel()
        return await second

    assert asyncio.run(main()) == "served"
    assert (bulkhead.in_use, bulkhead.waiting_count) == (0, 0)


def test_a_loop_that_is_closed_is_no_matter_of_others() -> None:
    """Who ends a call does so; what waited there gives its place back when it is gone."""
    bulkhead, loop = Bulkhead(1, PATIENCE_S), asyncio.new_event_loop()
    bulkhead.__enter__()
    task = loop.create_task(_enter(bulkhead))
    loop.run_until_complete(_until_somebody_waits(bulkhead))
    loop.close()

    bulkhead.__exit__(None, None, None)
    del task
    gc.collect()

    assert (bulkhead.in_use, bulkhead.waiting_count) == (0, 0)
    assert bulkhead(int)() == 0


def test_a_place_that_comes_before_one_queues_is_taken() -> None:
    """Somebody left between the look at the places and the queue: nobody waits."""
    bulkhead = Bulkhead(2)

    bulkhead.wait()
    asyncio.run(bulkhead.wait_async())

    assert (bulkhead.in_use, bulkhead.waiting_count) == (2, 0)
    assert bulkhead.rejected_count == 0


def test_no_permit_is_lost_or_doubled_under_contention(
    pool: ThreadPoolExecutor,
) -> None:
    """Never more than three inside; at the end all three places are there."""
    bulkhead = Bulkhead(3, 0.002)
    inside, most = [], [0]
    start = threading.Barrier(12, timeout=PATIENCE_S)

    @bulkhead
    def call(dice: random.Random) -> None:
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(dice.random() / 2000)
        inside.pop()

    def many(seed: int) -> tuple[int, int]:
        dice, done, refused = random.Random(seed), 0, 0  # noqa: S311 - a test's dice
        start.wait()
        for _ in range(60):
            try:
                call(dice)
                done += 1
            except BulkheadFullError:
                refused += 1
        return done, refused

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        counts = list(pool.map(many, range(12)))
    finally:
        sys.setswitchinterval(interval)

    refused = sum(r for _, r in counts)
    assert max(most) <= 3
    assert bulkhead.rejected_count == refused
    assert sum(d for d, _ in counts) + refused == 12 * 60
    assert (bulkhead.in_use, bulkhead.waiting_count) == (0, 0)
    assert len(bulkhead._permits) == 3


def test_a_failure_gives_its_place_back() -> None:
    """Of a function, of a coroutine function, in a block."""
    bulkhead = Bulkhead(1)

    @bulkhead
    def fail() -> None:
        raise OSError

    @bulkhead
    async def fail_async() -> None:
        """Fail."""
        raise OSError

    for _ in range(2):
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            fail()
        with pytest.raises(OSError):  # noqa: PT011 - as above
            asyncio.run(fail_async())

    assert bulkhead.in_use == 0


def test_it_is_found_by_its_name() -> None:
    """That of its first function, unless it was given one."""
    bulkhead, named = Bulkhead(1), Bulkhead(2, name="bulkhead-by-name")
    before = bulkhead.name

    bulkhead(_Inside.end)
    bulkhead(int)
    named(int)

    assert (before, bulkhead.name) == ("bulkhead", "_Inside.end")
    assert BULKHEADS.named("bulkhead-by-name") == [named]
    assert named.max_concurrent == 2
    assert repr(named) == "<Bulkhead bulkhead-by-name 0 of 2>"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_concurrent": 0}, "max_concurrent is 0"),
        ({"max_concurrent": 1, "max_wait": -1}, "max_wait is -1"),
        ({"max_concurrent": 1, "name": ""}, "name is ''"),
    ],
    ids=repr,
)
def test_a_bad_option_is_refused(options: dict[str, Any], words: str) -> None:
    """The message names it."""
    with pytest.raises(ValueError, match=words):
        Bulkhead(**options)


def test_a_block_is_the_bulkhead() -> None:
    """What `with … as` gives, awaited or not."""
    bulkhead = Bulkhead(1)

    async def entered() -> Bulkhead:
        """Enter it."""
        async with bulkhead as inside:
            return inside

    with bulkhead as inside:
        called = inside

    assert called is bulkhead
    assert asyncio.run(entered()) is bulkhead


class _Moment(ManualClock):
    """Calls something when the time is asked for, once it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.call: Callable[[], object] = int

    def monotonic(self) -> float:
        call, self.call = self.call, int
        call()
        return super().monotonic()


def test_a_place_that_comes_in_a_moment_is_waited_for() -> None:
    """However short the wait may be."""
    bulkhead, clock = Bulkhead(1, max_wait=0.9), _Moment()
    bulkhead.__enter__()

    with deadline(60, clock=clock):
        clock.call = lambda: bulkhead.__exit__(None, None, None)
        with bulkhead:
            in_use = bulkhead.in_use
        bulkhead.__enter__()
        clock.call = lambda: bulkhead.__exit__(None, None, None)
        asyncio.run(_enter(bulkhead))

    assert (in_use, bulkhead.in_use, bulkhead.rejected_count) == (1, 0, 0)


def test_who_is_interrupted_waits_no_more() -> None:
    """Whatever ends the wait, the queue forgets it, and the next place is free."""
    bulkhead, clock = Bulkhead(1, max_wait=0.5), _Moment()

    def interrupt() -> None:
        raise KeyboardInterrupt

    with bulkhead, deadline(60, clock=clock):
        clock.call = interrupt
        with pytest.raises(KeyboardInterrupt):
            bulkhead.__enter__()
        waiting = bulkhead.waiting_count

    assert (waiting, bulkhead.in_use) == (0, 0)
