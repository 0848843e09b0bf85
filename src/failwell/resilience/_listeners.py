"""Calls of the user's own functions, which must not change what a caller gets.

Owns who listens to everything in this room, and what happens when a listener or a
predicate fails: one line in the log.
"""

import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from failwell.resilience._checks import predicate

log = logging.getLogger("failwell.resilience")

Listener = Callable[[Any], object]

EVERYTHING: list[Listener] = []
"""Who listens to everything."""


def listen(listener: Listener) -> Callable[[], None]:
    """Have `listener` called with all there is to tell.

    That is each `CircuitChange`, `RetryDetails` and `CallRefused` in this process.

    It is called on the thread of the call, with no lock held; what it raises is logged.

    Returns:
        A function that ends it.

    Raises:
        TypeError: It cannot be called.
    """
    if predicate("listener", listener) is None:
        message = "listener is None; allowed: a function of one argument"
        raise TypeError(message)
    EVERYTHING.append(listener)

    def end() -> None:
        EVERYTHING[:] = [other for other in EVERYTHING if other is not listener]

    return end


def tell(listeners: Iterable[Listener], detail: object, what: str) -> None:
    """Call each listener and those to everything; log what one raises, and go on.

    Args:
        listeners: The user's functions.
        detail: What they get.
        what: Whose listeners they are, for the line.
    """
    # A copy: each may begin or end another.
    for listener in (*listeners, *EVERYTHING):
        try:
            listener(detail)
        except Exception:  # noqa: BLE001 - a listener must not end what it is told of
            write(logging.WARNING, "%s failed", what, exc_info=True)


def ask(predicate: Callable[[Any], object], value: object, what: str) -> bool:
    """Return what a predicate says; False, and a line, where it raises."""
    try:
        return bool(predicate(value))
    except Exception:  # noqa: BLE001 - the call itself went as it went
        write(logging.WARNING, "%s failed", what, exc_info=True)
        return False


def write(
    level: int,
    line: str,
    *args: object,
    exc_info: bool = False,
    extra: Mapping[str, object] | None = None,
) -> None:
    """Write a line of the room's log, whatever the log does."""
    # A broken log must not change what the caller gets, and there is no other log to
    # say so in.
    with contextlib.suppress(Exception):
        log.log(level, line, *args, exc_info=exc_info, extra=extra)
