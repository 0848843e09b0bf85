"""What a resilience library has to get right, seen from the outside, one test each."""

import asyncio
import contextlib
import gc
import threading
import traceback
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from failwell import register_error_handlers
from failwell.exceptions import CircuitBreakerError
from failwell.resilience import (
    CircuitBreaker,
    CircuitState,
    RetryBudget,
    deadline,
    retry,
)
from failwell.testing import ManualClock, no_waiting

PATIENCE_S = 20.0


def _fail() -> None:
    raise OSError


def _fail_through(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            breaker.call(_fail)


def _succeed_through(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.call(int)


class _Hanging:
    """A call in another thread that ends when told how."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._begun, self._end = threading.Event(), threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(breaker,))
        self._thread.start()
        assert self._begun.wait(PATIENCE_S)

    def _run(self, breaker: CircuitBreaker) -> None:
        with contextlib.suppress(OSError):
            breaker.call(self._call)

    def _call(self) -> None:
        self._begun.set()
        assert self._end.wait(PATIENCE_S)
        if self._error is not None:
            raise self._error

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def end(self, error: BaseException | None = None) -> None:
        """Let it succeed or fail."""
        self._error = error
        self._end.set()
        self._thread.join(PATIENCE_S)


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


@pytest.fixture
def half_open(clock: ManualClock) -> CircuitBreaker:
    """A breaker whose next call is a probe."""
    breaker = CircuitBreaker(1, 60, 30, clock=clock, name="mail")
    _fail_through(breaker)
    clock.advance(60)
    return breaker


def test_01_calls_of_eight_threads_run_side_by_side() -> None:
    """They sleep inside of the breaker together: none waits for another's lock."""
    breaker = CircuitBreaker()
    together = threading.Barrier(8, timeout=PATIENCE_S)
    call = breaker(lambda: together.wait() >= 0)

    with ThreadPoolExecutor(8) as pool:
        rounds = list(pool.map(lambda _: [call() for _ in range(20)], range(8)))

    assert all(all(answers) for answers in rounds)


def test_02_of_eight_simultaneous_calls_one_probes(half_open: CircuitBreaker) -> None:
    """Seven are refused while it is still running."""
    probe = _Hanging(half_open)

    refused = 0
    for _ in range(7):
        with pytest.raises(CircuitBreakerError):
            half_open.call(int)
        refused += 1
    probe.end()

    assert refused == half_open.rejected_count == 7
    assert half_open.state is CircuitState.CLOSED


def test_03_a_rate_of_a_half_opens_at_the_tenth_call() -> None:
    """Good and bad alternate; the minimum of ten is reached by the tenth."""
    breaker = CircuitBreaker(failure_rate=0.5, minimum_calls=10)
    states = []

    for _ in range(5):
        _succeed_through(breaker)
        states.append(breaker.state)
        _fail_through(breaker)
        states.append(breaker.state)

    assert states == [CircuitState.CLOSED] * 9 + [CircuitState.OPEN]


@pytest.mark.parametrize("window", [{"window_calls": 50}, {"window_time": 10}])
def test_04_fewer_calls_than_the_minimum_do_not_open(window: dict[str, int]) -> None:
    """Nine failures of nine calls are no rate yet."""
    breaker = CircuitBreaker(failure_rate=0.5, minimum_calls=10, **window)  # type: ignore[arg-type] # the options of either window

    _fail_through(breaker, 9)

    assert breaker.state is CircuitState.CLOSED


@pytest.mark.parametrize("window", [{"window_calls": 100}, {"window_time": 60}])
def test_05_few_failures_among_many_do_not_open(window: dict[str, int]) -> None:
    """Five failures among 10,000 calls are not a half, however close together."""
    breaker = CircuitBreaker(failure_rate=0.5, **window)  # type: ignore[arg-type] # the options of either window
    call = breaker(lambda: None)

    for _ in range(9_995):
        call()
    _fail_through(breaker, 5)

    assert breaker.state is CircuitState.CLOSED


def test_06_failures_older_than_the_window_do_not_count(clock: ManualClock) -> None:
    """Nine that are eleven seconds old and one more are one of one."""
    breaker = CircuitBreaker(
        failure_rate=0.5, window_time=10, minimum_calls=10, clock=clock
    )
    _fail_through(breaker, 9)
    clock.advance(10.001)

    _fail_through(breaker)

    assert breaker.state is CircuitState.CLOSED
    assert breaker.counters.failures == 1


def test_07_a_slow_success_from_before_does_not_close(clock: ManualClock) -> None:
    """It began before the circuit opened."""
    breaker = CircuitBreaker(1, clock=clock)
    slow = _Hanging(breaker)
    _fail_through(breaker)

    slow.end()

    assert breaker.state is CircuitState.OPEN


def test_08_a_slow_failure_from_before_is_no_verdict_on_the_probe(
    clock: ManualClock,
) -> None:
    """The probe's own success closes the circuit."""
    breaker = CircuitBreaker(1, 60, clock=clock)
    slow = _Hanging(breaker)
    _fail_through(breaker)
    clock.advance(60)
    probe = _Hanging(breaker)

    slow.end(OSError())
    between = breaker.state
    probe.end()

    assert between is CircuitState.HALF_OPEN
    assert breaker.state is CircuitState.CLOSED


def test_09_a_probe_that_raises_what_is_ignored_gives_its_place_back(
    clock: ManualClock,
) -> None:
    """The circuit stays half-open, and the next call probes."""
    breaker = CircuitBreaker(1, 60, clock=clock, ignored=KeyError)
    _fail_through(breaker)
    clock.advance(60)

    with pytest.raises(KeyError):
        breaker.call({}.__getitem__, "absent")
    between = breaker.state
    breaker.call(int)

    assert between is CircuitState.HALF_OPEN
    assert breaker.state is CircuitState.CLOSED


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_10_a_probe_that_is_interrupted_gives_its_place_back(
    half_open: CircuitBreaker, kind: type[BaseException]
) -> None:
    """What is outside of `Exception` leaks no place."""

    def interrupted() -> None:
        raise kind

    with pytest.raises(kind):
        half_open.call(interrupted)
    half_open.call(int)

    assert half_open.state is CircuitState.CLOSED


def test_11_a_probe_that_never_returns_is_replaced(
    half_open: CircuitBreaker, clock: ManualClock
) -> None:
    """After its time another call is let through."""
    hanging = _Hanging(half_open)
    clock.advance(29)
    lefts = [half_open.retry_after]
    clock.advance(2)
    lefts.append(half_open.retry_after)

    half_open.call(int)
    state = half_open.state
    hanging.end()

    assert lefts == [1, 0]
    assert state is CircuitState.CLOSED


def test_12_the_call_that_trips_raises_its_own_error(clock: ManualClock) -> None:
    """The next one raises the refusal, with the name and the seconds left."""
    breaker = CircuitBreaker(1, 60, name="mail", clock=clock)
    _fail_through(breaker)
    clock.advance(18)

    with pytest.raises(CircuitBreakerError) as refused:
        breaker.call(int)

    assert refused.value.breaker == "mail"
    assert refused.value.retry_after == 42


def test_13_refusals_keep_nothing_alive(clock: ManualClock) -> None:
    """After 10,000 refusals of callers that hold 10 kB each, memory is flat."""
    breaker = CircuitBreaker(1, clock=clock)
    _fail_through(breaker)
    call = breaker(lambda: None)

    def caller() -> int:
        load = bytearray(10_000)
        try:
            call()
        except CircuitBreakerError as error:
            return id(error) * len(load)
        raise AssertionError

    for _ in range(100):
        caller()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(10_000):
        caller()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert grown < 50_000


def test_14_the_wall_clock_changes_nothing(clock: ManualClock) -> None:
    """An hour forward and two back leave an open circuit as it is."""
    breaker = CircuitBreaker(1, 60, clock=clock)
    _fail_through(breaker)

    lefts = [breaker.retry_after]
    for hours in (1, -2):
        clock.set_wall(clock.now() + hours * 3600)
        lefts.append(breaker.retry_after)

    assert lefts == [60, 60, 60]


def test_15_forcing_open_waits_for_nobody_and_holds(clock: ManualClock) -> None:
    """While a call hangs, beyond the reset timeout, until it is reset."""
    breaker = CircuitBreaker(1, 60, clock=clock)
    hanging = _Hanging(breaker)

    breaker.force_open()
    hung = hanging.is_running
    hanging.end()
    clock.advance(3600)
    with pytest.raises(CircuitBreakerError) as refused:
        breaker.call(int)
    breaker.reset()

    assert hung
    assert refused.value.retry_after is None
    assert breaker.call(int) == 0


def test_16_flask_answers_503_with_the_seconds_left(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Rounded up, at least 1; one line for the transition, none for a refusal."""
    breaker = CircuitBreaker(1, 60, name="mail", clock=clock)
    app = Flask(__name__)
    register_error_handlers(app)
    app.add_url_rule("/", view_func=breaker(lambda: "answer"), endpoint="root")
    _fail_through(breaker)
    clock.advance(59.75)

    answers = [app.test_client().get("/") for _ in range(5)]

    assert {a.status_code for a in answers} == {503}
    assert {a.headers["Retry-After"] for a in answers} == {"1"}
    assert len([r for r in caplog.records if r.name == "failwell.resilience"]) == 1


def test_17_three_tries_are_three_calls_and_two_sleeps(clock: ManualClock) -> None:
    """The last error comes out with its traceback; without a delay nothing sleeps."""
    calls = []

    def fail() -> None:
        calls.append(1)
        raise OSError(f"failure {len(calls)}")

    with pytest.raises(OSError, match="failure 3") as caught:
        retry(OSError, tries=3, clock=clock)(fail)()
    sleeps = len(clock.sleeps)
    with pytest.raises(OSError, match="failure 6"):
        retry(OSError, tries=3, delay=0, clock=clock)(fail)()

    frames = [f.name for f in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-1] == "fail"
    assert (sleeps, len(clock.sleeps)) == (2, 2)


def test_18_it_gives_up_before_a_wait_beyond_the_deadline(clock: ManualClock) -> None:
    """Its own wait of a second, and the minute that the other side asks for."""

    class BusyError(OSError):
        """Asks for a minute."""

        retry_after = 60

    def fail() -> None:
        raise OSError

    def busy() -> None:
        raise BusyError

    for function in (fail, busy):
        with (
            deadline(0.3, clock=clock),
            pytest.raises(OSError),  # noqa: PT011 - a bare one is what is raised
        ):
            retry(OSError, jitter=None, clock=clock)(function)()
        with pytest.raises(OSError):  # noqa: PT011 - as above
            retry(OSError, jitter=None, max_elapsed=0.3, clock=clock)(function)()

    assert clock.sleeps == []


def test_19_a_storm_is_multiplied_by_no_more_than_the_budget(
    clock: ManualClock,
) -> None:
    """Of 1,000 requests that all fail come at most 1,100 calls and the reserve."""
    budget = RetryBudget(0.1, tokens=20)
    calls = []

    @retry(OSError, tries=3, budget=budget, clock=clock)
    def fail() -> None:
        calls.append(1)
        raise OSError

    for _ in range(1000):
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            fail()

    assert 1000 < len(calls) <= 1100 + 10
    assert budget.refused_count > 900


def test_20a_an_open_circuit_ends_a_retry(clock: ManualClock) -> None:
    """One refusal, and no sleep."""
    breaker = CircuitBreaker(1, clock=clock)
    _fail_through(breaker)

    with pytest.raises(CircuitBreakerError):
        retry(Exception, clock=clock)(breaker(int))()

    assert (breaker.rejected_count, clock.sleeps) == (1, [])


def test_20b_test_mode_does_not_sleep_and_caps_the_attempts(clock: ManualClock) -> None:
    """Of ten tries two are made, without a wait."""
    calls = []

    @retry(OSError, tries=10, clock=clock)
    def fail() -> None:
        calls.append(1)
        raise OSError

    with no_waiting(tries=2), pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        fail()

    assert (len(calls), clock.sleeps) == (2, [])


def test_20c_a_generator_is_retried_until_its_first_item(clock: ManualClock) -> None:
    """A failure before it begins again, one after it does not; the breaker sees both."""
    breaker = CircuitBreaker(3, clock=clock)
    begun = []

    @retry(OSError, clock=clock)
    @breaker
    def items() -> Iterator[int]:
        begun.append(1)
        if len(begun) == 1:
            raise OSError("before")
        yield 1
        raise OSError("after")

    got = []
    with pytest.raises(OSError, match="after"):
        got.extend(items())
    taken = items()

    assert (got, len(begun)) == ([1], 2)
    assert breaker.failure_count == 2
    assert next(taken) == 1


def test_20d_an_async_generator_is_retried_until_its_first_item(
    clock: ManualClock,
) -> None:
    """As the other kind."""
    breaker = CircuitBreaker(3, clock=clock)
    begun = []

    @retry(OSError, clock=clock)
    @breaker
    async def items():  # noqa: ANN202 - an async generator
        """Fail before, then after the first item."""
        begun.append(1)
        if len(begun) == 1:
            raise OSError("before")
        yield 1
        raise OSError("after")

    got = []

    async def main() -> None:
        """Consume it."""
        async for item in items():
            got.append(item)  # noqa: PERF401 - what came before the error is kept

    with pytest.raises(OSError, match="after"):
        asyncio.run(main())

    assert got == [1]
    assert len(begun) == 2
    assert breaker.failure_count == 2
