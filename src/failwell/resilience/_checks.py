"""Parameters checked at decoration: which one, what was given, what is allowed.

Owns what counts as a whole number, a number, a share, a duration, a name, a predicate and
a set of errors. A bool is no number.
"""

import inspect
import math
import reprlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

Seconds = float | timedelta
"""A duration at the surface; inside it is a float whose name ends in `_s`."""

ErrorClasses = type[BaseException] | Iterable[type[BaseException]]
"""One exception class, or several, at the surface."""

_LONGEST_NAME = 200


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


def share(name: str, value: object) -> float:
    """Return `value` if it is above 0 and at most 1.

    Raises:
        TypeError: It is no number.
        ValueError: It is outside of that range.
    """
    allowed = "a share above 0 and up to 1, such as 0.5"
    number = _finite(name, value, allowed)
    if not 0 < number <= 1:
        raise wrong_value(name, value, allowed)
    return number


def predicate(name: str, value: object) -> Callable[[Any], object] | None:
    """Return `value` if it is None or a function to ask, which must not be awaited.

    Raises:
        TypeError: It is anything else.
    """
    if value is None:
        return None
    if not callable(value) or inspect.iscoroutinefunction(value):
        raise wrong_type(name, value, "a function of one argument, not a coroutine's")
    return value


def text(name: str, value: object) -> str:
    """Return `value` if it may name something in answers and log lines.

    Raises:
        TypeError: It is no text.
        ValueError: It is empty, longer than 200 characters, or not printable.
    """
    allowed = f"a text of 1 to {_LONGEST_NAME} printable characters"
    if not isinstance(value, str):
        raise wrong_type(name, value, allowed)
    if not value or not value.isprintable() or len(value) > _LONGEST_NAME:
        raise wrong_value(name, value, allowed)
    return value


def error_classes(
    name: str, value: object, *, may_be_empty: bool = False
) -> tuple[type[BaseException], ...]:
    """Return one exception class, or several, as a tuple.

    Raises:
        TypeError: Something in it is no exception class.
        ValueError: It is empty.
    """
    allowed = "an exception class, or a tuple of them, such as (OSError, TimeoutError)"
    if isinstance(value, type) or not isinstance(value, Iterable):
        given: tuple[object, ...] = (value,)
    else:
        given = tuple(value)
    if not given and not may_be_empty:
        raise wrong_value(name, value, allowed)
    classes = tuple(
        e for e in given if isinstance(e, type) and issubclass(e, BaseException)
    )
    if len(classes) < len(given):
        raise wrong_type(name, value, allowed)
    return classes


def at_least_one(name: str, value: object) -> float:
    """Return `value` as a float if it is finite and at least 1.

    Raises:
        TypeError: It is no number.
        ValueError: It is below 1, infinite or not a number.
    """
    allowed = "a number from 1"
    number = _finite(name, value, allowed)
    if number < 1:
        raise wrong_value(name, value, allowed)
    return number
