"""The wait that the other side asks for: an error's `retry_after`, an answer's header.

Owns how it is found in whatever an error or a result is, and refuses to fail at it.
"""

import math
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from failwell._clock import Clock


def asked_wait_s(source: object, clock: Clock) -> float:
    """Return the seconds that `source` asks to wait, 0.0 when it asks for none.

    Looked at, in this order: `retry_after` as seconds, a `timedelta` or a moment (naive:
    UTC); the header `Retry-After`, of `source` or of its `response`, as seconds or as a
    date (RFC 9110, section 10.2.3).

    Args:
        source: An error, or a result.
        clock: Its wall clock is what a date is compared to.
    """
    try:
        asked = getattr(source, "retry_after", None)
        if asked is None:
            # Not `or`: the response to a failed request is false in `requests`.
            response = getattr(source, "response", None)
            headers = getattr(source if response is None else response, "headers", None)
            if headers is None:
                return 0.0
            asked = headers.get("Retry-After")
        return 0.0 if asked is None else _seconds(asked, clock)
    except Exception:  # noqa: BLE001 - attributes of foreign objects; without an answer the wait is our own
        return 0.0


def _seconds(asked: object, clock: Clock) -> float:
    if isinstance(asked, timedelta):
        return _positive(asked.total_seconds())
    if isinstance(asked, str):
        text = asked.strip()
        if text.isdecimal():
            return _positive(float(text))
        asked = parsedate_to_datetime(text)
    if isinstance(asked, datetime):
        moment = asked if asked.tzinfo is not None else asked.replace(tzinfo=UTC)
        return _positive(moment.timestamp() - clock.now())
    return _positive(float(asked))  # type: ignore[arg-type] # anything else raises


def _positive(seconds: float) -> float:
    return seconds if 0 < seconds < math.inf else 0.0
