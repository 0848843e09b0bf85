"""What is being decorated: its name, and whether it is called or awaited.

Owns the refusal of what a decorator could not do right.
"""

import functools
import inspect
from collections.abc import Callable


def qualified_name(function: object) -> str:
    """Return the qualified name, through `functools.partial` and callable objects."""
    function = _innermost(function)
    name = getattr(function, "__qualname__", None)
    return name if isinstance(name, str) else type(function).__qualname__


def full_name(function: object) -> str:
    """Return `module:qualname`, the name that finds the function's source."""
    module = getattr(_innermost(function), "__module__", None) or "?"
    return f"{module}:{qualified_name(function)}"


def is_awaited(function: object, decorator: str) -> bool:
    """Return whether calling `function` gives a coroutine.

    Args:
        function: What is being decorated.
        decorator: The decorator's name, for the message.

    Raises:
        TypeError: It cannot be called, or it is a generator function: that returns
            before its body has begun, so a decorator round the call would see no
            failure at all and would silently never act.
    """
    if isinstance(function, (staticmethod, classmethod)):
        kind = type(function).__name__
        message = f"{decorator} is above @{kind}: put it below, next to the function"
        raise TypeError(message)
    if not callable(function):
        message = f"{decorator} decorates functions; this is {function!r}"
        raise TypeError(message)
    if _matches(function, inspect.isgeneratorfunction, inspect.isasyncgenfunction):
        message = (
            f"{decorator} cannot decorate the generator function "
            f"{full_name(function)}: its body runs after the call has returned; "
            "decorate the function that consumes it"
        )
        raise TypeError(message)
    return _matches(function, inspect.iscoroutinefunction)


def _innermost(function: object) -> object:
    while isinstance(function, functools.partial):
        function = function.func
    return function


def _matches(function: object, *predicates: Callable[[object], bool]) -> bool:
    # An object with an `async def __call__` is awaited as much as a function is.
    call = getattr(type(_innermost(function)), "__call__", None)  # noqa: B004 - what is looked at is the method, not whether there is one
    return any(matches(function) or matches(call) for matches in predicates)
