"""From a hook to the recorder: what is an error, and whose it is.

Owns the promise that a hook changes nothing and never fails: what goes wrong in here is
said on standard error.
"""

from collections.abc import Callable
from typing import Unpack

from failwell._clock import SYSTEM_CLOCK
from failwell._settings import Settings
from failwell.hooks._applications import Catcher, Circumstances, of_this_context
from failwell.records import Drops

_NO_ERRORS = (SystemExit, KeyboardInterrupt, GeneratorExit)
"""Ends that somebody asked for."""

_drops = Drops(SYSTEM_CLOCK)


def report(
    error: object,
    wanted: Callable[[Settings], bool],
    find: Callable[[], Catcher | None] = of_this_context,
    **known: Unpack[Circumstances],
) -> str | None:
    """Record what is an error where the application wants it. Never raises.

    Args:
        error: What was caught; anything but an exception is ignored.
        wanted: Whether the application's settings ask for errors of this kind.
        find: Returns whose error it is.
        known: What the hook knows of it.

    Returns:
        The error's id, None when it is not recorded.
    """
    is_wished = isinstance(error, _NO_ERRORS) and not known.get("explicit")
    if is_wished or not isinstance(error, BaseException):
        return None
    try:
        catcher = find()
        if catcher is None or not wanted(catcher.settings):
            return None
        return catcher.catch(error, **known)
    except Exception as problem:  # noqa: BLE001 - nobody could do anything about it
        _drops.add("error not recorded", problem)
        return None
