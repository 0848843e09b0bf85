"""What `retry` and `retrying` can be told: what to retry, how long to wait, who listens."""

import asyncio
import contextlib
import inspect
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from failwell._dice import DICE
from failwell.exceptions import (
    BulkheadFullError,
    CallTimeoutError,
    CircuitBreakerError,
    DeadlineExceededError,
    RateLimitedError,
    ServiceUnavailableError,
)
from failwell.resilience import (
    BUDGETS,
    CircuitBreaker,
    RetryBudget,
    RetryDetails,
    deadline,
    listen,
    retry,
    retrying,
)
from failwell.testing import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


def _failing(*errors: BaseException | None) -> Callable[[], int]:
    """Return a function that raises these one after the other; None is an answer."""
    left = list(errors)

    def call() -> int:
        error = left.pop(0)
        if error is not None:
            raise error
        return len(left)

    return call


@pytest.mark.parametrize(
    ("exceptions", "error", "calls"),
    [
        (Exception, BulkheadFullError("mail"), 1),
        (ServiceUnavailableError, BulkheadFullError("mail"), 1),
        (BulkheadFullError, BulkheadFullError("mail"), 2),
        (Exception, DeadlineExceededError(), 1),
        (ServiceUnavailableError, DeadlineExceededError(), 1),
        (DeadlineExceededError, DeadlineExceededError(), 2),
        (Exception, CallTimeoutError(1), 2),
        (TimeoutError, CallTimeoutError(1), 2),
        (TimeoutError, CallTimeoutError(1, abandoned=True), 1),
        (CallTimeoutError, CallTimeoutError(1, abandoned=True), 2),
        (Exception, RateLimitedError("mail"), 2),
    ],
    ids=repr,
)
def test_what_refuses_is_retried_only_when_it_is_named(
    exceptions: type[Exception], error: Exception, calls: int, clock: ManualClock
) -> None:
    """A full bulkhead, a passed deadline, a call that still runs in its thread."""
    seen = []

    @retry(exceptions, tries=2, clock=clock)
    def fail() -> None:
        seen.append(1)
        raise error

    with pytest.raises(type(error)):
        fail()

    assert len(seen) == calls


def test_a_predicate_chooses_among_the_errors(clock: ManualClock) -> None:
    """Only what it agrees to is retried."""
    again = retry(OSError, when=lambda error: "again" in str(error), clock=clock)

    answer = again(_failing(OSError("again"), None))()
    with pytest.raises(OSError, match="never"):
        again(_failing(OSError("never"), None))()

    assert answer == 0
    assert len(clock.sleeps) == 1


def test_a_predicate_that_raises_retries_nothing(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The call's own error comes out, and a line says what is wrong."""

    def broken(error: object) -> bool:
        raise RuntimeError(error)

    with pytest.raises(OSError, match="mine"):
        retry(OSError, when=broken, clock=clock)(_failing(OSError("mine")))()

    assert "when given to retry for" in caplog.text
    assert clock.sleeps == []


def test_a_result_may_be_a_failure(clock: ManualClock) -> None:
    """It is asked for again; the last one is returned, whatever it is."""
    results = [503, 503, 200]
    again = retry(
        OSError, tries=3, failed_result=lambda status: status >= 500, clock=clock
    )

    async def answer() -> int:
        """Answer the next."""
        return results.pop(0)

    good = again(lambda: results.pop(0))()
    results.extend([500, 501, 502])
    bad = again(lambda: results.pop(0))()
    results.extend([503, 200])
    awaited = asyncio.run(again(answer)())

    assert (good, bad, awaited) == (200, 502, 200)
    assert len(clock.sleeps) == 2 + 2 + 1


def test_a_result_and_an_error_count_together(clock: ManualClock) -> None:
    """An error after a bad result is the second failure."""
    call = _failing(None, OSError("two"), OSError("three"))

    with pytest.raises(OSError, match="three"):
        retry(OSError, failed_result=lambda _: True, clock=clock)(call)()


@settings(deadline=None)
@given(
    jitter=st.sampled_from(["full", "equal", "decorrelated", None]),
    delay=st.floats(0.01, 100),
    backoff=st.floats(0.5, 4),
    max_delay=st.none() | st.floats(0.01, 50),
    seed=st.integers(0, 99),
)
def test_jitters_stay_within_their_bounds(
    jitter: Any,  # noqa: ANN401 - a literal
    delay: float,
    backoff: float,
    max_delay: float | None,
    seed: int,
) -> None:
    """Each kind of jitter by the bounds that its documentation gives."""
    DICE.seed(seed)
    clock = ManualClock()
    again = retry(
        OSError, 5, delay, backoff, jitter=jitter, max_delay=max_delay, clock=clock
    )

    again(_failing(*[OSError()] * 4, None))()

    limit, before = max_delay or float("inf"), 0.0
    for n, wait in enumerate(clock.sleeps):
        bound = min(delay * backoff**n, limit)
        lowest, highest = {
            "full": (0.0, bound),
            "equal": (bound / 2, bound),
            "decorrelated": (min(delay, limit), min(max(delay, before * 3), limit)),
            None: (bound, bound),
        }[jitter]
        assert lowest <= wait <= highest * (1 + 1e-12)
        before = wait


def test_the_longest_decorrelated_wait_is_one_that_sleep_accepts(
    clock: ManualClock,
) -> None:
    """Without a limit it grows by three each time, and still never overflows."""
    again = retry(OSError, 80, 1e9, jitter="decorrelated", clock=clock)

    again(_failing(*[OSError()] * 79, None))()

    assert max(clock.sleeps) < 9.3e9


class _AskingError(OSError):
    """Asks to wait."""

    def __init__(self, retry_after: object) -> None:
        super().__init__()
        self.retry_after = retry_after


class _ResponseError(OSError):
    """Has the response that it is about."""

    def __init__(self, response: object) -> None:
        super().__init__()
        self.response = response


def _response(text: str) -> httpx.Response:
    return httpx.Response(503, headers={"Retry-After": text})


def _requests_response(text: str) -> requests.Response:
    response = requests.Response()
    response.status_code = 503
    response.headers["Retry-After"] = text
    return response


NOW = datetime.fromtimestamp(1_800_000_000, UTC)


@pytest.mark.parametrize(
    ("error", "wait_s"),
    [
        (_AskingError(7), 7),
        (_AskingError(7.5), 7.5),
        (_AskingError(timedelta(seconds=8)), 8),
        (_AskingError(NOW + timedelta(seconds=9)), 9),
        (_AskingError((NOW + timedelta(seconds=9)).replace(tzinfo=None)), 9),
        (_AskingError("11"), 11),
        (ServiceUnavailableError(retry_after=12), 12),
        (_ResponseError(_response("13")), 13),
        (_ResponseError(_requests_response("14")), 14),
        (_ResponseError(_response(format_datetime(NOW + timedelta(seconds=15)))), 15),
        (_AskingError(0.5), 1),
        (_AskingError(-5), 1),
        (_AskingError(float("inf")), 1),
        (_AskingError(float("nan")), 1),
        (_AskingError("soon"), 1),
        (_AskingError(object()), 1),
        (_AskingError(None), 1),
        (_ResponseError(None), 1),
        (_ResponseError(_response(format_datetime(NOW - timedelta(days=1)))), 1),
        (_AskingError(1000), 60),
    ],
    ids=repr,
)
def test_a_wait_that_is_asked_for_is_kept(
    error: Exception, wait_s: float, clock: ManualClock
) -> None:
    """Its own wait of a second at least, sixty at most, whatever the other side says."""
    again = retry((OSError, ServiceUnavailableError), jitter=None, clock=clock)

    again(_failing(error, None))()

    assert clock.sleeps == [pytest.approx(wait_s)]


def test_a_wait_that_is_asked_for_is_cut_at_the_longest(clock: ManualClock) -> None:
    """`max_delay` bounds it, too, in both directions."""
    for longest in (5, 600):
        again = retry(OSError, jitter=None, max_delay=longest, clock=clock)
        again(_failing(_AskingError(300), None))()

    assert clock.sleeps == [5, 300]


def test_a_result_may_ask_for_a_wait(clock: ManualClock) -> None:
    """A response that is a failure has the header itself."""
    results = [_response("4"), httpx.Response(200)]
    again = retry(OSError, failed_result=lambda r: r.is_error, clock=clock)

    assert again(lambda: results.pop(0))().is_success
    assert clock.sleeps == [4]


def test_an_attribute_that_raises_asks_for_nothing(clock: ManualClock) -> None:
    """Errors of others may do anything when they are looked at."""

    class OddError(OSError):
        """Cannot be looked at."""

        @property
        def retry_after(self) -> float:
            """Fail."""
            raise RuntimeError

    retry(OSError, jitter=None, clock=clock)(_failing(OddError(), None))()

    assert clock.sleeps == [1]


def test_everybody_is_told_before_the_wait(clock: ManualClock) -> None:
    """One frozen object for all: which attempt of how many, of what, the wait, the error."""
    told: list[RetryDetails] = []
    everything: list[Any] = []
    lines: list[str] = []
    error = OSError("gone")
    end = listen(everything.append)

    def before(details: RetryDetails) -> None:
        assert clock.sleeps == []
        told.append(details)

    @retry(
        OSError, 2, jitter=None, before_sleep=before, logger=lines.append, clock=clock
    )
    def fail() -> None:
        raise error

    with pytest.raises(OSError, match="gone"):
        fail()
    end()

    (details,) = told
    assert everything == [details]
    assert (details.attempt, details.tries, details.wait_s) == (1, 2, 1.0)
    assert (details.error, details.result) == (error, None)
    assert details.function.endswith("<locals>.fail")
    assert lines == [details.line]
    with pytest.raises(AttributeError):
        details.attempt = 2  # type: ignore[misc]


def test_a_bad_result_is_told_without_its_content(clock: ManualClock) -> None:
    """A line names its type: what it holds may be a secret."""
    lines: list[str] = []
    told: list[RetryDetails] = []
    again = retry(
        OSError,
        failed_result=bool,
        logger=lines.append,
        before_sleep=told.append,
        clock=clock,
    )
    results = ["secret", ""]

    again(lambda: results.pop(0))()

    assert lines[0].endswith("the result is a str")
    assert (told[0].result, told[0].error) == ("secret", None)


def test_a_listener_that_raises_ends_nothing(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The retry goes on, and the one to everything is told all the same."""
    everything: list[Any] = []
    end = listen(everything.append)

    def broken(details: RetryDetails) -> None:
        raise RuntimeError(details.function)

    again = retry(OSError, before_sleep=broken, clock=clock)
    answer = again(_failing(OSError(), None))()
    end()

    assert answer == 0
    assert len(everything) == 1
    assert "a listener or the logger given to retry for" in caplog.text


def test_a_deadline_of_another_clock_is_kept_by_its_own(clock: ManualClock) -> None:
    """The one around says how much is left, by whatever clock it runs."""
    other = ManualClock()

    with deadline(5, clock=other):
        retry(OSError, delay=2, jitter=None, clock=clock)(_failing(OSError(), None))()
        other.advance(4)
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            retry(OSError, delay=2, jitter=None, clock=clock)(_failing(OSError()))()

    assert clock.sleeps == [2]


def test_a_wait_until_the_deadline_leaves_no_time_to_call(clock: ManualClock) -> None:
    """It gives up where the wait is exactly what is left; a little less is waited."""
    for wait, sleeps in ((2, []), (1.999, [1.999])):
        call = _failing(OSError(), None)
        with deadline(2, clock=clock), contextlib.suppress(OSError):
            retry(OSError, delay=wait, jitter=None, clock=clock)(call)()
        assert clock.sleeps == sleeps


def test_a_passed_deadline_ends_a_retry_that_would_not_wait(clock: ManualClock) -> None:
    """Also where the error is nothing special and the delay is none."""
    calls = []

    @retry(OSError, tries=5, delay=0, clock=clock)
    def fail() -> None:
        calls.append(1)
        clock.advance(2)
        raise OSError

    with deadline(3, clock=clock), pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        fail()

    assert len(calls) == 2


def test_an_open_circuit_that_is_named_is_waited_for(clock: ManualClock) -> None:
    """As long as it says, which is when it lets a probe through."""
    breaker = CircuitBreaker(1, 10, clock=clock)
    call = breaker(_failing(OSError(), None))

    retry((OSError, CircuitBreakerError), tries=3, jitter=None, clock=clock)(call)()

    assert clock.sleeps == [1, 9]


def test_a_budget_is_paid_back_by_successes(clock: ManualClock) -> None:
    """A failure takes one token, ten successes bring it back; functions of all kinds."""
    budget = RetryBudget(0.1, tokens=4, name="paid")
    again = retry(OSError, tries=2, budget=budget, clock=clock)
    fail: Any = _failing(*[OSError()] * 4)

    async def fine() -> int:
        """Answer."""
        return 1

    def items() -> Iterator[int]:
        yield 1

    async def items_async() -> AsyncIterator[int]:
        """Give one."""
        yield 1

    async def consume() -> list[int]:
        """Go through it."""
        return [item async for item in again(items_async)()]

    for _ in range(2):
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            again(fail)()
    empty = budget.tokens, budget.refused_count
    calls: list[Callable[[], object]] = [
        again(int),
        lambda: asyncio.run(again(fine)()),
        lambda: list(again(items)()),
        lambda: asyncio.run(consume()),
    ]
    for call in calls:
        call()
    paid = budget.tokens
    for _ in range(50):
        again(int)()

    assert empty == (1.0, 1)
    assert paid == pytest.approx(1.4)
    assert budget.tokens == budget.max_tokens == 4
    assert repr(budget) == "<RetryBudget paid 4 of 4>"


def test_half_of_the_bucket_is_the_reserve(clock: ManualClock) -> None:
    """With four tokens one retry is free: the second failure leaves just a half."""
    budget = RetryBudget(tokens=4)
    calls = []

    @retry(OSError, tries=9, delay=0, budget=budget, clock=clock)
    def fail() -> None:
        calls.append(1)
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        fail()

    assert len(calls) == 2
    assert (budget.tokens, budget.refused_count) == (2, 1)


def test_a_budget_is_shared_by_its_name() -> None:
    """By those that give the name, and found by operators."""
    budget = RetryBudget(0.2, tokens=4, name="shared-by-name")

    one, two = (retry(OSError, budget="shared-by-name").plan.budget for _ in range(2))
    made, again = (retry(OSError, budget="made-by-name").plan.budget for _ in range(2))

    assert one is two is budget
    assert made is again is BUDGETS.named("made-by-name")[0]


@settings(deadline=None, max_examples=50)
@given(
    failures=st.lists(st.booleans(), min_size=1, max_size=300),
    ratio=st.sampled_from([0.05, 0.1, 0.5, 1.0]),
    tries=st.integers(2, 6),
)
def test_retries_never_exceed_the_budget(
    failures: list[bool], ratio: float, tries: int
) -> None:
    """In any mixture, calls are at most requests times 1 + ratio, and half the bucket."""
    budget, calls, requests_made = RetryBudget(ratio, tokens=10), 0, 0
    outcomes = iter(failures)

    @retry(OSError, tries=tries, delay=0, budget=budget)
    def call() -> None:
        nonlocal calls
        calls += 1
        if next(outcomes, False):
            raise OSError

    for _ in failures:
        requests_made += 1
        with contextlib.suppress(OSError):
            call()

    assert calls <= requests_made * (1 + ratio) + 5


def test_a_block_is_retried(clock: ManualClock) -> None:
    """Until it succeeds; attempts have numbers, and the last error comes out."""
    numbers, told = [], []
    options: dict[str, Any] = {
        "jitter": None,
        "before_sleep": told.append,
        "clock": clock,
    }

    for attempt in retrying(OSError, tries=3, **options):
        with attempt as same:
            assert same is attempt
            numbers.append(attempt.number)
            if attempt.number < 3:
                raise OSError

    assert numbers == [1, 2, 3]
    assert clock.sleeps == [1, 2]
    assert {details.function for details in told} == {"a block"}


def _block(error: BaseException, clock: ManualClock) -> int:
    count = 0
    for attempt in retrying(OSError, tries=3, clock=clock):
        with attempt:
            count += 1
            raise error
    return count


def test_the_last_error_of_a_block_is_its_own(clock: ManualClock) -> None:
    """With its traceback, and no other as its context."""
    with pytest.raises(OSError, match="mine") as caught:
        _block(OSError("mine"), clock)
    with pytest.raises(KeyError):
        _block(KeyError(), clock)

    frames = [f.name for f in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-1] == "_block"
    assert caught.value.__context__ is None
    assert len(clock.sleeps) == 2


def test_an_async_block_does_not_block_the_loop(clock: ManualClock) -> None:
    """It is retried by `async for`, with the same attempts."""
    numbers = []

    async def main() -> None:
        """Fail twice, then succeed."""
        async for attempt in retrying(OSError, tries=3, jitter=None, clock=clock):
            with attempt:
                numbers.append(attempt.number)
                if attempt.number < 3:
                    raise OSError

    asyncio.run(main())

    assert numbers == [1, 2, 3]
    assert clock.sleeps == [1, 2]


def test_a_block_pays_its_budget_back(clock: ManualClock) -> None:
    """As a function does."""
    budget = RetryBudget(0.5, tokens=9)

    for attempt in retrying(OSError, budget=budget, clock=clock):
        with attempt:
            if attempt.number == 1:
                raise OSError

    assert budget.tokens == 8.5


def test_a_loop_without_its_block_is_told_so(clock: ManualClock) -> None:
    """It would look retried and never be."""
    with pytest.raises(RuntimeError, match="with attempt"):
        for _ in retrying(OSError, clock=clock):
            pass


def test_the_block_takes_what_the_decorator_takes() -> None:
    """The same parameters, refused in the same words."""
    assert inspect.signature(retrying).parameters == inspect.signature(retry).parameters
    with pytest.raises(ValueError, match="tries is 0"):
        retrying(OSError, tries=0)


def test_a_generator_keeps_what_its_consumer_does(clock: ManualClock) -> None:
    """Sent values, thrown errors and the return value pass a generator that is retried."""
    begun = []

    @retry(OSError, clock=clock)
    def talk() -> Iterator[Any]:
        begun.append(1)
        if len(begun) < 3:
            raise OSError
        got = yield "first"
        try:
            yield got
        except KeyError:
            return "thrown"

    generator: Any = talk()
    first, second = next(generator), generator.send("sent")
    with pytest.raises(StopIteration) as end:
        generator.throw(KeyError())

    assert (first, second, end.value.value) == ("first", "sent", "thrown")
    assert (len(begun), len(clock.sleeps)) == (3, 2)


def test_an_empty_generator_is_a_success(clock: ManualClock) -> None:
    """It ends without an item, and its return value comes back."""

    @retry(OSError, clock=clock)
    def nothing() -> Iterator[int]:
        return "done"
        yield 1

    @retry(OSError, clock=clock)
    async def nothing_async() -> AsyncIterator[int]:
        """End at once."""
        return
        yield 1

    async def main() -> list[int]:
        """Consume it."""
        return [item async for item in nothing_async()]

    with pytest.raises(StopIteration, match="done"):
        next(nothing())  # type: ignore[call-overload] # an iterator

    assert asyncio.run(main()) == []


def test_a_generator_gives_up_as_a_function_does(clock: ManualClock) -> None:
    """After its tries the last error comes out, of either kind."""

    @retry(OSError, tries=2, clock=clock)
    def fail() -> Iterator[int]:
        raise OSError
        yield 1

    @retry(OSError, tries=2, clock=clock)
    async def fail_async() -> AsyncIterator[int]:
        """Fail."""
        raise OSError
        yield 1

    async def main() -> None:
        """Consume it."""
        async for _ in fail_async():
            pass

    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        list(fail())
    with pytest.raises(OSError):  # noqa: PT011 - as above
        asyncio.run(main())

    assert len(clock.sleeps) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"when": 5}, "when is 5; allowed: a function"),
        ({"failed_result": "x"}, "failed_result is 'x'"),
        ({"before_sleep": 5}, "before_sleep is 5"),
        ({"budget": 5}, "budget is 5"),
        ({"budget": ""}, "budget is ''"),
    ],
    ids=repr,
)
def test_a_bad_option_is_refused(options: dict[str, Any], words: str) -> None:
    """The message names it, what was given and what is allowed."""
    with pytest.raises((ValueError, TypeError)) as caught:
        retry(OSError, **options)

    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ratio": 0}, "ratio is 0; allowed: a share"),
        ({"tokens": 0}, "tokens is 0"),
        ({"name": ""}, "name is ''"),
    ],
    ids=repr,
)
def test_a_bad_budget_is_refused(options: dict[str, Any], words: str) -> None:
    """As everything else."""
    with pytest.raises(ValueError, match=words):
        RetryBudget(**options)
