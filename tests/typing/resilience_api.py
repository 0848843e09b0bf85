"""What a type checker must see of `retry` and `CircuitBreaker`.

Compiled by mypy with `make check`, never run. Each `type: ignore` is an error that
must be found: mypy reports one that is not needed.
"""

from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any, assert_type

from failwell.exceptions import CircuitBreakerError
from failwell.resilience import (
    Bulkhead,
    CircuitBreaker,
    CircuitOverride,
    CircuitState,
    Policy,
    RetryBudget,
    RetryDetails,
    deadline,
    fallback,
    rate_limit,
    remaining,
    retry,
    retrying,
    timeout,
)
from failwell.testing import ManualClock

breaker = CircuitBreaker(3, timedelta(minutes=1), 30, name="mail", clock=ManualClock())


@retry((OSError, TimeoutError), tries=5, delay=0.5, backoff=3, jitter=None)
@breaker
def fetch(url: str, *, limit: int = 10) -> bytes:
    """Stand for a call over the network."""
    return url.encode()[:limit]


@breaker
@retry(OSError, max_delay=timedelta(seconds=5), max_elapsed=60, clock=ManualClock())
async def send(address: str) -> int:
    """Stand for an awaited call."""
    return len(address)


class Gateway:
    """Methods are decorated too."""

    @breaker
    @retry(OSError)
    def call(self, number: int) -> str:
        """Stand for a method."""
        return str(number)


def log(line: str) -> None:
    """Stand for a logger."""


@retry(CircuitBreakerError, logger=log)
def refresh() -> None:
    """Stand for a call without a result."""


async def use() -> None:
    """Use them as their authors meant it."""
    assert_type(fetch("u", limit=3), bytes)
    assert_type(await send("a"), int)
    assert_type(Gateway().call(1), str)
    assert_type(breaker.state, CircuitState)
    assert_type(breaker.name, str)
    assert_type(breaker.failure_count, int)
    assert_type(breaker.rejected_count, int)
    assert_type(breaker.retry_after, float)
    get: Callable[[str], bytes] = fetch
    post: Callable[[str], Coroutine[Any, Any, int]] = send
    get("u")
    await post("a")
    refresh()


async def misuse() -> None:
    """Each line is refused."""
    fetch(1)  # type: ignore[arg-type]
    fetch("u", size=3)  # type: ignore[call-arg]
    await send()  # type: ignore[call-arg]
    Gateway().call("1")  # type: ignore[arg-type]
    breaker.name = "other"  # type: ignore[misc]
    retry("OSError")  # type: ignore[arg-type]
    retry(OSError, jitter="none")  # type: ignore[arg-type]
    CircuitBreaker("five")  # type: ignore[arg-type]


budget = RetryBudget(0.2, tokens=10, name="mail")
policy = Policy(
    "mail",
    fallback=fallback(b""),
    deadline=timedelta(seconds=5),
    retry=retry(OSError, budget=budget, when=bool),
    breaker=breaker,
    bulkhead=Bulkhead(10, max_wait=0.5),
    timeout=timeout(1, in_thread=True),
)


@policy
def download(url: str) -> bytes:
    """Stand for a call behind a policy."""
    return url.encode()


@rate_limit("10/second")
@deadline(5)
@timeout(1)
async def upload(data: bytes) -> int:
    """Stand for an awaited call behind strategies of its own."""
    return len(data)


@retry(OSError)
@breaker
def pages(count: int) -> Iterator[int]:
    """Stand for a generator."""
    yield from range(count)


async def use_more() -> None:
    """Use them as their authors meant it."""
    assert_type(download("u"), bytes)
    assert_type(await upload(b"a"), int)
    assert_type(pages(3), Iterator[int])
    assert_type(breaker.call(len, "abc"), int)
    assert_type(breaker.counters.failures, int)
    assert_type(breaker.override, CircuitOverride | None)
    assert_type(remaining(), float | None)
    for attempt in retrying(OSError, tries=3, before_sleep=tell):
        with attempt:
            assert_type(attempt.number, int)
    with breaker, Bulkhead(1), deadline(3):
        download(1)  # type: ignore[arg-type]
    retrying("OSError")  # type: ignore[arg-type]
    Policy("mail", retry=breaker)  # type: ignore[arg-type]
    breaker.listen(tell)  # type: ignore[arg-type]


def tell(details: RetryDetails) -> None:
    """Stand for a listener."""
    assert_type(details.wait_s, float)
