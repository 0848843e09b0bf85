"""`Retry-After` as HTTP has it, from any wait that Python has (RFC 9110, section 10.2.3).

Refuses to fail: what is no wait is not sent.
"""

import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime


def retry_after_of(wait: object) -> str | None:
    """Return whole seconds, rounded up and never negative, or a date; None for none.

    Args:
        wait: Seconds, a `timedelta`, a moment (naive: UTC), or a text with seconds or
            with a date as HTTP writes it.
    """
    if isinstance(wait, datetime):
        zone = wait.tzinfo or UTC
        return format_datetime(wait.replace(tzinfo=zone).astimezone(UTC), usegmt=True)
    if isinstance(wait, str) and _is_date(wait):
        return wait
    seconds = wait.total_seconds() if isinstance(wait, timedelta) else wait
    try:
        return str(max(0, math.ceil(float(seconds))))  # type: ignore[arg-type] # anything
    except (TypeError, ValueError, OverflowError):
        return None


def _is_date(text: str) -> bool:
    try:
        parsedate_to_datetime(text)
    except ValueError:
        return False
    return text.endswith("GMT")
