"""Parameters checked at decoration: which one, what was given, what is allowed.

Owns what counts as a whole number, a number and a duration. A bool is none of them.
"""

import math
import reprlib
from datetime import timedelta

Seconds = float | timedelta
"""A duration at the surface; inside it is a float whose name ends in `_s`."""


def wrong_value(name: str, value: object, allowed: str) -> ValueError:
    """Return the error for a value that is not allowed."""
    return ValueError(f"{name} is {reprlib.repr(value)}; allowed: {allowed}")


def wrong_type(name: str, value: object, allowed: str) -> TypeError:
    """Return the error for something of another kind."""
    return TypeError(f"{name} is {reprlib.repr(value)}; allowed: {allowed}")


def whole_number(name: str, value: object, *, lowest: int) -> int:
    """Return `value` if it is an int of at least `lowest`.

    Raises:
        TypeError: It is no int.
        ValueError: It is below `lowest`.
    """
    allowed = f"a whole number from {lowest}"
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(name, value, allowed)
    if value < lowest:
        raise wrong_value(name, value, allowed)
    return value


def number_above_zero(name: str, value: object) -> float:
    """Return `value` as a float if it is finite and above 0.

    Raises:
        TypeError: It is no number.
        ValueError: It is 0 or less, infinite or not a number.
    """
    return _above_zero(name, value, _finite(name, value, "a number above 0"))


def duration(name: str, value: object) -> float:
    """Return a duration of 0 seconds or more, in seconds.

    Raises:
        TypeError: It is neither a number nor a `timedelta`.
        ValueError: It is negative, infinite or not a number.
    """
    allowed = "seconds from 0, as a number or a timedelta"
    seconds = _finite(name, _in_seconds(value), allowed)
    if seconds < 0:
        raise wrong_value(name, value, allowed)
    return seconds


def duration_above_zero(name: str, value: object) -> float:
    """Return a duration of more than 0 seconds, in seconds.

    Raises:
        TypeError: It is neither a number nor a `timedelta`.
        ValueError: It is 0 or less, infinite or not a number.
    """
    return _above_zero(name, value, duration(name, value))


def _above_zero(name: str, value: object, number: float) -> float:
    if number <= 0:
        raise wrong_value(name, value, "more than 0")
    return number


def _in_seconds(value: object) -> object:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _finite(name: str, value: object, allowed: str) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise wrong_type(name, value, allowed)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise wrong_value(name, value, f"{allowed}, finite")
    return number
