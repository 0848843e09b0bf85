"""`CircuitBreaker` on functions: what counts, when it opens, probes and closes."""

import functools
import gc
import logging
import traceback
import weakref
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from failwell.exceptions import AppError, CircuitBreakerError, ValidationError
from failwell.resilience import CircuitBreaker, CircuitState, retry
from failwell.resilience._circuits import _inside
from failwell.testing import ManualClock


class Dependency:
    """Does what it is told: raises `error`, or answers."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.calls = 0

    def __call__(self) -> str:
        """Answer or fail."""
        self.calls += 1
        if self.error is not None:
            raise self.error
        return "answer"


class Bench:
    """A breaker with its clock and a dependency behind it."""

    def __init__(self, threshold: int = 3) -> None:
        self.clock = ManualClock()
        self.breaker = CircuitBreaker(threshold, 60, 30, name="mail", clock=self.clock)
        self.dependency = Dependency()
        self.call: Callable[[], str] = self.breaker(self.dependency)

    def fail(self, times: int = 1, error: BaseException | None = None) -> None:
        """Call while the dependency fails; its own error must come out."""
        for _ in range(times):
            self.dependency.error = error or OSError("away")
            with pytest.raises(type(self.dependency.error)):
                self.call()
        self.dependency.error = None

    def refused(self) -> CircuitBreakerError:
        """Call and return the refusal."""
        calls = self.dependency.calls
        with pytest.raises(CircuitBreakerError) as caught:
            self.call()
        assert self.dependency.calls == calls
        return caught.value

    def half_open(self) -> None:
        """Open, and wait until it is half-open."""
        self.fail(3)
        self.clock.advance(60)


@pytest.fixture
def bench() -> Bench:
    """A breaker that opens at three failures."""
    return Bench()


def test_the_defaults_are_five_failures_and_sixty_seconds() -> None:
    """Five failures in a row open it, for sixty seconds."""
    clock = ManualClock()
    breaker = CircuitBreaker(clock=clock)
    dependency = Dependency()
    dependency.error = OSError()
    call = breaker(dependency)

    states = []
    for _ in range(5):
        states.append(breaker.state)
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            call()

    assert states == [CircuitState.CLOSED] * 5
    assert breaker.state is CircuitState.OPEN
    assert breaker.retry_after == 60


def test_states_have_their_documented_values() -> None:
    """The values stand in answers and settings."""
    assert [s.value for s in CircuitState] == ["closed", "open", "half_open"]


def test_a_success_forgets_earlier_failures(bench: Bench) -> None:
    """Failures far apart never open it: only those in a row count."""
    for _ in range(10):
        bench.fail(2)
        assert bench.breaker.failure_count == 2
        assert bench.call() == "answer"
        assert bench.breaker.failure_count == 0

    assert bench.breaker.state is CircuitState.CLOSED


def test_the_tripping_call_raises_its_own_error(bench: Bench) -> None:
    """The call that opens it is not replaced; the next one is refused, by name."""
    bench.fail(2)
    error = OSError("the last straw")
    bench.fail(1, error)

    refusal = bench.refused()

    assert error.__cause__ is None
    assert error.__context__ is None
    assert str(refusal) == "Circuit breaker mail is open"
    assert refusal.breaker == "mail"
    assert refusal.details == {"breaker": "mail", "state": "open", "retry_after": 60}


def test_a_refusal_tells_the_seconds_left(bench: Bench) -> None:
    """The time left shrinks with the clock and makes a whole Retry-After."""
    bench.fail(3)
    bench.clock.advance(59.75)

    refusal = bench.refused()

    assert refusal.retry_after == bench.breaker.retry_after == 0.25
    assert refusal.headers == (("Retry-After", "1"),)
    assert bench.breaker.rejected_count == 1


def test_it_probes_when_the_reset_timeout_has_passed(bench: Bench) -> None:
    """Its state says so before anybody calls, and one success closes it."""
    bench.fail(3)
    bench.clock.advance(59.999)
    before = bench.breaker.state
    bench.clock.advance(0.001)
    due = bench.breaker.state, bench.breaker.retry_after

    answer = bench.call()

    assert before is CircuitState.OPEN
    assert due == (CircuitState.HALF_OPEN, 0.0)
    assert answer == "answer"
    assert bench.breaker.state is CircuitState.CLOSED
    assert (bench.breaker.failure_count, bench.breaker.retry_after) == (0, 0.0)


def test_a_closed_again_circuit_counts_from_zero(bench: Bench) -> None:
    """After a recovery it takes the whole threshold to open again."""
    bench.half_open()
    bench.call()

    bench.fail(2)
    still = bench.breaker.state
    bench.fail(1)

    assert still is CircuitState.CLOSED
    assert bench.breaker.state is CircuitState.OPEN


def test_one_failed_probe_opens_it_again(bench: Bench) -> None:
    """Whatever the threshold, and for the whole reset timeout."""
    bench.half_open()

    bench.fail(1)

    assert bench.breaker.state is CircuitState.OPEN
    assert bench.breaker.retry_after == 60
    assert bench.breaker.failure_count == 4
    bench.refused()


def test_the_wall_clock_changes_nothing(bench: Bench) -> None:
    """An hour forward or back neither closes it nor holds it open."""
    bench.fail(3)
    bench.clock.set_wall(bench.clock.now() + 3600)
    forward = bench.refused().retry_after
    bench.clock.set_wall(bench.clock.now() - 7200)
    back = bench.refused().retry_after
    bench.clock.advance(60)

    assert (forward, back) == (60, 60)
    assert bench.call() == "answer"


@pytest.mark.parametrize(
    "error",
    [OSError(), StopIteration(), AppError("bad"), AppError("gateway", "X", 502)],
    ids=repr,
)
def test_exceptions_are_failures(bench: Bench, error: Exception) -> None:
    """Every exception counts, and so does an application's error from 500 up."""
    bench.fail(3, error)

    assert bench.breaker.state is CircuitState.OPEN


@pytest.mark.parametrize(
    "error",
    [
        ValidationError(),
        AppError("teapot", "TEAPOT", 499),
        KeyboardInterrupt(),
        GeneratorExit(),
    ],
    ids=repr,
)
def test_no_verdict_neither_counts_nor_forgets(
    bench: Bench, error: BaseException
) -> None:
    """The caller's fault, and what ends the program, say nothing about the thing."""
    bench.fail(2)
    bench.fail(5, error)
    after = bench.breaker.failure_count, bench.breaker.state
    bench.fail(1)

    assert after == (2, CircuitState.CLOSED)
    assert bench.breaker.state is CircuitState.OPEN


@pytest.mark.parametrize(
    "error", [ValidationError(), KeyboardInterrupt(), GeneratorExit()], ids=repr
)
def test_a_probe_without_verdict_gives_its_place_back(
    bench: Bench, error: BaseException
) -> None:
    """It stays half-open, and the next call is a probe at once."""
    bench.half_open()

    bench.fail(1, error)

    assert (bench.breaker.state, bench.breaker.retry_after) == ("half_open", 0.0)
    assert bench.call() == "answer"
    assert bench.breaker.state is CircuitState.CLOSED


def test_refusals_are_new_objects_and_leave_nothing_behind(bench: Bench) -> None:
    """Each has its own short traceback, and none keeps its caller's frame alive."""

    class Load:
        """What a caller holds."""

    def caller(loads: list[weakref.ref[Load]]) -> CircuitBreakerError:
        load = Load()
        loads.append(weakref.ref(load))
        try:
            bench.call()
        except CircuitBreakerError as error:
            return error
        raise AssertionError

    bench.fail(3)
    loads: list[weakref.ref[Load]] = []
    gc.disable()
    try:
        kept = [caller(loads) for _ in range(1000)]
        lengths = {len(traceback.extract_tb(e.__traceback__)) for e in kept}
        distinct = len({id(e) for e in kept})
        kept.clear()
        alive = sum(r() is not None for r in loads)
    finally:
        gc.enable()

    assert lengths == {3}
    assert distinct == 1000
    assert alive == 0
    assert bench.breaker.rejected_count == 1000


def test_functions_may_share_a_breaker(bench: Bench) -> None:
    """What one finds out holds for the other."""
    other = bench.breaker(lambda: "other")
    bench.fail(3)

    with pytest.raises(CircuitBreakerError):
        other()
    bench.clock.advance(60)

    assert other() == "other"
    assert bench.call() == "answer"


def test_a_probe_may_call_another_function_of_the_same_breaker(bench: Bench) -> None:
    """The inner call belongs to the probe; without that it could never close."""
    outer = bench.breaker(lambda: bench.call() + "s")
    bench.half_open()

    assert outer() == "answers"
    assert bench.breaker.state is CircuitState.CLOSED


def test_the_outer_call_of_a_probe_gives_the_verdict(bench: Bench) -> None:
    """An inner success does not close what the probe itself then finds broken."""
    states = []

    @bench.breaker
    def outer() -> None:
        bench.call()
        states.append(bench.breaker.state)
        raise OSError

    bench.half_open()
    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        outer()

    assert states == [CircuitState.HALF_OPEN]
    assert bench.breaker.state == CircuitState.OPEN
    bench.refused()


def test_probes_of_two_breakers_may_be_nested(bench: Bench) -> None:
    """Each call belongs to the probe of its own breaker."""
    other = CircuitBreaker(1, 60, clock=bench.clock)
    down = [True]

    @other
    def inner() -> str:
        if down:
            raise OSError
        return bench.call()

    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        inner()
    bench.half_open()
    down.clear()
    outer = bench.breaker(inner)

    assert outer() == "answer"
    assert (bench.breaker.state, other.state) == (CircuitState.CLOSED,) * 2


def test_reset_closes_it_by_hand(bench: Bench) -> None:
    """It forgets the failures and lets calls through, open or closed."""
    bench.fail(3)
    bench.breaker.reset()
    closed = bench.breaker.state
    bench.fail(2)
    bench.breaker.reset()

    assert closed is CircuitState.CLOSED
    assert bench.breaker.failure_count == 0
    assert bench.call() == "answer"


def test_a_context_forgets_its_probes(bench: Bench) -> None:
    """However a probe ended, a thread that lives for long keeps nothing of it."""
    for error in (OSError(), ValidationError(), KeyboardInterrupt()):
        bench.half_open()
        bench.fail(1, error)
        bench.clock.advance(60)
        bench.call()

    assert not _inside._inside.get()


def test_refusals_of_an_earlier_outage_are_not_told_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """The line about closing counts the refusals since it opened; the total goes on."""
    caplog.set_level(logging.INFO, "failwell.resilience")

    for refusals in (3, 2):
        bench.fail(3)
        for _ in range(refusals):
            bench.refused()
        bench.clock.advance(60)
        bench.call()

    closings = [m for m in caplog.messages if "closed" in m]
    assert ["3 calls" in closings[0], "2 calls" in closings[1]] == [True, True]
    assert bench.breaker.rejected_count == 5


def test_each_change_of_state_is_one_line(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """Refusals are counted, not logged; the name and the numbers are in the lines."""
    caplog.set_level(logging.DEBUG, "failwell.resilience")

    bench.fail(3)
    for _ in range(50):
        bench.refused()
    bench.clock.advance(60)
    bench.fail(1, ValidationError())
    bench.call()
    bench.call()

    lines = [(r.levelname, r.getMessage()) for r in caplog.records]
    assert lines == [
        (
            "WARNING",
            (
                "circuit breaker mail is open after 3 failures in a row, the last one "
                "OSError; calls are refused, the next probe is in 60 s"
            ),
        ),
        (
            "INFO",
            "circuit breaker mail is half-open: one call is let through to probe",
        ),
        ("INFO", "circuit breaker mail is closed; 50 calls were refused meanwhile"),
    ]


def test_the_log_is_written_without_the_lock(bench: Bench) -> None:
    """A handler may ask the breaker; with the lock held it would wait for ever."""
    seen = []

    class Asking(logging.Handler):
        """Asks the breaker about itself."""

        def emit(self, record: logging.LogRecord) -> None:
            """Note the state beside the line."""
            seen.append((record.levelname, bench.breaker.state))

    logger = logging.getLogger("failwell.resilience")
    handler = Asking()
    logger.addHandler(handler)
    try:
        bench.fail(3)
    finally:
        logger.removeHandler(handler)

    assert seen == [("WARNING", CircuitState.OPEN)]


def test_a_broken_log_does_not_change_the_error(bench: Bench) -> None:
    """The caller gets its own error though the line cannot be written."""

    def broken(record: logging.LogRecord) -> bool:
        raise RuntimeError

    logger = logging.getLogger("failwell.resilience")
    logger.addFilter(broken)
    try:
        bench.fail(3)
    finally:
        logger.removeFilter(broken)

    assert bench.breaker.state is CircuitState.OPEN


def test_it_is_named_after_the_first_function() -> None:
    """Until then it is `circuit`; a name that was given stays."""
    breaker, named = CircuitBreaker(), CircuitBreaker(name="mail")
    before = breaker.name

    breaker(functools.partial(Dependency.__call__, Dependency()))
    breaker(lambda: None)
    named(lambda: None)

    assert before == "circuit"
    assert breaker.name == "Dependency.__call__"
    assert named.name == "mail"
    assert repr(named) == "<CircuitBreaker mail closed>"


def test_the_function_keeps_its_name() -> None:
    """Name, docstring and the original stay reachable, through both decorators."""

    def fetch() -> None:
        """Fetch it."""

    wrapped: Any = CircuitBreaker()(fetch)
    both: Any = retry(OSError)(wrapped)

    assert (both.__name__, both.__doc__) == ("fetch", "Fetch it.")
    assert wrapped.__wrapped__ is fetch


def test_methods_and_arguments_go_through() -> None:
    """A method gets its self, its positional and its keyword arguments."""

    class Gateway:
        """Has a guarded method."""

        @CircuitBreaker()
        def send(self, *args: int, **kwargs: int) -> object:
            """Answer with what was given."""
            return self, args, kwargs

    gateway = Gateway()

    assert gateway.send(1, 2, x=3) == (gateway, (1, 2), {"x": 3})


def test_timeouts_may_be_timedeltas_and_zero_resets_at_once() -> None:
    """A timedelta counts as its seconds; a reset timeout of 0 probes immediately."""
    clock = ManualClock()
    slow = CircuitBreaker(1, timedelta(minutes=2), timedelta(seconds=1), clock=clock)
    instant = CircuitBreaker(1, 0, clock=clock)
    dependency = Dependency()
    dependency.error = OSError()

    for breaker in (slow, instant):
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            breaker(dependency)()

    assert slow.retry_after == 120
    assert instant.state is CircuitState.HALF_OPEN


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (
            {"failure_threshold": 0},
            ValueError,
            "failure_threshold is 0; allowed: a whole",
        ),
        ({"failure_threshold": True}, TypeError, "failure_threshold is True"),
        ({"failure_threshold": len}, TypeError, "failure_threshold is <built-in"),
        ({"reset_timeout": -1}, ValueError, "reset_timeout is -1; allowed: seconds"),
        ({"reset_timeout": float("inf")}, ValueError, "reset_timeout is inf"),
        ({"half_open_timeout": 0}, ValueError, "half_open_timeout is 0; allowed: more"),
        ({"half_open_timeout": "1"}, TypeError, "half_open_timeout is '1'"),
        ({"name": ""}, ValueError, "name is ''; allowed: a text of 1 to 200"),
        ({"name": "a\nb"}, ValueError, "name is "),
        ({"name": "a" * 201}, ValueError, "name is "),
        ({"name": 5}, TypeError, "name is 5"),
    ],
    ids=repr,
)
def test_a_bad_parameter_is_refused(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    """The message names the parameter, what was given and what is allowed."""
    with pytest.raises(error) as caught:
        CircuitBreaker(**options)

    assert str(caught.value).startswith(words)
