"""Time-outs: coroutines are cancelled, threads are left behind and counted."""

import asyncio
import contextlib
import contextvars
import gc
import os
import signal
import threading
import weakref
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, g, request

from failwell.exceptions import (
    BulkheadFullError,
    CallTimeoutError,
    DeadlineExceededError,
)
from failwell.resilience import (
    CircuitBreaker,
    abandoned_threads,
    deadline,
    remaining,
    retry,
    timeout,
)
from failwell.resilience._threads import Threads, _Job
from failwell.testing import ManualClock

PATIENCE_S = 20.0


class _Stuck:
    """A function that hangs until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Semaphore(0), threading.Event()
        self.done = threading.Semaphore(0)

    def __call__(self) -> str:
        """Hang."""
        self.begun.release()
        assert self.go.wait(PATIENCE_S)
        self.done.release()
        return "late"


@pytest.fixture
def stuck() -> Iterator[_Stuck]:
    """Something that hangs, let go at the end."""
    stuck = _Stuck()
    yield stuck
    stuck.go.set()


def _settled() -> None:
    while abandoned_threads():
        threading.Event().wait(0.001)


def test_a_coroutine_is_cancelled() -> None:
    """It gets the cancellation, its caller an error that is a `TimeoutError`, too."""
    events = []

    @timeout(0.01)
    async def hang() -> None:
        """Never answer."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            events.append("cancelled")
            raise

    with pytest.raises(CallTimeoutError, match=r"No answer within 0\.01 s") as caught:
        asyncio.run(hang())

    assert isinstance(caught.value, TimeoutError)
    assert caught.value.status_code == 504
    assert caught.value.__context__ is None
    assert events == ["cancelled"]


def test_a_coroutine_in_time_is_left_alone() -> None:
    """Its result, its own errors, and its own `TimeoutError` come out as they are."""

    @timeout(timedelta(seconds=PATIENCE_S))
    async def call(error: Exception | None = None) -> float | None:
        """Answer or fail."""
        if error is not None:
            raise error
        return remaining()

    own = TimeoutError("mine")
    with pytest.raises(TimeoutError) as caught:
        asyncio.run(call(own))
    left = asyncio.run(call())

    assert caught.value is own
    assert left is not None
    assert 0 < left <= PATIENCE_S


def test_an_earlier_deadline_ends_a_coroutine() -> None:
    """And is named in its stead; where it has passed nothing begins."""
    begun = []

    @timeout(PATIENCE_S)
    async def hang() -> None:
        """Never answer."""
        begun.append(1)
        await asyncio.Event().wait()

    async def main() -> None:
        """Call it twice."""
        with deadline(0.01):
            with pytest.raises(DeadlineExceededError) as caught:
                await hang()
            assert not isinstance(caught.value, CallTimeoutError)
            with pytest.raises(DeadlineExceededError):
                await hang()

    asyncio.run(main())

    assert len(begun) == 1


def test_a_function_is_not_stopped_in_secret() -> None:
    """Without being told to leave threads behind it refuses, and says what else to do."""
    with pytest.raises(
        TypeError, match=r"cannot stop .*:int, which is not awaited"
    ) as e:
        timeout(1)(int)

    assert "remaining_or" in str(e.value)


def test_a_thread_is_left_behind_and_counted(stuck: _Stuck) -> None:
    """The caller goes on; the gauge falls when the call ends after all."""
    before = abandoned_threads()
    call = timeout(0.01, in_thread=True)(stuck)

    with pytest.raises(CallTimeoutError) as caught:
        call()
    during = abandoned_threads()
    stuck.go.set()
    assert stuck.done.acquire(timeout=PATIENCE_S)
    _settled()

    assert caught.value.abandoned
    assert str(caught.value) == "No answer within 0.01 s"
    assert during == before + 1
    assert call() == "late"


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no such signals here")
def test_a_wait_that_is_interrupted_leaves_a_thread_behind(stuck: _Stuck) -> None:
    """As one that is over: the thread is counted until its call ends."""
    before, waiting = abandoned_threads(), threading.get_ident()

    @timeout(PATIENCE_S, in_thread=True)
    def call() -> None:
        """Interrupt the one who waits."""
        threading.Event().wait(0.01)  # by then it does
        signal.pthread_kill(waiting, signal.SIGUSR1)
        stuck()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    handler = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            call()
    finally:
        signal.signal(signal.SIGUSR1, handler)
    during = abandoned_threads()
    stuck.go.set()
    _settled()

    assert during == before + 1


def test_a_thread_that_cannot_be_started_takes_no_place(stuck: _Stuck) -> None:
    """The system may have none to give; later calls have as many places as ever."""
    call = timeout(0.01, in_thread=True, threads=1)(stuck)

    size = threading.stack_size(1 << 56)  # more than there is of addresses
    try:
        with pytest.raises(RuntimeError, match="start new thread"):
            call()
    finally:
        threading.stack_size(size)

    with pytest.raises(CallTimeoutError):
        call()
    with pytest.raises(BulkheadFullError):
        call()


def test_a_call_that_ends_at_the_last_moment_has_ended() -> None:
    """Between the end of the wait and the look at it: it is not left behind."""
    pool, job = Threads(1, "last moment"), _Job(int, contextvars.copy_context())
    job.done.release()

    is_left_behind = pool._abandon(job)

    assert (is_left_behind, pool.abandoned) == (False, 0)


class _Load:
    """Something that a frame holds."""


def _lives_on(load: weakref.ref[_Load]) -> bool:
    """Return whether it is there although a thread had time to let it go."""
    for _ in range(1000):
        if load() is None:
            return False
        threading.Event().wait(0.001)
    return True


@pytest.mark.parametrize("fails", [False, True])
def test_a_call_leaves_nothing_behind(fails: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Neither its thread nor its error keeps what it held, without the collector."""
    loads: list[weakref.ref[_Load]] = []

    @timeout(PATIENCE_S, in_thread=True)
    def call() -> _Load:
        """Fail or answer."""
        load = _Load()
        loads.append(weakref.ref(load))
        if fails:
            raise OSError(load)
        return load

    gc.disable()
    try:
        with contextlib.suppress(OSError):
            call()
        lives_on = _lives_on(loads[0])
    finally:
        gc.enable()

    assert not lives_on


def test_threads_are_bounded(stuck: _Stuck) -> None:
    """Those left behind take the places of others, which are refused at once."""
    call = timeout(0.01, in_thread=True, threads=2)(stuck)
    for _ in range(2):
        with pytest.raises(CallTimeoutError):
            call()

    with pytest.raises(BulkheadFullError, match="_Stuck"):
        call()
    stuck.go.set()
    _settled()

    assert call() == "late"


def test_a_call_that_still_runs_is_not_made_again(stuck: _Stuck) -> None:
    """Unless its error is named: the first may have its effect yet."""
    clock = ManualClock()
    call = timeout(0.01, in_thread=True)(stuck)

    with pytest.raises(CallTimeoutError):
        retry(TimeoutError, tries=2, clock=clock)(call)()
    once = len(clock.sleeps)
    with pytest.raises(CallTimeoutError):
        retry(CallTimeoutError, tries=2, clock=clock)(call)()

    assert (once, len(clock.sleeps)) == (0, 1)


def test_a_thread_sees_the_context_of_its_caller() -> None:
    """Variables, Flask's request, and the time left; what it sets stays there."""
    variable = contextvars.ContextVar("variable", default="unset")

    @timeout(PATIENCE_S, in_thread=True)
    def call(*, name: str) -> tuple[object, ...]:
        """Look around."""
        seen = variable.get(), request.args["q"], g.user
        variable.set("inside")
        left = remaining()
        assert left is not None
        return *seen, name, 0 < left <= PATIENCE_S, threading.current_thread().daemon

    app = Flask(__name__)
    with app.test_request_context("/?q=1"):
        g.user = "Ada"
        variable.set("outside")
        seen = call(name="n")

    assert seen == ("outside", "1", "Ada", "n", True, True)
    assert variable.get() == "outside"


@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt, SystemExit])
def test_errors_come_out_of_the_thread(kind: type[BaseException]) -> None:
    """Of any kind, and the thread serves the next call."""
    idents = set()

    @timeout(PATIENCE_S, in_thread=True)
    def fail() -> None:
        """Fail."""
        idents.add(threading.get_ident())
        raise kind

    for _ in range(5):
        with pytest.raises(kind):
            fail()

    assert len(idents) == 1
    assert idents != {threading.get_ident()}


def test_a_breaker_counts_what_took_too_long(stuck: _Stuck) -> None:
    """A time-out is a failure of the thing called; a pool that is full is not."""
    breaker = CircuitBreaker(5)
    call = breaker(timeout(0.01, in_thread=True, threads=1)(stuck))

    with pytest.raises(CallTimeoutError):
        call()
    with pytest.raises(BulkheadFullError):
        call()

    assert breaker.failure_count == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_has_threads_of_its_own() -> None:
    """Those of its parent are not there, and it does not wait for them."""
    call = timeout(PATIENCE_S, in_thread=True, threads=1)(int)
    call()

    child = os.fork()
    if child == 0:
        os._exit(0 if call() == 0 else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert call() == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seconds": 0}, "seconds is 0"),
        ({"seconds": "1"}, "seconds is '1'"),
        ({"seconds": 1, "threads": 0}, "threads is 0"),
    ],
    ids=repr,
)
def test_a_bad_option_is_refused(options: dict[str, Any], words: str) -> None:
    """The message names it."""
    with pytest.raises((ValueError, TypeError), match=words):
        timeout(**options)
