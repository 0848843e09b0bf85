"""Deadlines: who sees them, which holds, and what is passed on."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from failwell.exceptions import DeadlineExceededError
from failwell.integrations.httpx import pass_deadline, pass_deadline_async
from failwell.integrations.requests import DeadlineAdapter
from failwell.resilience import (
    Policy,
    check_deadline,
    deadline,
    format_timeout,
    parse_timeout,
    remaining,
    remaining_or,
)
from failwell.resilience._deadline import CURRENT
from failwell.testing import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


def _in_fresh_context(function: Callable[[], Any]) -> Any:  # noqa: ANN401 - what it returns
    return contextvars.Context().run(function)


def test_the_earlier_deadline_holds(clock: ManualClock) -> None:
    """Inside of another one, longer or shorter; each ends with its block."""
    seen = [remaining()]

    with deadline(10, clock=clock):
        seen.append(remaining())
        with deadline(20, clock=clock):
            seen.append(remaining())
        with deadline(timedelta(seconds=3), clock=clock):
            clock.advance(1)
            seen.append(remaining())
        seen.append(remaining())
    seen.append(remaining())

    assert seen == [None, 10, 10, 2, 9, None]


def test_a_passed_deadline_leaves_nothing(clock: ManualClock) -> None:
    """Never less than 0.0 seconds; who asks before beginning gets the error."""
    with deadline(1, clock=clock):
        check_deadline()
        in_time = remaining_or(5), remaining_or(0.5)
        clock.advance(2)
        left = remaining()
        for ask in (check_deadline, format_timeout, lambda: remaining_or(5)):
            with pytest.raises(DeadlineExceededError):
                ask()

    assert in_time == (1, 0.5)
    assert left == 0.0
    assert remaining_or(5) == 5
    check_deadline()


def test_functions_have_it_for_each_call(clock: ManualClock) -> None:
    """Called or awaited, they keep their name, and the context is as before."""

    @deadline(5, clock=clock)
    def called() -> float | None:
        """Ask."""
        return remaining()

    @deadline(5, clock=clock)
    async def awaited() -> float | None:
        """Ask."""
        return remaining()

    assert (called(), asyncio.run(awaited()), called()) == (5, 5, 5)
    assert called.__name__ == "called"
    assert remaining() is None
    with pytest.raises(TypeError, match="generator"):
        deadline(5)(lambda: (yield))


def test_one_object_may_be_used_by_all(clock: ManualClock) -> None:
    """By threads at the same time, and inside of itself."""
    shared = deadline(5, clock=clock)
    together = threading.Barrier(4, timeout=20)

    def use() -> list[float | None]:
        with shared:
            together.wait()
            with shared:
                inside = remaining()
            together.wait()
            after = remaining()
        return [inside, after, remaining()]

    with ThreadPoolExecutor(4) as pool:
        seen = [f.result(20) for f in [pool.submit(use) for _ in range(4)]]

    assert seen == [[5, 5, None]] * 4


def test_tasks_and_copied_contexts_inherit_it(clock: ManualClock) -> None:
    """A task, a thread with a copy of the context; not a thread without."""

    async def main() -> list[float | None]:
        """Ask from everywhere."""
        with deadline(5, clock=clock):
            return [
                await asyncio.create_task(asyncio.sleep(0, remaining())),
                await asyncio.to_thread(remaining),
                await asyncio.get_running_loop().run_in_executor(None, remaining),
            ]

    assert asyncio.run(main()) == [5, 5, None]


def test_a_policys_deadline_is_seen_inside_and_not_after() -> None:
    """Each call has its own; what is around holds when it is earlier."""

    def check() -> None:
        long, short = Policy("long", deadline=100), Policy("short", deadline=10)
        inner = short(remaining)
        outer = long(lambda: (remaining(), inner(), remaining()))

        before, inside, after = outer()
        with deadline(5):
            around = inner()

        assert 99 < after <= before <= 100
        assert 9 < inside <= 10
        assert 4 < around <= 5
        assert remaining() is None

    _in_fresh_context(check)


def test_a_policys_deadline_belongs_to_its_thread() -> None:
    """A copy of the context, run elsewhere meanwhile, sees only what is exact there."""

    def check() -> None:
        call = Policy("mine", deadline=10)(
            lambda: (
                remaining(),
                pool.submit(contextvars.copy_context().run, remaining).result(20),
                pool.submit(contextvars.copy_context().run, own).result(20),
            )
        )
        with ThreadPoolExecutor(1) as pool:
            own = Policy("own", deadline=3)(remaining)
            call()
            mine, other, others_own = call()

        assert 9 < mine <= 10
        assert other is None
        assert 2 < others_own <= 3
        assert remaining() is None

    _in_fresh_context(check)
    # The other way round, for threads are told apart by numbers.
    with ThreadPoolExecutor(1) as others:
        others.submit(_in_fresh_context, check).result(20)


def test_an_awaited_policys_deadline_is_inherited() -> None:
    """By the tasks and threads that it starts, and by no others."""
    policy = Policy("awaited", deadline=10)

    @policy
    async def call() -> list[float | None]:
        """Ask from everywhere."""
        return [remaining(), await asyncio.to_thread(remaining)]

    async def main() -> list[list[float | None]]:
        """Call it from two tasks."""
        return await asyncio.gather(call(), call())

    for seen in asyncio.run(main()):
        assert all(left is not None and 9 < left <= 10 for left in seen)
    assert remaining() is None


def test_a_policy_begins_nothing_after_the_deadline(clock: ManualClock) -> None:
    """Of either kind of function, whatever clock the one around has."""
    calls = []

    async def awaited() -> None:
        """Be called."""
        calls.append(1)

    policy = Policy("late", deadline=10)
    with deadline(0, clock=clock):
        with pytest.raises(DeadlineExceededError):
            policy(lambda: calls.append(1))()
        with pytest.raises(DeadlineExceededError):
            asyncio.run(policy(awaited)())
        with pytest.raises(DeadlineExceededError):
            Policy("late", deadline=10, clock=clock)(awaited)().send(None)

    assert calls == []


def test_a_policy_in_a_policy_begins_nothing_after_its_deadline(
    clock: ManualClock,
) -> None:
    """The one inside may have as much time as it likes: that of the other is over."""
    clock.monotonic = clock.monotonic  # type: ignore[method-assign] # one object, as the system's is
    began = []

    def check() -> None:
        inner = Policy("late-inside", deadline=5, clock=clock)(began.append)

        @Policy("late-outside", deadline=10, clock=clock)
        def outer() -> None:
            inner("in time")
            clock.advance(10)
            inner("too late")

        with pytest.raises(DeadlineExceededError):
            outer()

    _in_fresh_context(check)

    assert began == ["in time"]


def test_a_context_keeps_no_more_than_one_scope() -> None:
    """However many calls are made in it."""

    def check() -> None:
        call = Policy("often", deadline=10)(int)
        for _ in range(100):
            with deadline(5):
                call()
            call()
        scope, depth = CURRENT.get(), 0
        while scope is not None:
            scope, depth = scope.outer, depth + 1
        assert depth == 1

    _in_fresh_context(check)


@given(st.text(max_size=30) | st.floats().map(str))
def test_any_header_gives_allowed_seconds_or_none(text: str) -> None:
    """Never an error, never more than the longest, never nothing or less."""
    seconds = parse_timeout(text, longest=60)

    assert seconds is None or 0 < seconds <= 60


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1.5", 1.5),
        ("0.001", 0.001),
        ("500", 300),
        (None, None),
        ("0", None),
        ("-1", None),
        ("", None),
        ("soon", None),
        ("inf", None),
        ("1e999", None),
        ("nan", None),
        ("1" * 20, 300),
        ("1" * 21, None),
    ],
)
def test_a_header_gives_its_seconds(text: str | None, seconds: float | None) -> None:
    """Those that are above 0, up to five minutes by default, in a text of some length."""
    assert parse_timeout(text) == seconds


def test_what_is_left_goes_out_rounded_down(clock: ManualClock) -> None:
    """The other side must not believe to have more time."""
    with deadline(1.23456, clock=clock):
        assert format_timeout() == "1.234"
    assert format_timeout() is None


def test_httpx_passes_it_on(clock: ManualClock) -> None:
    """As a header and as the time-out, which it only makes shorter."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    async def main() -> None:
        """Ask once."""
        async with httpx.AsyncClient(
            transport=httpx.MockTransport(answer),
            event_hooks={"request": [pass_deadline_async]},
        ) as client:
            await client.get("http://a/")

    client = httpx.Client(
        transport=httpx.MockTransport(answer),
        event_hooks={"request": [pass_deadline]},
        timeout=httpx.Timeout(5, connect=1),
    )
    client.get("http://a/")
    with deadline(2, clock=clock):
        client.get("http://a/")
        asyncio.run(main())
        clock.advance(3)
        with pytest.raises(DeadlineExceededError):
            client.get("http://a/")

    headers = [request.headers.get("X-Request-Timeout") for request in seen]
    timeouts = [request.extensions["timeout"] for request in seen]
    assert headers == [None, "2.000", "2.000"]
    assert [t["read"] for t in timeouts] == [5, 2, 2]
    assert [t["connect"] for t in timeouts] == [1, 1, 2]


def test_requests_passes_it_on(clock: ManualClock) -> None:
    """By an adapter, whatever time-out the call has."""
    sent: list[tuple[Any, Any]] = []

    class Adapter(DeadlineAdapter):
        """Answers by itself."""

        def get_connection_with_tls_context(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - the parent's
            """Return what remembers what it is asked."""
            return self

        def urlopen(self, **kwargs: Any) -> Any:  # noqa: ANN401 - urllib3's
            """Remember, and go no further."""
            timeout = kwargs["timeout"]
            sent.append((kwargs["headers"].get("X-Request-Timeout"), timeout))
            raise requests.ConnectionError

    session = requests.Session()
    session.mount("http://", Adapter())
    timeouts: list[Any] = [None, 5, 1, (1, None)]
    for timeout in timeouts:
        with deadline(2, clock=clock), pytest.raises(requests.ConnectionError):
            session.get("http://a/", timeout=timeout)
    with pytest.raises(requests.ConnectionError):
        session.get("http://a/", timeout=7)
    with deadline(0, clock=clock), pytest.raises(DeadlineExceededError):
        session.get("http://a/")

    limits = [(t.connect_timeout, t.read_timeout) for _, t in sent]
    assert [header for header, _ in sent] == ["2.000"] * 4 + [None]
    assert limits == [(2, 2), (2, 2), (1, 1), (1, 2), (7, 7)]


@pytest.mark.parametrize("seconds", [-1, float("inf"), "1", None])
def test_a_bad_duration_is_refused(seconds: Any) -> None:  # noqa: ANN401 - on purpose
    """The message names it."""
    with pytest.raises((ValueError, TypeError), match="seconds is"):
        deadline(seconds)


def test_little_time_is_little(clock: ManualClock) -> None:
    """A fraction of a second is not rounded up, neither here nor by the block itself."""
    with deadline(0.5, clock=clock) as half:
        longest = remaining_or(30)

    assert longest == half.seconds == 0.5


def test_a_deadline_of_a_coroutine_ends_with_it(clock: ManualClock) -> None:
    """Whoever has awaited it has none."""

    @deadline(5, clock=clock)
    async def inside() -> float | None:
        """Tell the time left."""
        return remaining()

    async def outside() -> tuple[float | None, float | None]:
        """Await it, and tell the time left then."""
        return await inside(), remaining()

    assert asyncio.run(outside()) == (5, None)
