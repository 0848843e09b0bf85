"""Generators that are driven on behalf of their consumer.

Owns that a consumer cannot tell the difference: what it sends, throws and closes arrives
in the generator. How the first item is come by, and what surrounds each step, a driver
says.
"""

import contextlib
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Protocol

END = object()
"""What an empty generator's first item is."""


class Stepped(Generator[Any, Any, Any]):
    """A generator whose first item is known, or whose steps are surrounded.

    For `yield from`.

    Args:
        generator: What is driven.
        first: Its first item where that has been taken: it is given out again.
        around: Entered for each step.
    """

    def __init__(
        self,
        generator: Generator[Any, Any, Any],
        *,
        first: object = END,
        around: Callable[[], AbstractContextManager[object]] = contextlib.nullcontext,
    ) -> None:
        self._generator = generator
        self._around = around
        self._first = first

    def send(self, value: object) -> Any:  # noqa: ANN401 - whatever it yields
        """Give the first item out again, or send `value` on."""
        if self._first is not END:
            first, self._first = self._first, END
            return first
        with self._around():
            return self._generator.send(value)

    def throw(self, *error: Any) -> Any:  # noqa: ANN401 - as a generator's
        """Throw it into the generator."""
        with self._around():
            return self._generator.throw(*error)


class Driver(Protocol):
    """What surrounds one async generator; a context manager around all of it."""

    def __enter__(self) -> object:
        """Begin, at the consumer's first step."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """End, however it ends."""

    async def first(
        self, make: Callable[[], AsyncGenerator[Any, Any]]
    ) -> tuple[AsyncGenerator[Any, Any], Any]:
        """Return a generator and its first item, END where it has none."""

    def step(self) -> AbstractContextManager[object]:
        """Return what surrounds a later step."""


def driven(
    function: Callable[..., AsyncGenerator[Any, Any]], driver: Callable[[], Driver]
) -> Callable[..., AsyncGenerator[Any, Any]]:
    """Return an async generator function that drives those of `function`.

    Args:
        function: An async generator function.
        driver: Makes a driver for each generator.
    """

    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:  # noqa: ANN401 - whatever the function takes
        with (drive := driver()):
            generator, item = await drive.first(lambda: function(*args, **kwargs))
            try:
                while item is not END:
                    try:
                        sent = yield item
                    except GeneratorExit:
                        raise
                    except BaseException as error:  # noqa: BLE001 - whatever is thrown in goes on to it
                        with drive.step():
                            item = await generator.athrow(error)
                    else:
                        with drive.step():
                            item = await generator.asend(sent)
            except StopAsyncIteration:
                return
            finally:
                await generator.aclose()

    return wrapper
