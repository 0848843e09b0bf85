"""Errors of clients of other services that nobody handled: redis, httpx, requests.

Owns which of them mean that a dependency is away or too slow. All others (a command that
redis refuses, a URL that is none) are faults of our own and stay unknown.
"""

import math
from collections.abc import Hashable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, cast

from failwell.exceptions import (
    AppError,
    DeadlineExceededError,
    ServiceUnavailableError,
)

_Name = tuple[str, str]

# By module and class name, so that no client has to be imported. Of an exception's
# ancestry the first class that stands here decides, for some time-outs of `requests` are
# errors of the connection, too, and to `httpx` an unknown protocol is one of transport.
_AWAY, _SLOW, _OURS, _ANSWERED = "away", "slow", "ours", "answered"
_MEANINGS: dict[_Name, str] = {
    ("redis.exceptions", "TimeoutError"): _SLOW,
    ("redis.exceptions", "ConnectionError"): _AWAY,
    ("redis.exceptions", "AuthenticationError"): _OURS,
    ("redis.exceptions", "AuthorizationError"): _OURS,
    ("redis.exceptions", "OutOfMemoryError"): _AWAY,
    ("redis.exceptions", "TryAgainError"): _AWAY,
    ("redis.exceptions", "ClusterDownError"): _AWAY,
    ("redis.exceptions", "ReadOnlyError"): _AWAY,
    ("httpx", "TimeoutException"): _SLOW,
    ("httpx", "UnsupportedProtocol"): _OURS,
    ("httpx", "LocalProtocolError"): _OURS,
    ("httpx", "TransportError"): _AWAY,
    ("httpx", "HTTPStatusError"): _ANSWERED,
    ("requests.exceptions", "ConnectTimeout"): _SLOW,
    ("requests.exceptions", "Timeout"): _SLOW,
    ("requests.exceptions", "RetryError"): _AWAY,
    ("requests.exceptions", "ConnectionError"): _AWAY,
    ("requests.exceptions", "ChunkedEncodingError"): _AWAY,
    ("requests.exceptions", "HTTPError"): _ANSWERED,
}
_TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS.value
_GATEWAY_TIMEOUT = HTTPStatus.GATEWAY_TIMEOUT.value
_FAULTS = range(500, 600)
_LONGEST_WAIT_S = 3600


def classify_dependency(error: BaseException) -> AppError | None:
    """Return what a client's error is answered with, None when it is no such error.

    Returns:
        `DeadlineExceededError` for a time-out; `ServiceUnavailableError` for a
        dependency that cannot be reached, or answered with 429 or 5xx, with its
        `Retry-After` in whole seconds of at most an hour.
    """
    meaning = _meaning(cast("Hashable", type(error)))
    if meaning == _SLOW:
        return DeadlineExceededError()
    if meaning == _AWAY:
        return ServiceUnavailableError()
    return (
        _from_answer(getattr(error, "response", None)) if meaning == _ANSWERED else None
    )


@lru_cache(maxsize=512)
def _meaning(kind: Hashable) -> str:
    ancestry = cast("type", kind).__mro__
    names = ((cls.__module__, cls.__name__) for cls in ancestry)
    return next((_MEANINGS[name] for name in names if name in _MEANINGS), _OURS)


def _from_answer(response: Any) -> AppError | None:  # noqa: ANN401 - of either client
    status = getattr(response, "status_code", 0)
    if status == _GATEWAY_TIMEOUT:
        return DeadlineExceededError()
    if status == _TOO_MANY or status in _FAULTS:
        return ServiceUnavailableError(retry_after=_wait(response))
    # A 4xx says that what we sent was wrong: our client cannot do anything about it.
    return None


def _wait(response: Any) -> float | None:  # noqa: ANN401 - as above
    text = str(response.headers.get("Retry-After", ""))
    try:
        seconds = float(text)
    except ValueError:
        # A date, or nothing.
        return None
    return min(seconds, _LONGEST_WAIT_S) if math.isfinite(seconds) else None
