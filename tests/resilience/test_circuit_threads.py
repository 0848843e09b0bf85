"""`CircuitBreaker` between threads, their order forced by barriers and events."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from failwell.exceptions import CircuitBreakerError
from failwell.resilience import CircuitBreaker, CircuitState
from failwell.testing import ManualClock

PATIENCE_S = 20.0


class Call:
    """A guarded call that has begun in another thread and ends when told how."""

    def __init__(self, pool: ThreadPoolExecutor, breaker: CircuitBreaker) -> None:
        self._begun, self._end = threading.Event(), threading.Event()
        self._error: Exception | None = None
        self._result: Future[str] = pool.submit(breaker(self._wait))
        assert self._begun.wait(PATIENCE_S)

    def _wait(self) -> str:
        self._begun.set()
        assert self._end.wait(PATIENCE_S)
        if self._error is not None:
            raise self._error
        return "answer"

    def succeed(self) -> None:
        """Let it answer, and wait until it has."""
        self._end.set()
        assert self._result.result(PATIENCE_S) == "answer"

    def fail(self) -> None:
        """Let it fail, and wait until it has."""
        self._error = OSError()
        self._end.set()
        assert isinstance(self._result.exception(PATIENCE_S), OSError)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Threads enough."""
    with ThreadPoolExecutor(16) as pool:
        yield pool


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


@pytest.fixture
def breaker(clock: ManualClock) -> CircuitBreaker:
    """Opens at the first failure."""
    return CircuitBreaker(1, 60, 30, clock=clock)


@pytest.fixture
def begin(pool: ThreadPoolExecutor, breaker: CircuitBreaker) -> Callable[[], Call]:
    """Begin a call in another thread."""
    return lambda: Call(pool, breaker)


def _trip(breaker: CircuitBreaker) -> None:
    def fail() -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        breaker(fail)()


def test_closed_calls_run_side_by_side(
    pool: ThreadPoolExecutor, breaker: CircuitBreaker
) -> None:
    """Eight calls meet inside the function: no lock is held while it runs."""
    barrier = threading.Barrier(8, timeout=PATIENCE_S)
    meet = breaker(barrier.wait)

    places = [f.result(PATIENCE_S) for f in [pool.submit(meet) for _ in range(8)]]

    assert sorted(places) == list(range(8))


def test_of_eight_calls_at_half_open_one_runs(
    pool: ThreadPoolExecutor, breaker: CircuitBreaker, clock: ManualClock
) -> None:
    """The other seven are refused at once, while the probe is still running."""
    _trip(breaker)
    clock.advance(60)
    start = threading.Barrier(8, timeout=PATIENCE_S)
    refusals, done = threading.Semaphore(0), threading.Event()
    ran = []

    @breaker
    def probe() -> None:
        ran.append(1)
        assert done.wait(PATIENCE_S)

    def call() -> CircuitBreakerError | None:
        start.wait()
        try:
            probe()
        except CircuitBreakerError as error:
            refusals.release()
            return error
        return None

    calls = [pool.submit(call) for _ in range(8)]
    for _ in range(7):
        assert refusals.acquire(timeout=PATIENCE_S)
    state, left = breaker.state, breaker.retry_after
    done.set()
    errors = [e for f in calls if (e := f.result(PATIENCE_S)) is not None]

    assert len(ran) == 1
    assert (state, left) == (CircuitState.HALF_OPEN, 30)
    assert [(e.state, e.retry_after) for e in errors] == [("half_open", 30)] * 7
    assert len({id(e) for e in errors}) == 7
    assert breaker.state is CircuitState.CLOSED


def test_a_slow_success_from_before_does_not_close_it(
    breaker: CircuitBreaker, begin: Callable[[], Call]
) -> None:
    """It began before the circuit opened, so it says nothing about now."""
    slow = begin()
    _trip(breaker)

    slow.succeed()

    assert breaker.state is CircuitState.OPEN
    assert breaker.failure_count == 1


def test_slow_results_from_before_do_not_touch_the_probe(
    breaker: CircuitBreaker, clock: ManualClock, begin: Callable[[], Call]
) -> None:
    """Neither a failure nor a success of an older call decides for the probe."""
    failing, succeeding = begin(), begin()
    _trip(breaker)
    clock.advance(60)
    probe = begin()

    failing.fail()
    after_failure = breaker.state, breaker.failure_count
    succeeding.succeed()
    after_success = breaker.state, breaker.failure_count
    probe.succeed()

    assert after_failure == after_success == (CircuitState.HALF_OPEN, 1)
    assert breaker.state is CircuitState.CLOSED


def test_a_slow_failure_from_before_does_not_open_it_again(
    breaker: CircuitBreaker, clock: ManualClock, begin: Callable[[], Call]
) -> None:
    """Once closed, it counts only what began since."""
    slow = begin()
    _trip(breaker)
    clock.advance(60)
    begin().succeed()

    slow.fail()

    assert breaker.state is CircuitState.CLOSED
    assert breaker.failure_count == 0


def test_a_probe_that_hangs_gives_its_place_up(
    breaker: CircuitBreaker, clock: ManualClock, begin: Callable[[], Call]
) -> None:
    """After the half-open timeout another call probes; the late result is dropped."""
    _trip(breaker)
    clock.advance(60)
    hanging = begin()
    clock.advance(29.75)
    with pytest.raises(CircuitBreakerError) as refused:
        breaker(lambda: "refused")()
    clock.advance(0.25)
    second = begin()

    hanging.succeed()
    after_late_result = breaker.state
    second.fail()

    assert refused.value.retry_after == 0.25
    assert after_late_result is CircuitState.HALF_OPEN
    assert breaker.state is CircuitState.OPEN


def test_a_late_failure_of_a_replaced_probe_is_dropped(
    breaker: CircuitBreaker, clock: ManualClock, begin: Callable[[], Call]
) -> None:
    """The circuit that its successor closed stays closed."""
    _trip(breaker)
    clock.advance(60)
    hanging = begin()
    clock.advance(30)
    begin().succeed()

    hanging.fail()

    assert breaker.state is CircuitState.CLOSED
    assert breaker.failure_count == 0


def test_reset_does_not_wait_for_a_hanging_call(
    breaker: CircuitBreaker, clock: ManualClock, begin: Callable[[], Call]
) -> None:
    """An operator closes it while a probe hangs, whose result then counts nowhere."""
    _trip(breaker)
    clock.advance(60)
    hanging = begin()

    breaker.reset()
    state = breaker.state
    hanging.fail()

    assert state is breaker.state is CircuitState.CLOSED
    assert breaker.failure_count == 0


def test_no_failure_is_lost_under_contention(
    pool: ThreadPoolExecutor, clock: ManualClock
) -> None:
    """Failures and refusals of eight threads are counted exactly, and it trips once."""
    breaker = CircuitBreaker(3000, 60, clock=clock)
    start = threading.Barrier(8, timeout=PATIENCE_S)
    ran = []

    @breaker
    def fail() -> None:
        ran.append(1)
        raise OSError

    def call() -> tuple[int, int]:
        start.wait()
        failures = refusals = 0
        for _ in range(500):
            try:
                fail()
            except OSError:
                failures += 1
            except CircuitBreakerError:
                refusals += 1
        return failures, refusals

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        counts = [f.result(PATIENCE_S) for f in [pool.submit(call) for _ in range(8)]]
    finally:
        sys.setswitchinterval(interval)

    failures, refusals = (sum(column) for column in zip(*counts, strict=True))
    assert failures + refusals == 4000
    assert failures == len(ran)
    assert breaker.rejected_count == refusals
    # Calls that were under way when it tripped still failed, and counted nowhere.
    assert breaker.failure_count == 3000
    assert 3000 <= failures < 3008
