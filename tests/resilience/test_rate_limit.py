"""Rate limits: a library counts, ours refuses, and a storage that is away refuses nobody."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from failwell.exceptions import RateLimitedError
from failwell.resilience import rate_limit, retry
from failwell.testing import ManualClock, resilience_off


def test_calls_beyond_the_limit_are_refused() -> None:
    """With the seconds until one is allowed; what was refused does not count."""
    call = rate_limit("2/hour", name="rate-mail")(lambda: "answer")

    answers = [call(), call()]
    with pytest.raises(RateLimitedError) as refused:
        call()

    assert answers == ["answer"] * 2
    assert (refused.value.code, refused.value.status_code) == ("RATE_LIMITED", 429)
    assert refused.value.limiter == "rate-mail"
    assert 3590 < (refused.value.retry_after or 0) <= 3600
    assert int(dict(refused.value.headers)["Retry-After"]) <= 3600


def test_a_short_wait_is_told_as_it_is() -> None:
    """Less than a second is no whole one."""
    call = rate_limit("1/second", name="rate-short")(int)

    def exhaust() -> None:
        while True:
            call()

    with pytest.raises(RateLimitedError) as refused:
        exhaust()

    assert 0 <= (refused.value.retry_after or 0) < 1


def test_functions_share_a_limit() -> None:
    """Of both kinds; it is named after the first of them."""
    limit = rate_limit("2/hour")

    async def awaited() -> str:
        """Answer."""
        return "awaited"

    call, other = limit(int), limit(awaited)

    assert (call(), asyncio.run(other())) == (0, "awaited")
    with pytest.raises(RateLimitedError, match="Rate limit int is used up"):
        asyncio.run(other())
    with resilience_off():
        assert call() == 0


def test_a_retry_waits_as_long_as_it_must() -> None:
    """Within the longest wait that it allows."""
    clock = ManualClock()
    call = rate_limit("1/hour")(int)
    call()

    with pytest.raises(RateLimitedError):
        retry(RateLimitedError, tries=2, max_delay=5, clock=clock)(call)()

    assert clock.sleeps == [5]


def test_a_storage_that_is_away_refuses_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Calls go through, and a line says that nobody counts."""
    address = "redis://127.0.0.1:9/0?socket_connect_timeout=1"
    call = rate_limit("1/hour", storage=address, name="rate-away")(lambda: "answer")

    assert [call(), call()] == ["answer"] * 2
    assert "rate limit rate-away cannot be counted; calls go through" in caplog.text
    assert "ConnectionError" in caplog.text


def test_without_the_library_it_says_what_to_install() -> None:
    """The extra is named; nothing else of the room needs it."""
    program = (
        "import sys; sys.modules['limits'] = None\n"
        "from failwell.resilience import rate_limit, retry\n"
        "retry(OSError)(int)()\n"
        "try: rate_limit('1/hour')\n"
        "except ModuleNotFoundError as error: print(error)"
    )

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert 'pip install "failwell[limits]"' in run.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limit": "often"}, "limit is 'often'; allowed: a count and a time"),
        ({"limit": ""}, "limit is ''"),
        ({"limit": "1/hour", "name": "\n"}, "name is"),
    ],
    ids=repr,
)
def test_a_bad_option_is_refused(options: dict[str, Any], words: str) -> None:
    """The message names it."""
    with pytest.raises(ValueError, match=words):
        rate_limit(**options)
