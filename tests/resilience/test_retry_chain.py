"""What comes out of a retry tells what came before it, and is otherwise as it was."""

import asyncio
import contextlib
import dataclasses
import gc
import itertools
import pickle
import re
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failwell.exceptions import CircuitBreakerError
from failwell.records import describe, fingerprint, format_chain
from failwell.resilience import (
    CircuitBreaker,
    Policy,
    RetryBudget,
    Retrying,
    retry,
)
from failwell.resilience._retries import Retry
from failwell.testing import ManualClock

Attempt = Callable[[], object]


def _in_a_block(again: Retry, attempt: Attempt) -> object:
    for each in Retrying(again.plan):
        with each:
            return attempt()
    return None


async def _in_an_async_block(again: Retry, attempt: Attempt) -> object:
    """As `_in_a_block`, awaited."""
    async for each in Retrying(again.plan):
        with each:
            return attempt()
    return None


def _generating(attempt: Attempt) -> Callable[[], Iterator[object]]:
    def generate() -> Iterator[object]:
        yield attempt()

    return generate


def _generating_async(attempt: Attempt) -> Callable[[], AsyncIterator[object]]:
    async def generate() -> AsyncIterator[object]:
        """Give one item."""
        yield attempt()

    return generate


def _awaited(attempt: Attempt) -> Callable[[], Awaitable[object]]:
    async def call() -> object:
        """Make the attempt."""
        return attempt()

    return call


async def _all_of(items: AsyncIterator[object]) -> object:
    """Return the items."""
    return [item async for item in items]


def _with_a_budget(again: Retry) -> Retry:
    return Retry(dataclasses.replace(again.plan, budget=RetryBudget(tokens=100)))


FORMS: dict[str, Callable[[Retry, Attempt], object]] = {
    "function": lambda again, attempt: again(attempt)(),
    "coroutine": lambda again, attempt: asyncio.run(again(_awaited(attempt))()),
    "function that notes": lambda again, attempt: _with_a_budget(again)(attempt)(),
    "coroutine that notes": lambda again, attempt: asyncio.run(
        _with_a_budget(again)(_awaited(attempt))()
    ),
    "generator": lambda again, attempt: list(again(_generating(attempt))()),
    "async generator": lambda again, attempt: asyncio.run(
        _all_of(again(_generating_async(attempt))())
    ),
    "block": _in_a_block,
    "async block": lambda again, attempt: asyncio.run(
        _in_an_async_block(again, attempt)
    ),
    "policy": lambda again, attempt: Policy("p", retry=again)(attempt)(),
    "policy, awaited": lambda again, attempt: asyncio.run(
        Policy("p", retry=again)(_awaited(attempt))()
    ),
    "policy that notes": lambda again, attempt: Policy(
        "p", retry=_with_a_budget(again)
    )(attempt)(),
}
form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())


def _again(tries: int = 3) -> Retry:
    return retry(OSError, tries, clock=ManualClock())


def _raising(*errors: BaseException) -> Attempt:
    left = iter(errors)

    def attempt() -> object:
        raise next(left)

    return attempt


def _outcome(call: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - whatever comes out
        call()
    return caught.value


def _contexts(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__context__
    return found


@form
def test_each_attempt_is_the_context_of_the_next(
    form: Callable[[Retry, Attempt], object],
) -> None:
    """Whatever is retried; a traceback shows all of them, each with its own lines."""
    errors = [OSError("error one"), TimeoutError("error two"), OSError("error three")]

    error = _outcome(lambda: form(_again(), _raising(*errors)))

    text = "\n".join(format_chain(describe(error)))
    assert _contexts(error) == errors[::-1]
    assert [text.count(f"{e}") for e in errors] == [1, 1, 1]
    assert text.count("in _raising.attempt") == 3


@form
def test_an_error_that_is_not_retried_tells_what_came_before(
    form: Callable[[Retry, Attempt], object],
) -> None:
    """It may be what the failed attempt has left behind."""
    errors = [OSError("first"), ValueError("half done")]

    error = _outcome(lambda: form(_again(), _raising(*errors)))

    assert _contexts(error) == errors[::-1]


@form
def test_an_error_of_the_first_attempt_has_nothing_before_it(
    form: Callable[[Retry, Attempt], object],
) -> None:
    """Neither where it is retried no further, nor where it is not retried at all."""
    last = _outcome(lambda: form(_again(1), _raising(OSError())))
    other = _outcome(lambda: form(_again(), _raising(KeyError())))

    assert (last.__context__, other.__context__) == (None, None)


@form
def test_without_a_delay_nothing_sleeps(
    form: Callable[[Retry, Attempt], object],
) -> None:
    """Not even for no time, which would give the processor away."""
    clock = ManualClock()

    _outcome(lambda: form(retry(OSError, delay=0, clock=clock), _loaded([], good=9)))

    assert clock.sleeps == []


class Load:
    """Something that a frame holds."""


def _loaded(loads: list[weakref.ref[Load]], good: int) -> Attempt:
    def attempt() -> str:
        load = Load()
        loads.append(weakref.ref(load))
        if len(loads) < good:
            raise OSError(load)
        return "good"

    return attempt


@form
def test_nothing_is_kept_after_success(
    form: Callable[[Retry, Attempt], object],
) -> None:
    """What the failed attempts held is freed at once, without the collector."""
    loads: list[weakref.ref[Load]] = []

    gc.disable()
    try:
        form(_again(), _loaded(loads, good=3))
    finally:
        gc.enable()

    assert [load() for load in loads] == [None] * 3


@pytest.mark.parametrize("name", [n for n in FORMS if not re.search("cor|awa|asy", n)])
def test_nothing_is_kept_after_failure(name: str) -> None:
    """Nor beyond the error that came out; of awaited ones asyncio keeps the last."""
    loads: list[weakref.ref[Load]] = []

    gc.disable()
    try:
        with contextlib.suppress(OSError):
            FORMS[name](_again(), _loaded(loads, good=9))
    finally:
        gc.enable()

    assert [load() for load in loads] == [None] * 3


def test_a_result_that_fails_is_no_error_before_the_next() -> None:
    """What was raised before it still is; nothing of it is kept when it is returned."""
    first, last = OSError("first"), OSError("last")
    outcomes: list[object] = [first, 503, last]
    loads: list[weakref.ref[Load]] = []
    again = retry(
        OSError, failed_result=lambda result: result == 503, clock=ManualClock()
    )

    def attempt() -> object:
        outcome = outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def raise_and_return() -> int:
        load = Load()
        loads.append(weakref.ref(load))
        if len(loads) < 3:
            raise OSError(load)
        return 503

    error = _outcome(again(attempt))
    gc.disable()
    try:
        returned = again(raise_and_return)()
    finally:
        gc.enable()

    assert _contexts(error) == [last, first]
    assert returned == 503
    assert [load() for load in loads] == [None] * 3


def test_an_open_circuit_tells_what_opened_it() -> None:
    """The refusal that ends the retry has the failure before it."""
    first = OSError("down")
    breaker = CircuitBreaker(1, clock=ManualClock())

    error = _outcome(retry(Exception, clock=ManualClock())(breaker(_raising(first))))

    assert isinstance(error, CircuitBreakerError)
    assert error.__context__ is first


def test_an_interrupted_wait_tells_what_it_waited_for() -> None:
    """As any error that is raised between the attempts."""

    class Interrupted(ManualClock):
        """Is interrupted."""

        def sleep(self, seconds: float) -> None:  # noqa: ARG002 - as a clock's
            raise KeyboardInterrupt

    first = OSError("first")

    error = _outcome(retry(OSError, clock=Interrupted())(_raising(first)))

    assert isinstance(error, KeyboardInterrupt)
    assert error.__context__ is first


def test_the_last_four_are_told() -> None:
    """So a retry that goes on for days keeps no more than that alive."""
    errors = [OSError(n) for n in range(100)]

    error = _outcome(_again(100)(_raising(*errors)))

    assert _contexts(error) == errors[:-6:-1]


def test_what_led_to_an_error_stays() -> None:
    """The attempt before comes after its own contexts; a cause is not touched."""
    cause = ValueError("cause")
    left = [OSError("first"), OSError("second")]

    @_again(2)
    def attempt() -> None:
        try:
            raise KeyError("own")
        except KeyError:
            raise left.pop(0) from (None if left else cause)

    first = left[0]
    error = _outcome(attempt)

    own = error.__context__
    assert (error.__cause__, error.__suppress_context__) == (cause, True)
    assert isinstance(own, KeyError)
    assert own.__context__ is first


@pytest.mark.parametrize(("count", "is_told"), [(10, True), (11, False)])
def test_a_long_line_is_left_alone(count: int, *, is_told: bool) -> None:
    """Of what more than ten errors led to, nobody has to see the end."""
    line = [OSError(n) for n in range(count + 1)]
    for error, context in itertools.pairwise(line):
        error.__context__ = context
    first = OSError("first")

    _outcome(_again(2)(_raising(first, line[0])))

    assert (line[-1].__context__ is first) is is_told


def test_the_same_error_again_is_not_before_itself() -> None:
    """Whoever raises one object each time gets it as it is."""
    same, other = OSError("same"), OSError("other")

    alone = _outcome(_again()(_raising(same, same, same)))
    before = alone.__context__
    between = _outcome(_again()(_raising(same, other, same)))

    assert before is None
    assert _contexts(between) == [same, other]


def test_a_shared_error_does_not_collect_what_came_before() -> None:
    """One object that ends many calls tells of the last one."""
    shared = OSError("shared")
    for n in range(50):
        _outcome(_again(2)(_raising(OSError(n), shared)))

    before = _contexts(shared)[1:]

    assert [error.args for error in before] == [(49,)]


def test_retries_in_retries_tell_the_attempts_of_the_outer_one() -> None:
    """What each of them has failed with in the end."""
    errors = [OSError(n) for n in range(4)]

    error = _outcome(_again(2)(_again(2)(_raising(*errors))))

    assert _contexts(error) == [errors[3], errors[1], errors[0]]


@given(st.data())
def test_no_circle_comes_of_it(data: st.DataObject) -> None:
    """However the errors, raised in any order and again, were linked before."""
    errors = [OSError(n) for n in range(5)]
    links = st.none() | st.sampled_from(errors)
    for error in errors:
        error.__context__ = data.draw(links)
        error.__cause__ = data.draw(links)
    causes = [error.__cause__ for error in errors]
    circles = [error for error in errors if _is_in_a_circle(error)]
    raised = data.draw(st.lists(st.sampled_from(errors), min_size=1, max_size=6))

    error = _outcome(_again(len(raised))(_raising(*raised)))

    assert error is raised[-1]
    assert [e.__cause__ for e in errors] == causes
    assert [e for e in errors if _is_in_a_circle(e)] == circles


def _is_in_a_circle(error: BaseException) -> bool:
    following = error.__context__
    for _ in range(9):
        if following is error:
            return True
        following = None if following is None else following.__context__
    return False


@dataclasses.dataclass(frozen=True)
class FrozenError(OSError):
    """Lets nobody set an attribute."""

    number: int


class HostileError(OSError):
    """Answers for its context by code."""

    @property
    def __context__(self) -> BaseException:  # type: ignore[override]
        raise RuntimeError


def test_classes_of_any_kind_come_out() -> None:
    """A frozen one tells what came before it; one that fails when asked does not."""
    first = OSError("first")

    frozen = _outcome(_again(2)(_raising(first, FrozenError(1))))
    hostile = _outcome(_again(2)(_raising(OSError(), HostileError())))

    assert frozen.__context__ is first
    assert type(hostile) is HostileError


def test_what_came_before_does_not_travel() -> None:
    """A copy made by pickle is that of the error alone, whatever came before it."""

    class LocalError(OSError):
        """Cannot be pickled."""

    error = _outcome(_again(2)(_raising(LocalError(), OSError("second"))))

    assert str(pickle.loads(pickle.dumps(error))) == "second"  # noqa: S301 - our own


def _loading(*before: BaseException) -> Attempt:
    left = list(before)

    def load() -> None:
        if left:
            raise left.pop(0)
        try:
            raise KeyError("own")
        except KeyError:
            raise OSError("last") from ValueError("cause")

    return load


def _handling(load: Attempt, tries: int, how: str) -> object:
    try:
        return retry(Exception, tries, clock=ManualClock())(load)()
    except OSError as error:
        if how == "raise":
            raise
        if how == "from":
            raise RuntimeError from error
        raise RuntimeError  # noqa: B904 - what is tested


@pytest.mark.parametrize("how", ["raise", "from", "implicit"])
@pytest.mark.parametrize(
    "before",
    [
        [TimeoutError("1")],
        [ConnectionError(), TimeoutError()],
        [BrokenPipeError(), ExceptionGroup("g", [ValueError()])],
        [OSError(n) for n in range(8)],
    ],
    ids=["one", "two", "a group", "many"],
)
def test_an_error_has_its_group_whatever_came_before(
    before: list[BaseException], how: str
) -> None:
    """Also one that it is the cause of, or that was raised while handling it."""
    alone = _outcome(lambda: _handling(_loading(), 1, how))
    after = _outcome(lambda: _handling(_loading(*before), len(before) + 1, how))
    members = [ExceptionGroup("members", [error]) for error in (alone, after)]

    assert fingerprint(after) == fingerprint(alone)
    assert fingerprint(members[1]) == fingerprint(members[0])


def test_a_record_says_what_came_before() -> None:
    """Behind all that led to the error, and not as what led to it."""
    error = _outcome(_again(3)(_raising(*[OSError(n) for n in range(3)])))

    relations = [(info.message, info.relation) for info in describe(error)]

    assert relations == [("2", ""), ("1", "earlier"), ("0", "earlier")]
