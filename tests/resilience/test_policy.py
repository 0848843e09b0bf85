"""Policies: one wrapper that does what the strategies do one around the other."""

import asyncio
import gc
import linecache
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failwell.exceptions import (
    BulkheadFullError,
    CallTimeoutError,
    CircuitBreakerError,
    NotFoundError,
)
from failwell.resilience import (
    POLICIES,
    Bulkhead,
    CircuitBreaker,
    CircuitState,
    Policy,
    deadline,
    fallback,
    remaining,
    retry,
    timeout,
)
from failwell.testing import ManualClock

ERRORS: tuple[BaseException | int, ...] = (
    1,
    2,
    503,
    OSError("down"),
    KeyError("odd"),
    NotFoundError("Room", 1),
    KeyboardInterrupt(),
)

Step = tuple[BaseException | int, float, float]


class _World:
    """A clock, a function that follows a script, and strategies that can be compared."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.clock = clock = ManualClock()
        self.options = options
        self.script: list[Step] = []
        self.strategies: dict[str, Any] = {}
        if options["fallback"]:
            kinds: dict[str, Any] = {
                "value": {"value": "other"},
                "last": {"last_good": 20, "clock": clock},
                "both": {"value": "other", "last_good": 20, "clock": clock},
            }
            self.strategies["fallback"] = fallback(**kinds[options["fallback"]])
        if options["deadline"]:
            self.strategies["deadline"] = 8
        if options["retry"]:
            kinds = {
                "simple": {},
                "noting": {"failed_result": lambda r: r == 503, "max_elapsed": 9},
            }
            self.strategies["retry"] = retry(
                OSError, jitter=None, clock=clock, **kinds[options["retry"]]
            )
        if options["breaker"]:
            kinds = {
                "streak": {"failure_threshold": 3},
                "calls": {"window_calls": 6, "minimum_calls": 3},
                "seconds": {"window_time": 20, "minimum_calls": 3},
                "slow": {"slow_call_time": 2, "minimum_calls": 3},
                "results": {"failed_result": lambda r: r == 503},
            }
            self.strategies["breaker"] = CircuitBreaker(
                reset_timeout=10, name="world", clock=clock, **kinds[options["breaker"]]
            )
        if options["bulkhead"]:
            self.strategies["bulkhead"] = Bulkhead(1, name="world")

    def work(self, argument: int) -> object:
        """Follow the script; tell what is left of the deadline."""
        outcome, took_s, _ = self.script.pop(0) if self.script else (1, 0.0, 0.0)
        self.clock.advance(took_s)
        if isinstance(outcome, BaseException):
            raise outcome.with_traceback(None)
        return outcome, argument if outcome != 503 else None, remaining()

    def plain(self, argument: int) -> object:
        """As `work`, with the result that predicates look at."""
        result: Any = self.work(argument)
        return result[0] if result[0] == 503 else result

    async def awaited(self, argument: int) -> object:
        """As `plain`, awaited."""
        return self.plain(argument)

    def fused(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` with one policy."""
        return Policy("world", clock=self.clock, **self.strategies)(function)

    def composed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` with the strategies one around the other."""
        for name in ("bulkhead", "breaker", "retry", "deadline", "fallback"):
            strategy = self.strategies.get(name)
            if name == "deadline" and strategy is not None:
                strategy = deadline(strategy, clock=self.clock)
            if strategy is not None:
                function = strategy(function)
        return function

    def play(self, call: Callable[[int], object], steps: list[Step]) -> list[object]:
        """Make as many calls as there are steps; return all that can be seen."""
        self.script, seen = list(steps), []
        for number, (_, _, pause_s) in enumerate(steps):
            self.clock.advance(pause_s)
            try:
                result: object = call(number % 2)
            except BaseException as error:  # noqa: BLE001 - it is what is compared
                result = type(error), str(error)
            seen.append((result, self.clock.monotonic(), remaining()))
            breaker = self.strategies.get("breaker")
            if breaker is not None:
                seen.append((breaker.state, breaker.counters, breaker.retry_after))
        return seen


@settings(deadline=None, max_examples=400)
@given(
    options=st.fixed_dictionaries(
        {
            "fallback": st.sampled_from([None, "value", "last", "both"]),
            "deadline": st.booleans(),
            "retry": st.sampled_from([None, "simple", "noting"]),
            "breaker": st.sampled_from(
                [None, "streak", "calls", "seconds", "slow", "results"]
            ),
            "bulkhead": st.booleans(),
        }
    ),
    steps=st.lists(
        st.tuples(
            st.sampled_from(ERRORS), st.sampled_from([0, 1, 3]), st.sampled_from([0, 9])
        ),
        max_size=20,
    ),
    is_awaited=st.booleans(),
)
def test_one_wrapper_does_what_the_strategies_do(
    options: dict[str, Any],
    steps: list[Step],
    is_awaited: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Whichever there are, whatever happens, for functions and coroutine functions."""
    seen = []
    for compose in (_World.fused, _World.composed):
        world = _World(options)
        function: Any = world.awaited if is_awaited else world.plain
        wrapped: Any = compose(world, function)
        call = (lambda n, w=wrapped: _run(w(n))) if is_awaited else wrapped
        seen.append(world.play(call, steps))

    assert seen[0] == seen[1]


def _run(coroutine: Any) -> object:  # noqa: ANN401 - a coroutine
    # A manual clock's waits are over at once, so few steps finish any of them.
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


def test_a_policy_with_nothing_calls() -> None:
    """And says that it has nothing."""
    policy = Policy("nothing")

    assert policy(int)("5") == 5
    assert repr(policy) == "<Policy nothing: nothing>"


def test_it_tells_its_strategies_in_their_order() -> None:
    """From the outside in, whatever order they were written in."""
    breaker, bulkhead = CircuitBreaker(), Bulkhead(2)

    policy = Policy(
        "calendar",
        timeout=1,
        bulkhead=bulkhead,
        breaker=breaker,
        retry=retry(OSError),
        deadline=5,
        fallback=fallback(None),
    )

    assert policy.strategies == (
        "fallback",
        "deadline",
        "retry",
        "breaker",
        "bulkhead",
        "timeout",
    )
    assert (policy.breaker, policy.bulkhead) == (breaker, bulkhead)
    assert (breaker.name, bulkhead.name) == ("calendar", "calendar")
    assert repr(policy).startswith("<Policy calendar: fallback > deadline > retry")


def test_functions_share_its_breaker() -> None:
    """What one finds out holds for the other, of either kind."""
    policy = Policy("shared", breaker=CircuitBreaker(1, name="own"))

    @policy
    async def awaited() -> None:
        """Fail."""
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        asyncio.run(awaited())
    with pytest.raises(CircuitBreakerError, match="own"):
        policy(int)()


def test_a_full_bulkhead_is_not_retried_and_no_failure() -> None:
    """The breaker sees only what was begun."""
    breaker = CircuitBreaker(1)
    policy = Policy(
        "full", retry=retry(Exception), breaker=breaker, bulkhead=Bulkhead(1)
    )
    calls = []

    @policy
    def outer() -> None:
        calls.append(1)
        with pytest.raises(BulkheadFullError):
            policy(int)()

    outer()

    assert calls == [1]
    assert breaker.state is CircuitState.CLOSED


def test_who_waits_for_a_place_gets_it_when_a_call_of_the_policy_ends() -> None:
    """Functions of either kind hand their place over, also when they fail."""
    policy = Policy("handing-over", bulkhead=Bulkhead(1, 20))
    order: list[int] = []

    @policy
    async def call(number: int) -> None:
        """Let others run meanwhile, and fail."""
        await asyncio.sleep(0)
        order.append(number)
        raise OSError

    async def main() -> None:
        """Call it three times at once."""
        await asyncio.gather(*(call(n) for n in range(3)), return_exceptions=True)

    asyncio.run(main())

    assert order == [0, 1, 2]


def test_without_a_delay_a_policy_never_sleeps() -> None:
    """To sleep for no time alone would cost a switch of threads."""
    clock = ManualClock()
    left = [OSError(), OSError()]

    @Policy("no-delay", retry=retry(OSError, delay=0, clock=clock))
    def call() -> str:
        if left:
            raise left.pop()
        return "answer"

    assert (call(), clock.sleeps) == ("answer", [])


def test_a_deadline_of_an_awaited_policy_ends_with_its_call() -> None:
    """Whoever has awaited it has none."""
    policy = Policy("awaited-and-over", deadline=10)

    @policy
    async def inside() -> float | None:
        """Tell the time left."""
        return remaining()

    async def outside() -> tuple[float | None, float | None]:
        """Await it, and tell the time left then."""
        return await inside(), remaining()

    left, after = asyncio.run(outside())

    assert left is not None
    assert after is None


def test_an_attempt_has_its_own_time() -> None:
    """Each is cancelled, counted and tried again; a thread only when it is told to."""
    clock, breaker = ManualClock(), CircuitBreaker(5)
    policy = Policy(
        "slow",
        retry=retry(TimeoutError, tries=2, clock=clock),
        breaker=breaker,
        timeout=0.01,
    )
    ended = threading.Event()

    @policy
    async def hang() -> None:
        """Never answer."""
        await asyncio.Event().wait()

    in_thread = Policy("thread", timeout=timeout(0.01, in_thread=True))(ended.wait)
    with pytest.raises(CallTimeoutError):
        asyncio.run(hang())
    with pytest.raises(CallTimeoutError):
        in_thread()
    ended.set()

    assert breaker.failure_count == 2
    assert len(clock.sleeps) == 1
    with pytest.raises(TypeError, match="timeout cannot stop"):
        policy(int)


def test_a_traceback_shows_its_lines() -> None:
    """The wrapper is compiled, and can be read all the same."""

    @Policy("read", breaker=CircuitBreaker())
    def fail() -> None:
        raise OSError

    with pytest.raises(OSError) as caught:  # noqa: PT011 - a bare one is what is raised
        fail()
    linecache.checkcache()
    text = "".join(traceback.format_exception(caught.value))

    assert "result = function(*args, **kwargs)" in text
    assert "<failwell policy of breaker, called>" in text


def test_a_function_keeps_its_name() -> None:
    """Name, docstring and the original stay reachable; the policy does, too."""

    @Policy("policy-by-name", deadline=5)
    def fetch() -> None:
        """Fetch it."""

    wrapped: Any = fetch
    assert (wrapped.__name__, wrapped.__doc__) == ("fetch", "Fetch it.")
    assert POLICIES.named("policy-by-name") == [wrapped.policy]
    del fetch, wrapped
    gc.collect()
    assert POLICIES.named("policy-by-name") == []


def test_a_policy_round_another_stays_known() -> None:
    """Both are found while the function lives, and each has its own faults."""
    inner, outer = Policy("policy-inside"), Policy("policy-outside")
    call = outer(inner(int))
    del inner, outer
    gc.collect()

    found = [POLICIES.named(name) for name in ("policy-inside", "policy-outside")]

    assert [len(policies) for policies in found] == [1, 1]
    assert call("5") == 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": ""}, "name is ''"),
        ({"retry": 3}, r"retry is 3; allowed: what Retry\(…\) makes"),
        ({"breaker": CircuitBreaker}, "breaker is <class"),
        ({"bulkhead": 3}, "bulkhead is 3"),
        ({"fallback": []}, r"fallback is \[\]"),
        ({"timeout": 0}, "seconds is 0"),
        ({"deadline": 0}, "deadline is 0"),
    ],
    ids=repr,
)
def test_a_bad_option_is_refused(options: dict[str, Any], words: str) -> None:
    """The message names it."""
    with pytest.raises((ValueError, TypeError), match=words):
        Policy(**{"name": "bad", **options})


def test_a_generator_function_is_refused() -> None:
    """Its failures come after the call."""
    with pytest.raises(TypeError, match="Policy cannot decorate the generator"):
        Policy("bad")(lambda: (yield 1))


def test_a_fault_is_in_front_of_functions_that_come_later() -> None:
    """Until it is taken away."""

    def broken(function: Callable[..., object]) -> Callable[..., object]:
        def fail() -> object:
            raise OSError(function)

        return fail

    policy = Policy("later")
    policy.inject(broken)
    later = policy(int)

    with pytest.raises(OSError, match="int"):
        later()
    policy.inject(None)

    assert later() == 0
