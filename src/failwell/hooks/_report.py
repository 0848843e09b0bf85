"""From a hook to the recorder: what is an error, and whose it is.

Owns the promise that a hook changes nothing and never fails: what goes wrong in here is
said on standard error.
"""

import contextlib
import sys
from collections.abc import Callable
from typing import Unpack

from failwell._settings import Settings
from failwell.hooks._applications import Catcher, Circumstances, of_this_context

_NO_ERRORS = (SystemExit, KeyboardInterrupt, GeneratorExit)
"""Ends that somebody asked for."""


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
        with contextlib.suppress(Exception):
            kind = type(problem).__name__
            sys.stderr.write(f"failwell: error not recorded ({kind})\n")
        return None
