"""What resilience costs a call, ours and that of the peers, against an empty wrapper.

Each round times a batch of every case, one after the other, so that a noisy neighbour
hits all of them alike. The figure is the median over the rounds of each case's CPU time
divided by that of the floor in the same round: the empty `functools.wraps` wrapper, the
empty async one, a bare raise, a loop written by hand. Run it with
`python benchmarks/resilience.py [rounds]`.
"""

import asyncio
import contextlib
import contextvars
import functools
import gc
import logging
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import _resilience_peers as peers
from failwell.exceptions import CircuitBreakerError
from failwell.resilience import (
    Bulkhead,
    CircuitBreaker,
    Policy,
    RetryBudget,
    deadline,
    fallback,
    retry,
    timeout,
)

ROUNDS = 60
BATCH_NS = 1_500_000
THREADS, SLEEP_S = 8, 0.005

Call = Callable[[int], Any]
Batch = Callable[[Call, int], int]


def answer(value: int) -> int:
    """Return the argument: the function that is wrapped."""
    return value


async def answer_async(value: int) -> int:
    """As `answer`, awaited."""
    return value


def empty(function: Call) -> Call:
    """Wrap `function` in nothing: the floor of any decorator."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever it returns
        return function(*args, **kwargs)

    return wrapper


def empty_async(function: Call) -> Call:
    """As `empty`, awaited."""

    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above
        """Await it."""
        return await function(*args, **kwargs)

    return wrapper


def refuse(value: int) -> int:
    """Raise what an open circuit raises."""
    raise CircuitBreakerError("refused", 60.0 + value, state="open")


def raise_plain(value: int) -> int:
    """Raise an error that keeps nothing but its argument."""
    raise RuntimeError(value)


def fail(value: int) -> int:
    """Fail always."""
    raise OSError(value)


def by_hand(function: Call) -> Call:
    """Try three times, as one would write it without a library."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever it returns
        for attempt in range(3):
            try:
                return function(*args, **kwargs)
            except OSError:
                if attempt == 2:
                    raise
        raise AssertionError

    return wrapper


def swallowed(function: Call) -> Call:
    """Call `function` and catch what it raises, as a caller does."""

    def wrapper(value: int) -> None:
        try:
            function(value)
        except Exception:  # noqa: BLE001 - each library has its own
            return

    return wrapper


def opened(failing: Call) -> Call:
    """Return a function that fails, behind a circuit that its first call has opened."""
    function = swallowed(failing)
    for value in range(3):
        function(value)
    return function


def full_policy(**more: Any) -> Policy:  # noqa: ANN401 - strategies
    """Return a policy with everything but a time-out of its attempts."""
    return Policy(
        "bench",
        fallback=fallback(0),
        deadline=5,
        retry=retry(OSError),
        breaker=CircuitBreaker(),
        bulkhead=Bulkhead(10),
        **more,
    )


def ours(function: Call) -> dict[str, Call]:
    """Return `function` behind each of our strategies."""
    return {
        "retry": retry(OSError)(function),
        "retry with a budget": retry(OSError, budget=RetryBudget())(function),
        "breaker, failures in a row": CircuitBreaker()(function),
        "breaker by calls": CircuitBreaker(failure_rate=0.5)(function),
        "breaker by seconds": CircuitBreaker(window_time=10)(function),
        "breaker by seconds, slow calls": CircuitBreaker(
            window_time=10, slow_call_time=1
        )(function),
        "retry over breaker, two wrappers": retry(OSError)(CircuitBreaker()(function)),
        "bulkhead": Bulkhead(10)(function),
        "deadline": deadline(5)(function),
        "policy: retry, breaker": Policy(
            "bench", retry=retry(OSError), breaker=CircuitBreaker()
        )(function),
        "policy: all but a time-out": full_policy()(function),
    }


def installed(
    table: Mapping[str, Callable[..., peers.Wrap]], function: Call, *args: int
) -> dict[str, Call]:
    """Return `function` behind each peer that is there; name the others."""
    found = {}
    for name, make in table.items():
        try:
            found[name] = make(*args)(function)
        except Exception as error:  # noqa: BLE001 - a peer that does not load or does not fit
            print(f"not measured: {name}: {error!r}")
    return found


def batch(function: Call, calls: int) -> int:
    """Return the CPU nanoseconds of so many calls."""
    started = time.thread_time_ns()
    for value in range(calls):
        function(value)
    return time.thread_time_ns() - started


def batch_async(function: Call, calls: int) -> int:
    """As `batch`, awaited in one loop, in a context that nothing was called in before."""

    async def run() -> int:
        """Await them one after the other."""
        started = time.thread_time_ns()
        for value in range(calls):
            await function(value)
        return time.thread_time_ns() - started

    return contextvars.Context().run(asyncio.run, run())


def measure(
    cases: dict[str, Call], rounds: int, batch: Batch = batch
) -> dict[str, list[float]]:
    """Time every case once a round, in turn; each in batches that take as long."""
    sizes = {}
    for name, function in cases.items():
        batch(function, 50)
        sizes[name] = max(20, min(10_000, 50 * BATCH_NS // max(1, batch(function, 50))))
    times: dict[str, list[float]] = {name: [] for name in cases}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, function in cases.items():
                times[name].append(batch(function, sizes[name]) / sizes[name])
            gc.collect()
    finally:
        gc.enable()
    return times


def table(title: str, times: dict[str, list[float]]) -> None:
    """Print minimum and median ratio of each case to the first."""
    floor = next(iter(times.values()))
    print(f"\n{title:<40}{'min ns':>10}{'ratio':>9}")
    for name, spent in times.items():
        ratio = statistics.median(m / b for m, b in zip(spent, floor, strict=True))
        print(f"{name:<40}{min(spent):>10,.0f}{ratio:>9.2f}")


def side_by_side(rounds: int = 9) -> None:
    """Print how much eight threads get through that sleep behind one wrapper."""

    def sleep(value: int) -> int:
        time.sleep(SLEEP_S)
        return value

    cases = {
        "nothing": sleep,
        "breaker, failures in a row": CircuitBreaker()(sleep),
        "breaker by seconds, slow calls": CircuitBreaker(
            window_time=10, slow_call_time=1
        )(sleep),
        "policy: all but a time-out": full_policy()(sleep),
        **installed(peers.BREAKERS, sleep, 5),
    }
    rates: dict[str, list[float]] = {name: [] for name in cases}
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(rounds):
            for name, function in cases.items():
                started = time.perf_counter()
                list(pool.map(function, range(THREADS * 20)))
                rates[name].append(THREADS * 20 / (time.perf_counter() - started))
    floor = rates["nothing"]
    print(f"\n{'8 threads, 5 ms each, through one':<40}{'calls/s':>10}{'share':>9}")
    for name, rate in rates.items():
        share = statistics.median(m / b for m, b in zip(rate, floor, strict=True))
        print(f"{name:<40}{statistics.median(rate):>10,.0f}{share:>9.0%}")


def bytes_each(make: Callable[[], object], count: int = 500) -> float:
    """Return the bytes that one of many keeps."""
    make()
    tracemalloc.start()
    kept = [make() for _ in range(count)]
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size / len(kept)


def used(make: Callable[[], CircuitBreaker], calls: int) -> CircuitBreaker:
    """Return a breaker after so many calls, of which every third failed."""
    breaker = make()
    for number in range(calls):
        with contextlib.suppress(OSError, CircuitBreakerError):
            breaker.call(int if number % 3 else fail, number)
    return breaker


def memory() -> None:
    """Print what a breaker keeps."""
    print(f"\n{'memory of a breaker':<40}{'bytes':>10}")
    kinds: dict[str, dict[str, Any]] = {
        "failures in a row": {},
        "by calls": {"failure_rate": 0.5},
        "by 100 calls": {"window_calls": 100},
        "by 1,000 calls": {"window_calls": 1_000},
        "by 100 calls, slow calls": {"window_calls": 100, "slow_call_time": 1},
        "by seconds": {"window_time": 10},
        "by seconds, slow calls": {"window_time": 10, "slow_call_time": 1},
    }
    for name, options in kinds.items():
        make = functools.partial(CircuitBreaker, **options)
        print(f"{name + ', new':<40}{bytes_each(make):>10,.0f}")
        old = bytes_each(functools.partial(used, make, 2_000), 50)
        print(f"{name + ', after 2,000 calls':<40}{old:>10,.0f}")


def main() -> None:
    """Measure and print all tables."""
    logging.getLogger("failwell.resilience").addHandler(logging.NullHandler())
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    success = {
        "empty wrapper": empty(answer),
        "bare function": answer,
        **ours(answer),
        "policy: all, time-out in a thread": full_policy(
            timeout=timeout(1, in_thread=True)
        )(answer),
        **installed(peers.BREAKERS, answer, 5),
        **installed(peers.RETRIES, answer),
    }
    awaited = {
        "empty async wrapper": empty_async(answer_async),
        **ours(answer_async),
        "policy: all, time-out": full_policy(timeout=1)(answer_async),
        **installed(peers.ASYNC_BREAKERS, answer_async, 5),
        **installed(peers.ASYNC_RETRIES, answer_async),
    }
    refusal = {
        "bare raise through an empty wrapper": swallowed(empty(refuse)),
        "the same of a RuntimeError": swallowed(empty(raise_plain)),
        "open breaker": opened(CircuitBreaker(1)(fail)),
        **{n: opened(f) for n, f in installed(peers.BREAKERS, fail, 1).items()},
    }
    failing = {
        "loop by hand": swallowed(by_hand(fail)),
        "retry": swallowed(retry(OSError, tries=3, delay=0)(fail)),
        **{n: swallowed(f) for n, f in installed(peers.RETRIES, fail).items()},
    }
    table("a call that succeeds", measure(success, rounds))
    table("the same, awaited", measure(awaited, rounds, batch_async))
    table("a call that is refused", measure(refusal, rounds))
    table("three attempts that fail, no delay", measure(failing, rounds))
    side_by_side()
    memory()


if __name__ == "__main__":
    main()
