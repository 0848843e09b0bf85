"""Cleanup: what a failed step left behind is undone.

Owns the order of compensations and the promise that all of them run. Refuses to hide
the failure that made them necessary.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple, ParamSpec, Self, cast

from failwell.responses._validation._asides import record_aside

P = ParamSpec("P")


class _Step(NamedTuple):
    function: Callable[..., object]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def run(self) -> object:
        return self.function(*self.args, **self.kwargs)


class Undo:
    """A stack of compensations that run when the block around them fails.

        with Undo() as undo:
            room = book_room()
            undo.push(cancel_room, room)
            send_invitations(room)

    When the block ends by any exception, also `KeyboardInterrupt`, every compensation
    that was pushed is called, the last one first, and the exception goes on unchanged.
    When it ends well, none is called. A compensation that fails stops no other: its
    error is recorded by the current application's failwell, or else logged as
    `failwell`. One that raises outside of `Exception`, such as `KeyboardInterrupt`,
    stops no other either, and goes on in place of the exception.

    With `async with`, compensations may be coroutine functions, and are awaited.
    """

    def __init__(self) -> None:
        self._steps: list[_Step] = []
        self._open: str | None = None

    def push(
        self, function: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs
    ) -> None:
        """Remember to call `function` with these arguments if the block fails.

        Raises:
            RuntimeError: The block has not begun, or is over: nothing would call it.
            TypeError: It cannot be called, or must be awaited and the block is no
                `async with`.
        """
        if self._open is None:
            message = (
                "push() outside of the block: use `with Undo() as undo:` around it"
            )
            raise RuntimeError(message)
        if not callable(cast("object", function)):
            message = f"push() takes a function and its arguments, not {function!r}"
            raise TypeError(message)
        if self._open == "with" and inspect.iscoroutinefunction(function):
            message = "push() of a coroutine function: use `async with Undo() as undo:`"
            raise TypeError(message)
        self._steps.append(_Step(function, args, kwargs))

    def __enter__(self) -> Self:
        return self._begin("with")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        interruptions: list[BaseException] = []
        for step in self._end(failed=kind is not None):
            with _guarded(step, interruptions):
                _refuse_awaitable(step.run())
        _raise_last(interruptions)

    async def __aenter__(self) -> Self:
        return self._begin("async with")

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        interruptions: list[BaseException] = []
        for step in self._end(failed=kind is not None):
            with _guarded(step, interruptions):
                result = step.run()
                if inspect.isawaitable(result):
                    await cast("Awaitable[object]", result)
        _raise_last(interruptions)

    def _begin(self, how: str) -> Self:
        if self._open is not None:
            message = "This Undo is in use: make one for each block"
            raise RuntimeError(message)
        self._open = how
        return self

    def _end(self, *, failed: bool) -> list[_Step]:
        steps, self._steps, self._open = self._steps, [], None
        return steps[::-1] if failed else []


def _refuse_awaitable(result: object) -> None:
    if inspect.iscoroutine(result):
        result.close()
        message = "A compensation must be awaited: use `async with Undo() as undo:`"
        raise TypeError(message)


@contextmanager
def _guarded(step: _Step, interruptions: list[BaseException]) -> Iterator[None]:
    try:
        yield
    except Exception as failure:  # noqa: BLE001 - the other compensations must run as well
        name = getattr(step.function, "__qualname__", type(step.function).__qualname__)
        record_aside(failure, "INTERNAL_ERROR", f"{name} failed to undo its step")
    except BaseException as interruption:  # noqa: BLE001 - as above; raised when all have run
        interruptions.append(interruption)


def _raise_last(interruptions: list[BaseException]) -> None:
    if interruptions:
        raise interruptions[-1]
