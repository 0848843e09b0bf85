"""`retry` on functions: how often, how long, what is raised, what is left behind."""

import functools
import gc
import traceback
import weakref
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failwell._dice import DICE
from failwell.resilience import retry
from failwell.testing import ManualClock


class Flaky:
    """Fails a number of times, each time with a new error, then answers."""

    def __init__(self, failures: int, error: type[BaseException] = OSError) -> None:
        self.failures = failures
        self.error = error
        self.calls = 0

    def __call__(self, *args: object) -> object:
        """Answer with the arguments, or fail."""
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error(f"failure {self.calls}")
        return args


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


def test_a_call_that_succeeds_is_called_once(clock: ManualClock) -> None:
    """Arguments and result go through, nothing waits."""
    flaky = Flaky(0)

    result = retry(OSError, clock=clock)(flaky)(1, 2)

    assert (result, flaky.calls, clock.sleeps) == ((1, 2), 1, [])


def test_without_jitter_the_waits_are_exact(clock: ManualClock) -> None:
    """The waits are delay, delay*backoff, … and one fewer than the calls."""
    flaky = Flaky(9)

    with pytest.raises(OSError, match="failure 5"):
        retry(OSError, 5, 0.5, 3, jitter=None, clock=clock)(flaky)()

    assert flaky.calls == 5
    assert clock.sleeps == [0.5, 1.5, 4.5, 13.5]


def test_the_defaults_are_three_calls_of_one_and_two_seconds(
    clock: ManualClock,
) -> None:
    """Three calls, waits of at most 1 and 2 seconds, jitter on."""
    flaky = Flaky(9)

    with pytest.raises(OSError, match="failure 3"):
        retry(OSError, clock=clock)(flaky)()

    assert flaky.calls == 3
    assert len(clock.sleeps) == 2
    assert 0 <= clock.sleeps[0] <= 1
    assert 0 <= clock.sleeps[1] <= 2
    assert clock.sleeps != [1.0, 2.0]


@settings(deadline=None)
@given(
    tries=st.integers(2, 8),
    delay=st.floats(0.001, 100),
    backoff=st.floats(0.1, 10),
    max_delay=st.none() | st.floats(0.001, 50),
)
def test_waits_stay_within_their_bounds(
    tries: int, delay: float, backoff: float, max_delay: float | None
) -> None:
    """Full jitter waits from 0 to delay*backoff**n, and never above max_delay."""
    clock = ManualClock()
    decorate = retry(OSError, tries, delay, backoff, max_delay=max_delay, clock=clock)

    with pytest.raises(OSError, match=f"failure {tries}$"):
        decorate(Flaky(99))()

    limit = float("inf") if max_delay is None else max_delay
    assert len(clock.sleeps) <= tries - 1
    for n, wait in enumerate(clock.sleeps):
        assert 0 < wait <= min(delay * backoff**n, limit)


def test_full_jitter_covers_the_whole_range(clock: ManualClock) -> None:
    """The first waits of many callers are spread evenly from 0 to the delay."""
    DICE.seed(20)
    call = retry(OSError, tries=2, delay=10, clock=clock)

    for _ in range(2000):
        call(Flaky(1))()

    quarters = [sum(q <= w < q + 2.5 for w in clock.sleeps) for q in (0, 2.5, 5, 7.5)]
    assert sum(quarters) == 2000
    assert all(400 < count < 600 for count in quarters)


def test_a_wait_that_no_float_can_hold_is_bounded(clock: ManualClock) -> None:
    """An enormous backoff neither overflows nor waits longer than max_delay."""
    call = retry(OSError, 4, backoff=1e300, jitter=None, max_delay=7, clock=clock)

    call(Flaky(3))()

    assert clock.sleeps == [1.0, 7.0, 7.0]


def test_without_max_delay_an_overflow_is_still_a_wait(clock: ManualClock) -> None:
    """The longest wait is one that the system's sleep accepts."""
    retry(OSError, 4, backoff=1e300, jitter=None, clock=clock)(Flaky(3))()

    assert clock.sleeps[1] == clock.sleeps[2] < 9.3e9


def test_no_delay_means_no_sleep_at_all(clock: ManualClock) -> None:
    """With delay 0 sleep is not called: sleep(0) alone costs a switch of threads."""
    flaky = Flaky(2)

    retry(OSError, delay=0, clock=clock)(flaky)()

    assert (flaky.calls, clock.sleeps) == (3, [])


def test_durations_may_be_timedeltas(clock: ManualClock) -> None:
    """A timedelta counts as its seconds."""
    call = retry(
        OSError,
        delay=timedelta(minutes=1),
        max_delay=timedelta(seconds=90),
        jitter=None,
        clock=clock,
    )

    call(Flaky(2))()

    assert clock.sleeps == [60.0, 90.0]


def test_the_whole_time_is_limited_before_the_wait(clock: ManualClock) -> None:
    """A wait that would pass max_elapsed is not begun."""
    flaky = Flaky(9)
    call = retry(
        OSError, 9, delay=1, backoff=1, jitter=None, max_elapsed=2.5, clock=clock
    )

    with pytest.raises(OSError, match="failure 3"):
        call(flaky)()

    assert clock.sleeps == [1.0, 1.0]


def test_the_whole_time_includes_the_attempts(clock: ManualClock) -> None:
    """Slow attempts use up max_elapsed as waits do, anew for each call."""

    @retry(OSError, 9, delay=1, backoff=1, jitter=None, max_elapsed=30, clock=clock)
    def slow() -> None:
        clock.advance(20)
        raise OSError

    for _ in range(2):
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            slow()

    assert clock.sleeps == [1.0, 1.0]


def test_the_last_error_is_raised_as_it_is(clock: ManualClock) -> None:
    """Its traceback and its cause are its own."""
    cause = ValueError("the cause")
    calls = []

    @retry(OSError, clock=clock)
    def fail() -> None:
        calls.append(1)
        raise OSError(f"failure {len(calls)}") from cause

    with pytest.raises(OSError, match="failure 3") as caught:
        fail()

    error = caught.value
    frames = [f.name for f in traceback.extract_tb(error.__traceback__)]
    assert error.__cause__ is cause
    assert error.__suppress_context__
    assert frames == [
        test_the_last_error_is_raised_as_it_is.__name__,
        "attempts",
        "fail",
    ]


def test_failed_attempts_leave_nothing_behind(clock: ManualClock) -> None:
    """Errors are kept while it goes on, then freed at once, without the collector."""

    class Load:
        """Something that a frame holds."""

    loads: list[weakref.ref[Load]] = []
    alive_at_sleep: list[int] = []

    @retry(OSError, tries=4, clock=clock)
    def fail() -> None:
        alive_at_sleep.append(sum(r() is not None for r in loads))
        load = Load()
        loads.append(weakref.ref(load))
        if len(loads) < 4:
            raise OSError(load)

    gc.disable()
    try:
        fail()
    finally:
        gc.enable()

    assert alive_at_sleep == [0, 1, 2, 3]
    assert [r() for r in loads] == [None] * 4


def test_callers_do_not_share_attempts(clock: ManualClock) -> None:
    """A call inside a call counts its own attempts."""
    flaky = Flaky(2)
    depth = []

    @retry(OSError, clock=clock)
    def outer() -> object:
        depth.append(1)
        if len(depth) < 3:
            outer()
        return flaky()

    outer()

    assert flaky.calls == 5


def test_the_function_keeps_its_name(clock: ManualClock) -> None:
    """Name, docstring and the original stay reachable."""

    def fetch(url: str) -> str:
        """Fetch it."""
        return url

    wrapped: Any = retry(OSError, clock=clock)(fetch)

    assert (wrapped.__name__, wrapped.__doc__) == ("fetch", "Fetch it.")
    assert wrapped.__wrapped__ is fetch


def test_methods_and_partials_are_retried(clock: ManualClock) -> None:
    """A method gets its self, a partial its arguments."""

    class Gateway:
        """Fails once."""

        calls = 0

        @retry(OSError, clock=clock)
        def send(self, text: str) -> str:
            """Answer with the text."""
            self.calls += 1
            if self.calls == 1:
                raise OSError
            return text

    partial = retry(OSError, clock=clock)(functools.partial(Flaky(1), "a"))

    assert Gateway().send("hello") == "hello"
    assert partial("b") == ("a", "b")


def test_the_logger_gets_one_line_a_retry(clock: ManualClock) -> None:
    """The line names the function, the wait and the error; the last failure has none."""
    lines: list[str] = []

    @retry(OSError, logger=lines.append, jitter=None, clock=clock)
    def fetch() -> None:
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        fetch()

    name = f"{__name__}:{fetch.__qualname__}"
    assert lines == [
        f"{name} failed at attempt 1 of 3; next in 1.000 s: ConnectionResetError: gone",
        f"{name} failed at attempt 2 of 3; next in 2.000 s: ConnectionResetError: gone",
    ]


@settings(deadline=None)
@given(text=st.text())
def test_a_line_is_one_bounded_line(text: str) -> None:
    """Whatever the message is, it forges no line and makes none of any length."""
    lines: list[str] = []

    @retry(LookupError, tries=2, delay=0, logger=lines.append)
    def fail() -> None:
        raise LookupError(text * 50)

    with pytest.raises(LookupError):
        fail()

    assert len(lines) == 1
    assert lines[0].isprintable()
    assert len(lines[0]) < 2500


def test_an_error_without_text_is_still_told(clock: ManualClock) -> None:
    """An error whose str raises, or is empty, is named by its type."""
    lines: list[str] = []

    class MuteError(OSError):
        """Cannot be read."""

        def __str__(self) -> str:
            """Fail."""
            raise RuntimeError

    for error in (MuteError, TimeoutError):
        retry(OSError, 2, logger=lines.append, clock=clock)(Flaky(1, error))()
        retry(OSError, 2, logger=lines.append, clock=clock)(_once(error()))()

    assert lines[0].endswith(".MuteError: its message cannot be read")
    assert lines[3].endswith(" s: TimeoutError")


@pytest.mark.parametrize(
    ("message", "told"), [("m" * 200, "m" * 200), ("m" * 201, "m" * 199 + "…")]
)
def test_a_long_message_is_cut_where_a_line_ends(
    message: str, told: str, clock: ManualClock
) -> None:
    """Two hundred characters are told; of more, that something is missing."""
    lines: list[str] = []

    retry(OSError, 2, logger=lines.append, clock=clock)(_once(OSError(message)))()

    assert lines[0].split("OSError: ")[1] == told


def _once(error: Exception) -> Any:  # noqa: ANN401 - any function does
    errors = [error]

    def fail() -> None:
        if errors:
            raise errors.pop()

    return fail


def test_a_logger_that_raises_does_not_end_the_retry(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Its failure is logged, and the calls go on."""
    flaky = Flaky(2)

    def broken(line: str) -> None:
        raise RuntimeError(line)

    retry(OSError, logger=broken, clock=clock)(flaky)()

    assert flaky.calls == 3
    assert [r.levelname for r in caplog.records] == ["WARNING", "WARNING"]
    assert "logger given to retry" in caplog.text


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"tries": 0}, ValueError, ["tries is 0", "a whole number from 1"]),
        ({"tries": -1}, ValueError, ["tries is -1"]),
        ({"tries": 1.5}, TypeError, ["tries is 1.5"]),
        ({"tries": True}, TypeError, ["tries is True"]),
        ({"delay": -0.1}, ValueError, ["delay is -0.1", "from 0"]),
        ({"delay": float("nan")}, ValueError, ["delay is nan", "finite"]),
        ({"delay": 10**400}, ValueError, ["delay is ", "finite"]),
        ({"delay": "1"}, TypeError, ["delay is '1'"]),
        ({"delay": timedelta(seconds=-1)}, ValueError, ["delay is "]),
        ({"backoff": 0}, ValueError, ["backoff is 0", "more than 0"]),
        ({"backoff": -2}, ValueError, ["backoff is -2"]),
        ({"backoff": None}, TypeError, ["backoff is None"]),
        ({"jitter": "half"}, ValueError, ["jitter is 'half'", "'full', 'equal'"]),
        ({"jitter": []}, ValueError, ["jitter is []"]),
        ({"max_delay": -1}, ValueError, ["max_delay is -1"]),
        ({"max_elapsed": 0}, ValueError, ["max_elapsed is 0"]),
        ({"logger": "app"}, TypeError, ["logger is 'app'", "app.logger.warning"]),
        ({"exceptions": ()}, ValueError, ["exceptions is ()"]),
        ({"exceptions": int}, TypeError, ["exceptions is <class 'int'>"]),
        ({"exceptions": "OSError"}, TypeError, ["exceptions is 'OSError'"]),
        ({"exceptions": OSError()}, TypeError, ["exceptions is OSError()"]),
        ({"exceptions": (OSError, None)}, TypeError, ["exceptions is (", "None"]),
        (
            {"exceptions": test_methods_and_partials_are_retried},
            TypeError,
            ["(OSError"],
        ),
    ],
)
def test_a_bad_parameter_is_refused_at_decoration(
    options: dict[str, Any], error: type[Exception], words: list[str]
) -> None:
    """The message names the parameter, what was given and what is allowed."""
    with pytest.raises(error) as caught:
        retry(**{"exceptions": OSError, **options})

    message = str(caught.value)
    assert all(word in message for word in [*words, "allowed: "])


def test_a_coroutine_function_is_no_logger() -> None:
    """Its lines would never be written."""

    async def log(line: str) -> None:
        """Never awaited."""

    with pytest.raises(TypeError, match="logger is "):
        retry(OSError, logger=log)


def test_what_cannot_be_retried_is_refused_at_decoration() -> None:
    """What is no function, or not yet one, is named."""
    with pytest.raises(TypeError, match="put it below"):
        retry(OSError)(staticmethod(len))
    with pytest.raises(TypeError, match="this is 3"):
        retry(OSError)(3)  # type: ignore[arg-type]
