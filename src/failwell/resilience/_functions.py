"""What is being decorated: its name, and how it is run.

Owns the refusal of what a decorator could not do right.
"""

import functools
import inspect
from collections.abc import Callable
from enum import Enum


class FunctionKind(Enum):
    """How a function is run."""

    CALLED = "a function"
    AWAITED = "a coroutine function"
    GENERATOR = "a generator function"
    ASYNC_GENERATOR = "an async generator function"


def qualified_name(function: object) -> str:
    """Return the qualified name, through `functools.partial` and callable objects."""
    function = _innermost(function)
    name = getattr(function, "__qualname__", None)
    return name if isinstance(name, str) else type(function).__qualname__


def full_name(function: object) -> str:
    """Return `module:qualname`, the name that finds the function's source."""
    module = getattr(_innermost(function), "__module__", None) or "?"
    return f"{module}:{qualified_name(function)}"


def kind_of(function: object, decorator: str) -> FunctionKind:
    """Return how `function` is run.

    Args:
        function: What is being decorated.
        decorator: The decorator's name, for the message.

    Raises:
        TypeError: It cannot be called.
    """
    if isinstance(function, (staticmethod, classmethod)):
        kind = type(function).__name__
        message = f"{decorator} is above @{kind}: put it below, next to the function"
        raise TypeError(message)
    if not callable(function):
        message = f"{decorator} decorates functions; this is {function!r}"
        raise TypeError(message)
    for tells, kind_found in _KINDS:
        if _matches(function, tells):
            return kind_found
    return FunctionKind.CALLED


def is_awaited(function: object, decorator: str) -> bool:
    """Return whether calling `function` gives a coroutine.

    Raises:
        TypeError: It cannot be called, or it is a generator function: that returns
            before its body has begun, so a decorator round the call would see no
            failure at all and would silently never act.
    """
    kind = kind_of(function, decorator)
    if kind in {FunctionKind.GENERATOR, FunctionKind.ASYNC_GENERATOR}:
        message = (
            f"{decorator} cannot decorate the generator function "
            f"{full_name(function)}: its body runs after the call has returned; "
            "decorate the function that consumes it"
        )
        raise TypeError(message)
    return kind is FunctionKind.AWAITED


_KINDS: tuple[tuple[Callable[[object], bool], FunctionKind], ...] = (
    (inspect.iscoroutinefunction, FunctionKind.AWAITED),
    (inspect.isgeneratorfunction, FunctionKind.GENERATOR),
    (inspect.isasyncgenfunction, FunctionKind.ASYNC_GENERATOR),
)


def _innermost(function: object) -> object:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _matches(function: object, tells: Callable[[object], bool]) -> bool:
    # An object with an `async def __call__` is awaited as much as a function is.
    call = getattr(type(_innermost(function)), "__call__", None)  # noqa: B004 - what is looked at is the method, not whether there is one
    return tells(function) or tells(call)
