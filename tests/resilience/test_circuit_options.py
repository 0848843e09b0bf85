"""What a `CircuitBreaker` can be told to count, to probe and to say."""

import asyncio
import contextvars
import functools
import gc
import inspect
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failwell.exceptions import (
    BulkheadFullError,
    CircuitBreakerError,
    NotFoundError,
    ValidationError,
)
from failwell.resilience import (
    CIRCUITS,
    CircuitBreaker,
    CircuitChange,
    CircuitOverride,
    CircuitState,
    listen,
    retry,
)
from failwell.resilience._circuits._windows import Outcome, TimeWindow
from failwell.testing import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


def _raise(error: BaseException) -> None:
    raise error


def _fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            breaker.call(_raise, OSError())


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 4), st.sampled_from(Outcome)), max_size=60),
)
def test_a_time_window_holds_nothing_old_and_all_that_is_young(
    events: list[tuple[float, Outcome]],
) -> None:
    """Nothing older than it counts; all that is younger than nine tenths of it does."""
    length, now = 10.0, 1_000.0
    window = TimeWindow(length, now)
    seen: list[tuple[float, Outcome]] = []

    for wait, outcome in events:
        now += wait
        if outcome is Outcome.SUCCESS:
            window.turn_locked(now)
            next(window.successes)
        else:
            window.add_locked(outcome, now)
        seen.append((now, outcome))
        counts = window.counts_locked(now)

        for kind, counted in zip(
            (None, Outcome.FAILURE, Outcome.SLOW), counts, strict=True
        ):
            ages = [now - at for at, o in seen if kind in (None, o)]
            assert sum(age < length * 0.9 for age in ages) <= counted
            assert counted <= sum(age <= length + 1e-6 for age in ages)


def test_a_time_window_forgets_by_and_by(clock: ManualClock) -> None:
    """Failures leave it as they get old; those that are young stay."""
    breaker = CircuitBreaker(
        failure_rate=1.0, window_time=10, minimum_calls=9, clock=clock
    )
    counts = []

    for _ in range(4):
        _fail(breaker, 2)
        clock.advance(4)
        counts.append(breaker.counters.failures)

    assert counts == [2, 4, 4, 4]


def test_slow_calls_open_it(clock: ManualClock) -> None:
    """Half of the calls take longer than two seconds: that is enough, errors or none."""
    breaker = CircuitBreaker(
        slow_call_time=2, slow_call_rate=0.5, minimum_calls=4, clock=clock, name="mail"
    )
    call = breaker(clock.advance)
    states = []

    for seconds in (1, 3, 2, 2.5):
        call(seconds)
        states.append(breaker.state)

    assert states == [CircuitState.CLOSED] * 3 + [CircuitState.OPEN]


def test_few_slow_calls_do_not_open_it(clock: ManualClock) -> None:
    """Two of five are no half; the third of six is one."""
    breaker = CircuitBreaker(
        slow_call_time=2, slow_call_rate=0.5, minimum_calls=4, clock=clock
    )
    call = breaker(clock.advance)
    states = []

    for seconds in (1, 1, 1, 3, 3, 3):
        call(seconds)
        states.append(breaker.state)

    assert states == [CircuitState.CLOSED] * 5 + [CircuitState.OPEN]


def test_a_slow_probe_is_a_failed_one(clock: ManualClock) -> None:
    """What answers too late is not back yet."""
    breaker = CircuitBreaker(
        slow_call_time=2, minimum_calls=1, reset_timeout=60, clock=clock
    )
    call = breaker(clock.advance)
    call(3)
    clock.advance(60)

    call(3)

    assert breaker.state is CircuitState.OPEN
    assert breaker.failure_count == 1
    assert breaker.counters.opened == 2


def test_slow_calls_of_coroutines_and_blocks_count(clock: ManualClock) -> None:
    """However the call is made."""

    def slow() -> CircuitBreaker:
        return CircuitBreaker(slow_call_time=2, minimum_calls=1, clock=clock)

    awaited, block, called = slow(), slow(), slow()

    async def main() -> None:
        """Await one, and another in a block."""
        await awaited(_advance)(clock)
        async with block:
            clock.advance(3)

    asyncio.run(main())
    called.call(clock.advance, 3)

    assert {awaited.state, block.state, called.state} == {CircuitState.OPEN}


async def _advance(clock: ManualClock) -> None:
    clock.advance(3)


@pytest.mark.parametrize("window", [{}, {"window_calls": 9}, {"window_time": 9}])
def test_a_result_may_be_a_failure(window: dict[str, int], clock: ManualClock) -> None:
    """It is returned, and it counts; for functions and coroutine functions."""
    options: dict[str, Any] = {"minimum_calls": 2, **window} if window else {}

    def breaker() -> CircuitBreaker:
        threshold = {} if window else {"failure_threshold": 2}
        return CircuitBreaker(
            **threshold,  # type: ignore[arg-type] # an int by its name
            failed_result=lambda status: status >= 500,
            clock=clock,
            **options,
        )

    async def answer(status: int) -> int:
        """Answer."""
        return status

    one, two, three = breaker(), breaker(), breaker()
    call, awaited = one(int), two(answer)

    results = [call(503), call(503)]
    results += [asyncio.run(awaited(503)) for _ in range(2)]
    results += [three.call(int, 503), asyncio.run(three.call(answer, 503))]

    assert results == [503] * 6
    assert {one.state, two.state, three.state} == {CircuitState.OPEN}


def test_a_predicate_that_raises_makes_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The call went as it went; a line says what is wrong."""
    breaker = CircuitBreaker(1, failed_result=len, name="mail")
    call = breaker(lambda: 5)

    assert call() == 5
    assert breaker.state is CircuitState.CLOSED
    assert "failed_result given to the circuit breaker mail failed" in caplog.text


@pytest.mark.parametrize(
    ("options", "error", "opens"),
    [
        ({}, ValidationError(), False),
        ({"exceptions": (Exception, ValidationError)}, ValidationError(), True),
        ({"exceptions": KeyError}, OSError(), False),
        ({"exceptions": (KeyError, OSError)}, OSError(), True),
        ({"ignored": OSError}, OSError(), False),
        ({"ignored": OSError}, KeyError(), True),
        ({"exceptions": (Exception, KeyboardInterrupt)}, KeyboardInterrupt(), True),
        ({}, BulkheadFullError("mail"), False),
        ({"exceptions": BulkheadFullError}, BulkheadFullError("mail"), True),
        ({"ignored": NotFoundError}, NotFoundError("Room", 1), False),
    ],
    ids=repr,
)
def test_which_errors_count(
    options: dict[str, Any],
    error: BaseException,
    opens: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Those of `exceptions` less those of `ignored`, and what has to be named if it is."""
    breaker = CircuitBreaker(1, **options)

    with pytest.raises(type(error)):
        breaker.call(_raise, error)

    assert (breaker.state is CircuitState.OPEN) is opens


def test_several_probes_have_to_succeed(clock: ManualClock) -> None:
    """Three at a time, and three successes; the first failure opens it again."""
    breaker = CircuitBreaker(1, 60, half_open_calls=3, clock=clock)
    _fail(breaker)
    clock.advance(60)

    breaker.call(int)
    breaker.call(int)
    between = breaker.state
    breaker.call(int)

    assert between is CircuitState.HALF_OPEN
    assert breaker.state is CircuitState.CLOSED


def test_three_probes_run_at_a_time(clock: ManualClock) -> None:
    """The fourth is refused while they do."""
    breaker = CircuitBreaker(1, 60, half_open_calls=3, clock=clock)
    _fail(breaker)
    clock.advance(60)
    together = threading.Barrier(4, timeout=20)
    probe = breaker(together.wait)

    with ThreadPoolExecutor(3) as pool:
        probes = [pool.submit(probe) for _ in range(3)]
        while together.n_waiting < 3:
            pass
        with pytest.raises(CircuitBreakerError):
            breaker.call(int)
        together.wait()
        answers = [p.result(20) for p in probes]

    assert len(set(answers)) == 3
    assert breaker.state is CircuitState.CLOSED


def test_a_probe_that_has_succeeded_keeps_its_place(clock: ManualClock) -> None:
    """One of two has succeeded and another runs: there is no need for a third."""
    breaker = CircuitBreaker(1, 60, half_open_calls=2, clock=clock)
    _fail(breaker)
    clock.advance(60)
    breaker.call(int)

    with breaker:
        with pytest.raises(CircuitBreakerError) as refused:
            contextvars.Context().run(breaker.call, int)
        between = breaker.state

    assert refused.value.retry_after == 30
    assert between is CircuitState.HALF_OPEN
    assert breaker.state is CircuitState.CLOSED


def test_the_open_time_grows_with_each_failed_round(clock: ManualClock) -> None:
    """Up to its limit; a closed circuit begins at the first again."""
    breaker = CircuitBreaker(1, 10, reset_backoff=2, max_reset_timeout=30, clock=clock)
    waits = []

    for _ in range(4):
        _fail(breaker)
        waits.append(breaker.retry_after)
        clock.advance(breaker.retry_after)
    breaker.call(int)
    _fail(breaker)
    waits.append(breaker.retry_after)

    assert waits == [10, 20, 30, 30, 10]


def test_a_block_is_guarded(clock: ManualClock) -> None:
    """It fails, is refused and probes as a function does, inside others, too."""
    breaker = CircuitBreaker(1, 60, clock=clock)

    with pytest.raises(OSError), breaker:  # noqa: PT011 - a bare one is what is raised
        raise OSError
    with pytest.raises(CircuitBreakerError), breaker:
        raise AssertionError
    clock.advance(60)
    with breaker, breaker:
        inside = breaker.state

    assert inside is CircuitState.HALF_OPEN
    assert breaker.state is CircuitState.CLOSED


def test_an_async_block_is_guarded() -> None:
    """As a block."""
    breaker = CircuitBreaker(1)

    async def main() -> None:
        """Fail, and be refused."""
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            async with breaker:
                raise OSError
        with pytest.raises(CircuitBreakerError):
            async with breaker:
                raise AssertionError

    asyncio.run(main())

    assert breaker.rejected_count == 1


def test_blocks_of_two_breakers_may_overlap(clock: ManualClock) -> None:
    """Each leaves its own, in whatever order."""
    one, two = CircuitBreaker(1, clock=clock), CircuitBreaker(1, clock=clock)

    one.__enter__()
    two.__enter__()
    one.__exit__(OSError, OSError(), None)
    two.__exit__(None, None, None)

    assert (one.state, two.state) == (CircuitState.OPEN, CircuitState.CLOSED)


def test_a_generator_is_guarded_as_a_whole(clock: ManualClock) -> None:
    """What is sent and thrown arrives, its return value comes back, its failure counts."""
    breaker = CircuitBreaker(1, 60, clock=clock)
    received = []

    @breaker
    def talk(*, fails: bool) -> Iterator[int]:
        received.append((yield 1))
        try:
            yield 2
        except KeyError:
            received.append("thrown")
        if fails:
            raise OSError
        return "done"

    def consume(*, fails: bool) -> object:
        generator: Any = talk(fails=fails)
        next(generator)
        generator.send("sent")
        try:
            generator.throw(KeyError())
        except StopIteration as end:
            return end.value
        return None

    result = consume(fails=False)
    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        consume(fails=True)
    with pytest.raises(CircuitBreakerError):
        list(talk(fails=False))
    clock.advance(60)
    again = consume(fails=False)

    assert inspect.isgeneratorfunction(talk)
    assert result == again == "done"
    assert received == ["sent", "thrown"] * 3
    assert breaker.state is CircuitState.CLOSED


async def _consume(generator: Any) -> object:  # noqa: ANN401 - an async generator
    """Send, throw, and stop."""
    await anext(generator)
    await generator.asend("sent")
    item = await generator.athrow(KeyError())
    await generator.aclose()
    return item


def test_an_async_generator_is_guarded_as_a_whole(clock: ManualClock) -> None:
    """As the other kind; it is closed when its consumer stops."""
    breaker = CircuitBreaker(1, 60, clock=clock)
    events: list[object] = []

    @breaker
    async def talk(*, fails: bool = False) -> AsyncIterator[int]:
        """Talk."""
        try:
            events.append((yield 1))
            try:
                yield 2
            except KeyError:
                events.append("thrown")
            if fails:
                raise OSError
            yield 3
        finally:
            events.append("closed")

    async def main() -> list[int]:
        """Consume four of them."""
        assert await _consume(talk()) == 3
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            await _consume(talk(fails=True))
        with pytest.raises(CircuitBreakerError):
            await _consume(talk())
        clock.advance(60)
        return [i async for i in talk()]

    items = asyncio.run(main())

    assert inspect.isasyncgenfunction(talk)
    assert events == ["sent", "thrown", "closed"] * 2 + [None, "closed"]
    assert items == [1, 2, 3]
    assert breaker.state is CircuitState.CLOSED


def test_a_generator_that_probes_may_call_behind_the_same_breaker(
    clock: ManualClock,
) -> None:
    """Inside its steps, and only there: between them its consumer is a caller like any."""
    breaker = CircuitBreaker(1, 60, clock=clock)
    page = breaker(lambda number: number)

    @breaker
    def pages() -> Iterator[int]:
        yield page(1)
        yield page(2)

    @breaker
    async def pages_async() -> AsyncIterator[int]:
        """As `pages`."""
        yield page(1)
        yield page(2)

    async def consume() -> list[int]:
        """Go through all."""
        got = []
        async for number in pages_async():
            got.append(number)
            with pytest.raises(CircuitBreakerError):
                page(9)
        return got

    got = []
    _fail(breaker)
    clock.advance(60)
    for number in pages():
        got.append(number)
        with pytest.raises(CircuitBreakerError):
            page(9)
    closed = breaker.state
    _fail(breaker)
    clock.advance(60)

    assert got == asyncio.run(consume()) == [1, 2]
    assert closed is breaker.state is CircuitState.CLOSED


def test_a_generator_that_is_left_gives_its_place_back(clock: ManualClock) -> None:
    """Its consumer stops in the middle: no verdict."""
    breaker = CircuitBreaker(1, 60, clock=clock)
    _fail(breaker)
    clock.advance(60)
    generator: Any = breaker(lambda: (yield 1))()

    next(generator)
    generator.close()

    assert (breaker.state, breaker.retry_after) == (CircuitState.HALF_OPEN, 0.0)


def test_calls_by_hand_are_guarded_whatever_the_function() -> None:
    """A coroutine while it is awaited, a generator while it runs."""
    breaker = CircuitBreaker(5)

    async def fail() -> None:
        """Fail."""
        raise OSError

    def generate() -> Iterator[int]:
        yield 1
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        asyncio.run(breaker.call(fail))
    with pytest.raises(OSError):  # noqa: PT011 - as above
        list(breaker.call(generate))

    assert breaker.failure_count == 2
    with pytest.raises(TypeError, match="this is 3"):
        breaker.call(3)  # type: ignore[arg-type]


def test_listeners_are_told_without_the_lock(clock: ManualClock) -> None:
    """Each change is one frozen object; a listener may ask and even reset the breaker."""
    told: list[CircuitChange] = []
    everything: list[object] = []

    def remember(change: CircuitChange) -> None:
        told.append(change)
        assert breaker.name == change.name
        assert breaker.state is not None

    breaker = CircuitBreaker(1, 60, name="mail", on_change=remember, clock=clock)
    breaker.listen(told.append)
    end = listen(everything.append)
    _fail(breaker)
    clock.advance(60)
    breaker.call(int)
    end()
    breaker.force_open()

    changes = [(c.before, c.after) for c in told[::2]]
    assert told[::2] == told[1::2]
    assert everything == told[:6:2]
    assert changes == [
        ("closed", "open"),
        ("open", "half_open"),
        ("half_open", "closed"),
        ("closed", "open"),
    ]
    assert [c.retry_after for c in told[::2]] == [60, None, None, None]
    assert told[-1].override is CircuitOverride.OPEN
    with pytest.raises(AttributeError):
        told[0].name = "other"  # type: ignore[misc]


def test_a_listener_that_raises_changes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The call raises its own error, the next listener is told, a line says so."""
    told: list[CircuitChange] = []

    def broken(change: CircuitChange) -> None:
        raise RuntimeError(change.name)

    breaker = CircuitBreaker(1, name="mail", on_change=broken)
    breaker.listen(told.append)

    _fail(breaker)

    assert len(told) == 1
    assert "a listener to the circuit breaker mail failed" in caplog.text


def test_an_operator_holds_it(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Closed it counts and does not open, disabled it does not even count."""
    caplog.set_level(logging.INFO, "failwell.resilience")
    breaker = CircuitBreaker(2, name="mail", clock=clock)

    breaker.force_closed()
    _fail(breaker, 5)
    closed = breaker.state, breaker.failure_count, breaker.override
    breaker.disable()
    _fail(breaker, 5)
    disabled = breaker.state, breaker.failure_count, breaker.override
    breaker.reset()
    _fail(breaker, 2)

    assert closed == (CircuitState.CLOSED, 2, CircuitOverride.CLOSED)
    assert disabled == (CircuitState.CLOSED, 0, CircuitOverride.DISABLED)
    assert (breaker.state, breaker.override) == (CircuitState.OPEN, None)
    assert [m.split(" is ")[1] for m in caplog.messages[:3]] == [
        "held closed by hand; nothing opens it",
        "disabled by hand; calls go through uncounted",
        "closed by hand",
    ]
    assert [r.levelno for r in caplog.records[:3]] == [logging.WARNING] * 2 + [
        logging.INFO
    ]


def test_each_change_is_said_in_words(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """What an operator reads: why, how many, and what happens next."""
    caplog.set_level(logging.INFO, "failwell.resilience")
    breaker = CircuitBreaker(
        2, 60, half_open_calls=2, reset_backoff=1.5, name="mail", clock=clock
    )

    _fail(breaker, 2)
    clock.advance(60)
    _fail(breaker)
    clock.advance(90)
    breaker.call(int)
    breaker.call(int)
    breaker.force_open()

    assert [m.removeprefix("circuit breaker mail is ") for m in caplog.messages] == [
        (
            "open after 2 failures in a row, the last one OSError; calls are refused, "
            "the next probe is in 60 s"
        ),
        "half-open: 2 calls are let through to probe",
        (
            "open again after 3 failures, the last one OSError; calls are refused, "
            "the next probe is in 90 s"
        ),
        "half-open: 2 calls are let through to probe",
        "closed; 0 calls were refused meanwhile",
        "held open by hand; calls are refused",
    ]


def test_resetting_what_is_closed_is_no_change(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It forgets what it counted and says nothing."""
    caplog.set_level(logging.INFO, "failwell.resilience")
    breaker = CircuitBreaker(2)
    _fail(breaker)

    breaker.reset()

    assert breaker.failure_count == 0
    assert caplog.messages == []


def test_counters_tell_what_is_in_the_window(clock: ManualClock) -> None:
    """Calls, failures and slow ones of the window; refusals and openings of its life."""
    breaker = CircuitBreaker(
        failure_rate=0.5,
        slow_call_time=2,
        window_calls=8,
        minimum_calls=8,
        name="mail",
        clock=clock,
    )
    call = breaker(clock.advance)
    for seconds in (1, 3, 1, 1):
        call(seconds)
    _fail(breaker, 3)

    counters = breaker.counters
    _fail(breaker)
    with pytest.raises(CircuitBreakerError):
        call(1)
    opened = breaker.counters

    assert (counters.calls, counters.failures, counters.slow) == (7, 3, 1)
    assert (counters.rejected, counters.opened) == (0, 0)
    assert (opened.calls, opened.failures, opened.slow) == (0, 4, 0)
    assert (opened.rejected, opened.opened) == (1, 1)


def test_breakers_are_found_by_name_while_somebody_holds_them() -> None:
    """A function holds its breaker; what nobody holds is gone."""

    @CircuitBreaker(name="found-by-name")
    def call() -> None:
        """Stand for a call."""

    anonymous: Any = CircuitBreaker()(call)

    (found,) = CIRCUITS.named("found-by-name")
    names = [breaker.name for breaker in CIRCUITS]
    assert found.state is CircuitState.CLOSED
    assert any(name.endswith("<locals>.call") for name in names)
    assert names == sorted(names)
    del found, call, anonymous
    gc.collect()
    assert CIRCUITS.named("found-by-name") == []


def test_an_override_holds_all_of_a_name_and_those_to_come() -> None:
    """An operator's word does not depend on when the module was loaded."""
    before = CircuitBreaker(name="held")
    held = CIRCUITS.hold("held", "open")
    after = CircuitBreaker(name="held")
    both = before.override, after.override, dict(CIRCUITS.overrides)
    CIRCUITS.hold("held", None)

    assert held == 1
    assert both == ("open", "open", {"held": "open"})
    assert before.override is after.override is None
    assert CircuitBreaker(name="held").override is None
    with pytest.raises(ValueError, match="ajar"):
        CIRCUITS.hold("held", "ajar")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"failure_rate": 0}, "failure_rate is 0; allowed: a share"),
        ({"failure_rate": 1.1}, "failure_rate is 1.1; allowed: a share"),
        ({"failure_rate": "1"}, "failure_rate is '1'"),
        ({"window_calls": 0}, "window_calls is 0; allowed: a whole number from 1"),
        ({"window_time": 0}, "window_time is 0; allowed: more than 0"),
        ({"minimum_calls": 0}, "minimum_calls is 0"),
        ({"window_calls": 5, "minimum_calls": 6}, "minimum_calls is 6; allowed: up to"),
        ({"window_calls": 5, "window_time": 6}, "window_calls and window_time exclude"),
        ({"slow_call_time": 0}, "slow_call_time is 0"),
        ({"slow_call_rate": 0.5}, "slow_call_rate needs slow_call_time"),
        ({"slow_call_time": 1, "slow_call_rate": 2}, "slow_call_rate is 2"),
        ({"failure_threshold": 3, "failure_rate": 0.5}, "failure_threshold counts"),
        ({"half_open_calls": 0}, "half_open_calls is 0"),
        ({"reset_backoff": 0.5}, "reset_backoff is 0.5; allowed: a number from 1"),
        ({"max_reset_timeout": -1}, "max_reset_timeout is -1"),
        ({"exceptions": ()}, "exceptions is ()"),
        ({"ignored": "OSError"}, "ignored is 'OSError'"),
        ({"failed_result": 5}, "failed_result is 5; allowed: a function"),
        ({"on_change": _advance}, "on_change is <function"),
    ],
)
def test_a_bad_option_is_refused(options: dict[str, Any], words: str) -> None:
    """The message names it, what was given and what is allowed."""
    with pytest.raises((ValueError, TypeError)) as caught:
        CircuitBreaker(**options)

    assert str(caught.value).startswith(words)


def test_it_goes_round_everything_that_can_be_called() -> None:
    """A partial, an object with `__call__`, a lambda: through a retry, too."""
    breaker = CircuitBreaker(9)
    partial: Callable[[], int] = functools.partial(int, "5")

    assert breaker(partial)() == 5
    assert retry(OSError)(breaker(partial))() == 5
