"""What an application gives to be recorded: `capture` and `message`.

Owns what these take and what they refuse. A mistake in the call is an error of its own,
the same each time; whatever the exception and the disk do is none.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Unpack, get_args

from failwell.hooks._applications import Catcher, Circumstances, of_this_context
from failwell.hooks._report import report
from failwell.records import Level, message_fingerprint

_LEVELS = get_args(Level)


class Message(Exception):  # noqa: N818 - it is none, but travels like one
    """What `failwell.message` was given."""

    __module__ = "failwell"


def capture(
    error: BaseException | None = None,
    *,
    user: object = None,
    tags: Mapping[str, object] | None = None,
    fingerprint: str | Sequence[object] = (),
    level: Level = "error",
    **context: object,
) -> str:
    """Record an error that the application has caught; it is always kept in full.

        try:
            send(invoice)
        except MailError as error:
            failwell.capture(error, tags={"tenant": tenant.name}, invoice=invoice.id)

    The same exception, when it is raised further or logged, is not counted again. It is
    recorded for the application of the present context, else for the one made last.

    Args:
        error: The exception; default: the one that is being handled.
        user: Who met it, such as an id; kept as text.
        tags: Names and values to filter by, kept as text.
        fingerprint: What decides the group instead of the stack: a text, or several.
        level: `info`, `warning`, `error` or `critical`.
        context: Whatever else helps, under names of your own. JSON types are kept,
            redacted and bounded; of any other object the name of its type.

    Returns:
        The error's id, `<group hash>-<16 hexadecimal digits>`, also where a full disk,
        say, kept it from being written.

    Raises:
        RuntimeError: No application of this process uses failwell.
        TypeError: `error` is no exception.
        ValueError: Without `error` none is being handled; or the level is unknown.
    """
    catcher = _catcher("capture", level)
    given: object = sys.exception() if error is None else error
    if given is None:
        problem = "capture() without an error takes the one that is being handled, and there is none: call it in an except block, or give it one"
        raise ValueError(problem)
    if not isinstance(given, BaseException):
        problem = f"capture() takes an exception, not a {type(given).__name__}; for a text there is message()"
        raise TypeError(problem)
    return _record(
        catcher,
        given,
        level=level,
        user_id=user,
        tags=tags or {},
        context=context,
        fingerprint=fingerprint,
    )


def message(
    text: str,
    level: Level = "info",
    *,
    user: object = None,
    tags: Mapping[str, object] | None = None,
    fingerprint: str | Sequence[object] = (),
    **context: object,
) -> str:
    """Record that something happened, without an exception; it is always kept in full.

        failwell.message("Import finished with gaps", level="warning", missing=12)

    Messages are grouped by their text, in which quoted words, numbers and ids do not
    count; the stack of the call is kept with them.

    Args:
        text: What happened.
        level: `info`, `warning`, `error` or `critical`.
        user: As in `capture`, and so are the others.
        tags: Names and values to filter by.
        fingerprint: What decides the group instead of the text.
        context: Whatever else helps.

    Returns:
        The message's id.

    Raises:
        RuntimeError: No application of this process uses failwell.
        ValueError: The level is unknown.
    """
    catcher = _catcher("message", level)
    said = Message(text)
    return _record(
        catcher,
        said,
        code="MESSAGE",
        level=level,
        user_id=user,
        tags=tags or {},
        context=context,
        fingerprint=fingerprint or message_fingerprint(said),
    )


def _catcher(function: str, level: object) -> Catcher:
    if level not in _LEVELS:
        problem = f"{function}() takes as level one of {', '.join(_LEVELS)}"
        raise ValueError(problem)
    catcher = of_this_context()
    if catcher is None:
        problem = f"{function}() has nowhere to record: write Failwell(app) where the application is made"
        raise RuntimeError(problem)
    return catcher


def _record(
    catcher: Catcher, error: BaseException, **known: Unpack[Circumstances]
) -> str:
    known["explicit"] = True
    error_id = report(error, lambda _: True, lambda: catcher, **known)
    return error_id or f"{0:016x}-{os.urandom(8).hex()}"
