"""What a type checker must see of `retry` and `CircuitBreaker`.

Compiled by mypy with `make check`, never run. Each `type: ignore` is an error that
must be found: mypy reports one that is not needed.
"""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, assert_type

from failwell.exceptions import CircuitBreakerError
from failwell.resilience import CircuitBreaker, CircuitState, retry
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
