"""What can be decorated: how it is called in errors and lines, and what is refused."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from failwell.resilience import (
    Bulkhead,
    CircuitBreaker,
    Policy,
    deadline,
    fallback,
    rate_limit,
    retry,
    timeout,
)
from failwell.testing import ManualClock


class _Client:
    """Can be called and awaited."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, text: str) -> str:
        """Fail once, then answer."""
        self.calls += 1
        if self.calls == 1:
            raise OSError
        return text


def _items() -> Iterator[int]:
    yield 1


async def _items_async() -> AsyncIterator[int]:
    """Give one."""
    yield 1


@pytest.mark.parametrize(
    "decorate",
    [
        Bulkhead(1),
        deadline(1),
        fallback(0),
        rate_limit("1/second"),
        timeout(1, in_thread=True),
        Policy("refuses-generators"),
    ],
    ids=lambda decorate: type(decorate).__name__,
)
@pytest.mark.parametrize("function", [_items, _items_async])
def test_a_generator_function_is_refused_by_what_would_never_act(
    decorate: Any,  # noqa: ANN401 - a decorator
    function: Callable[..., object],
) -> None:
    """Its body runs after the call; the message names it, and what to decorate."""
    with pytest.raises(TypeError, match=r"generator function .*:_items.*consumes it"):
        decorate(function)


def test_an_awaited_object_in_a_partial_is_awaited() -> None:
    """However deep it is wrapped, the decorators see what it is."""
    clock = ManualClock()
    client = _Client()
    call = functools.partial(functools.partial(client), "answer")
    again = retry(OSError, clock=clock)(CircuitBreaker()(Bulkhead(1)(call)))

    assert asyncio.run(again()) == "answer"
    assert len(clock.sleeps) == 1


class _Plain:
    """Can be called."""

    def __call__(self) -> None:
        """Do nothing."""


def _plain() -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (_plain, f"{__name__}:_plain"),
        (functools.partial(functools.partial(_plain)), f"{__name__}:_plain"),
        (_Plain(), f"{__name__}:_Plain"),
        ({}.__getitem__, r"\?:dict\.__getitem__"),
    ],
    ids=["function", "partial", "object", "without a module"],
)
def test_a_function_is_called_by_the_name_that_finds_it(
    function: Callable[..., object], name: str
) -> None:
    """Through partials and objects; what has no module is named all the same."""
    with pytest.raises(TypeError, match=f"cannot stop {name}, which"):
        timeout(1)(function)
