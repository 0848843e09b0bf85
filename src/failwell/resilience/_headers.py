"""A deadline between services: what is left of it, as the text of a header.

Owns the form: seconds with up to three decimals. Which header it stands in, and whether
a caller may set it, the application says.
"""

import math

from failwell.resilience._checks import Seconds, duration_above_zero
from failwell.resilience._deadline import check_deadline, remaining

TIMEOUT_HEADER = "X-Request-Timeout"
"""Where it stands, unless told otherwise."""

_LONGEST_TEXT = 20


def parse_timeout(text: str | None, *, longest: Seconds = 300) -> float | None:
    """Return the seconds that a caller gives, None where it gives none that can be read.

    A caller says how long it will wait for the answer; what takes longer is done for
    nobody. Take it only from callers that may shorten your work:
    `with deadline(parse_timeout(request.headers.get("X-Request-Timeout")) or 30):`.

    Args:
        text: The header's value: seconds, such as `1.5`.
        longest: What is allowed at most, in seconds above 0; default 300.

    Raises:
        TypeError: `longest` is of the wrong kind.
        ValueError: `longest` is not above 0.
    """
    longest_s = duration_above_zero("longest", longest)
    if text is None or len(text) > _LONGEST_TEXT:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return None
    return min(seconds, longest_s) if 0 < seconds < math.inf else None


def format_timeout() -> str | None:
    """Return what is left of the deadline for a header, None without a deadline.

    Raises:
        DeadlineExceededError: It has passed; do not send.
    """
    check_deadline()
    left = remaining()
    # Rounded down, so that the other side does not believe to have more time.
    return None if left is None else f"{math.floor(left * 1000) / 1000:.3f}"
