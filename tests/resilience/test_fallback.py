"""Fallbacks: what stands in, for which errors, and how old it may be."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from failwell.exceptions import (
    CircuitBreakerError,
    NotFoundError,
    RateLimitedError,
    ServiceUnavailableError,
)
from failwell.resilience import fallback
from failwell.testing import ManualClock, resilience_off


class _Source:
    """A function that fails when it is told to."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.calls = 0

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Answer with how often it was called, and with what."""
        self.calls += 1
        if self.error is not None:
            raise self.error
        return self.calls, args, kwargs


@pytest.fixture
def source() -> _Source:
    """A function that answers."""
    return _Source()


def _both(strategy: Any, function: Callable[..., Any]) -> list[Callable[..., Any]]:  # noqa: ANN401 - a decorator
    async def awaited(*args: object, **kwargs: object) -> object:
        """Call it."""
        return function(*args, **kwargs)

    wrapped = strategy(awaited)
    return [strategy(function), lambda *a, **k: asyncio.run(wrapped(*a, **k))]


@pytest.mark.parametrize("value", [[], None, 0])
def test_a_value_stands_in(value: object, source: _Source) -> None:
    """Any value, None too; a call that succeeds returns its own result."""
    for call in _both(fallback(value), source):
        source.error = None
        assert call() != value
        source.error = OSError()
        assert call() is value


def test_what_is_computed_stands_in(source: _Source) -> None:
    """From the error; a coroutine function may compute for a coroutine function."""
    source.error = OSError("gone")

    async def compute(error: Exception) -> str:
        """Say it."""
        return f"awaited {error}"

    call, awaited = _both(fallback(compute=str), source)
    with_coroutine = fallback(compute=compute)(_both_async(source))

    assert (call(), awaited()) == ("gone", "gone")
    assert asyncio.run(with_coroutine()) == "awaited gone"
    with pytest.raises(TypeError, match="compute is"):
        fallback(compute=compute)(source)


def _both_async(function: Callable[..., Any]) -> Callable[..., Any]:
    async def awaited() -> object:
        """Call it."""
        return function()

    return awaited


def test_what_computing_raises_comes_out(source: _Source) -> None:
    """With the error that it stood in for as its context."""
    source.error = first = OSError()

    def broken(error: Exception) -> None:
        raise KeyError

    for call in _both(fallback(compute=broken), source):
        with pytest.raises(KeyError) as caught:
            call()
        assert caught.value.__context__ is first


def test_the_last_good_result_stands_in_while_it_is_young(source: _Source) -> None:
    """For the same arguments, and no longer than it may."""
    clock = ManualClock()
    for call in _both(fallback(last_good=60, clock=clock), source):
        source.error = None
        good = call(1, b=2)
        source.error = OSError()
        clock.advance(60)
        assert call(1, b=2) == good
        for others in ((2,), (1,)):
            with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
                call(*others)
        clock.advance(0.001)
        with pytest.raises(OSError):  # noqa: PT011 - as above
            call(1, b=2)


def test_it_comes_before_the_value(source: _Source) -> None:
    """Which stands in where there is nothing good, or nothing any more."""
    clock = ManualClock()
    call = fallback("value", last_good=60, clock=clock)(source)
    source.error = OSError()
    first = call()
    source.error = None
    good = call()
    source.error = OSError()
    second = call()
    clock.advance(61)

    assert (first, second, call()) == ("value", good, "value")


def test_it_comes_before_what_is_computed(source: _Source) -> None:
    """Of three that could stand in, that which was true; then what is made for the error."""
    clock = ManualClock()
    call = fallback("value", compute=str, last_good=60, clock=clock)(source)
    good = call()
    source.error = OSError("gone")
    kept = call()
    clock.advance(61)

    assert (kept, call()) == (good, "gone")


def test_so_many_results_are_kept(source: _Source) -> None:
    """Those used last; arguments that cannot be hashed have none."""
    call = fallback("value", last_good=60, max_kept=2)(source)
    for key in (1, 2, 1, 3):
        call(key)
    listed = call([])
    source.error = OSError()

    kept = [call(key) != "value" for key in (1, 2, 3)]

    assert kept == [True, False, True]
    assert listed != "value"
    assert call([]) == "value"


@pytest.mark.parametrize(
    ("exceptions", "error", "stands_in"),
    [
        (Exception, ServiceUnavailableError(), True),
        (Exception, CircuitBreakerError("mail"), True),
        (Exception, RateLimitedError("mail"), True),
        (Exception, NotFoundError("Room", 1), False),
        (NotFoundError, NotFoundError("Room", 1), True),
        (OSError, KeyError(), False),
        (BaseException, KeyboardInterrupt(), False),
        ((Exception, KeyboardInterrupt), KeyboardInterrupt(), True),
    ],
    ids=repr,
)
def test_which_errors_it_stands_in_for(
    exceptions: Any,  # noqa: ANN401 - classes
    error: BaseException,
    *,
    stands_in: bool,
    source: _Source,
) -> None:
    """Not for the caller's own mistakes, nor for the end of the program."""
    source.error = error
    for call in _both(fallback("value", exceptions=exceptions), source):
        if stands_in:
            assert call() == "value"
        else:
            with pytest.raises(type(error)) as caught:
                call()
            assert caught.value is error


def test_it_is_off_in_a_test_that_says_so(source: _Source) -> None:
    """The error is what that test wants to see."""
    source.error = OSError()

    with resilience_off(), pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        fallback("value")(source)()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "fallback needs what stands in"),
        ({"compute": 5}, "compute is 5"),
        ({"last_good": 0}, "last_good is 0"),
        ({"value": 1, "max_kept": 0}, "max_kept is 0"),
        ({"value": 1, "exceptions": ()}, "exceptions is"),
    ],
    ids=repr,
)
def test_a_bad_option_is_refused(options: dict[str, Any], words: str) -> None:
    """The message names it."""
    with pytest.raises((ValueError, TypeError), match=words):
        fallback(**options)
