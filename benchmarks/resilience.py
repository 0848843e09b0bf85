"""What `retry` and `CircuitBreaker` cost a call, against an empty wrapper.

Each round times a batch of every case, one after the other, so that a noisy neighbour
hits all of them alike; the figure is the median over the rounds of each case's time
divided by that of the empty `functools.wraps` wrapper in the same round. Run it with
`python benchmarks/resilience.py [rounds]`.
"""

import functools
import gc
import logging
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from failwell.exceptions import CircuitBreakerError
from failwell.resilience import CircuitBreaker, retry

BATCH = 10_000
ROUNDS = 60

Call = Callable[[int], Any]


def answer(value: int) -> int:
    """Return the argument: the function that is wrapped."""
    return value


def empty(function: Call) -> Call:
    """Wrap `function` in nothing: the floor of any decorator."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever it returns
        return function(*args, **kwargs)

    return wrapper


def refuse(value: int) -> int:
    """Raise what an open circuit raises."""
    message = "refused"
    raise CircuitBreakerError(message, value)


def swallow(function: Call) -> Call:
    """Call `function` and catch the refusal, as a caller does."""

    def wrapper(value: int) -> None:
        try:
            function(value)
        except CircuitBreakerError:
            return

    return wrapper


def open_circuit() -> Call:
    """Return a function behind an open circuit."""
    breaker = CircuitBreaker(1)

    @breaker
    def fail(value: int) -> None:
        raise OSError(value)

    try:
        fail(0)
    except OSError:
        return fail
    raise AssertionError


def batch_ns(function: Call, calls: int) -> float:
    """Return the nanoseconds of one call, over a batch."""
    started = time.thread_time_ns()
    for value in range(calls):
        function(value)
    return (time.thread_time_ns() - started) / calls


def measure(cases: dict[str, Call], rounds: int, calls: int) -> dict[str, list[float]]:
    """Time every case once a round, in turn."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, function in cases.items():
                times[name].append(batch_ns(function, calls))
    finally:
        gc.enable()
    return times


def table(title: str, times: dict[str, list[float]], floor: str) -> None:
    """Print minimum and median ratio of each case."""
    print(f"\n{title:<36}{'min ns':>9}{'ratio':>8}")
    for name, spent in times.items():
        pairs = zip(spent, times[floor], strict=True)
        ratio = statistics.median(mine / base for mine, base in pairs)
        print(f"{name:<36}{min(spent):>9.0f}{ratio:>8.2f}")


def main() -> None:
    """Measure and print both tables."""
    logging.getLogger("failwell.resilience").addHandler(logging.NullHandler())
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    success = {
        "bare function": answer,
        "empty wrapper": empty(answer),
        "retry": retry(OSError)(answer),
        "retry with max_elapsed": retry(OSError, max_elapsed=9)(answer),
        "CircuitBreaker": CircuitBreaker()(answer),
        "retry over CircuitBreaker": retry(OSError)(CircuitBreaker()(answer)),
        "empty over empty": empty(empty(answer)),
    }
    refusal = {
        "raise through an empty wrapper": swallow(empty(refuse)),
        "open CircuitBreaker": swallow(open_circuit()),
    }
    table("success", measure(success, rounds, BATCH), "empty wrapper")
    table(
        "refusal",
        measure(refusal, rounds, BATCH // 10),
        "raise through an empty wrapper",
    )


if __name__ == "__main__":
    main()
