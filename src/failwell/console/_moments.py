"""Times as visitors write them: until when something is silent."""

import re
from datetime import datetime, timedelta

UNTIL_SAID = "a time in ISO 8601, or a span such as 30min, 2h, 7d, 4w"
_SPAN = re.compile(r"(\d{1,4})\s*(min|h|d|w)", re.ASCII)
_UNITS = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def read_until(text: str | None, now: datetime) -> datetime | None:
    """Return the time that a text means; None where there is none.

    Raises:
        ValueError: It means none; says what is allowed.
    """
    if not text:
        return None
    span = _SPAN.fullmatch(text.strip())
    if span is not None:
        return now + timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        message = f"until is {text!r}; allowed: {UNTIL_SAID}"
        raise ValueError(message) from error
