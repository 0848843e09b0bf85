"""What happened in a request before its error: the latest few things.

Owns their number, and the log lines among them: taken as they are made, whoever handles
them, without a handler. One on the root logger would keep `logging.basicConfig` and
Flask from adding theirs. Lines become text only when an error is recorded.
"""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from failwell._scope import NOTHING_SAID, Crumb, Scope, scope
from failwell.records._model import Breadcrumb
from failwell.records._plain import plain
from failwell.records._redact import redact_text
from failwell.records._secrets import MARK, is_secret_name
from failwell.records._text import LABEL_LENGTH, type_name

LOG = "log"
_LENGTH = 500
_ARGUMENTS = 20

capturing: ContextVar[bool] = ContextVar("failwell_capturing", default=False)
"""Whether an error is being recorded: what happens in that is no breadcrumb."""


class _Ring:
    """What this process keeps."""

    def __init__(self) -> None:
        self.size = 0
        self.watches_logging = False


_ring = _Ring()


def keep_breadcrumbs(number: int) -> None:
    """Keep so many in this process, or more where that was asked for before."""
    _ring.size = max(_ring.size, number)
    if number and not _ring.watches_logging:
        _ring.watches_logging = True
        logging.setLogRecordFactory(_watching(logging.getLogRecordFactory()))


def keep_crumb(crumb: Crumb) -> None:
    """Keep one, and forget the oldest where there are too many."""
    known = scope.get() or NOTHING_SAID
    if _ring.size:
        crumbs = (
            (*known.crumbs[1 - _ring.size :], crumb) if _ring.size > 1 else (crumb,)
        )
        scope.set(known._replace(crumbs=crumbs))


def read_breadcrumbs(known: Scope, number: int) -> tuple[Breadcrumb, ...]:
    """Return the latest ones, redacted."""
    if not known.crumbs or not number:
        return ()
    return tuple([_breadcrumb(crumb) for crumb in known.crumbs[-number:]])


def _breadcrumb(crumb: Crumb) -> Breadcrumb:
    return Breadcrumb(
        timestamp=crumb.timestamp,
        category=redact_text(crumb.category, LABEL_LENGTH),
        message=redact_text(_message(crumb), _LENGTH),
        level=redact_text(crumb.level, LABEL_LENGTH),
        data=crumb.data,
    )


def _message(crumb: Crumb) -> str:
    arguments = crumb.arguments
    if not arguments:
        return crumb.message
    if type(arguments) is dict:
        # In the line nothing may tell any more under which name a value stood.
        arguments = {
            name: MARK if is_secret_name(f"{name}") else value
            for name, value in arguments.items()
        }
    try:
        return str(crumb.message % arguments)
    except (ArithmeticError, KeyError, TypeError, ValueError):
        # `%d` of what was no plain number.
        return f"{crumb.message} {arguments}"


def _watching(
    make: Callable[..., logging.LogRecord],
) -> Callable[..., logging.LogRecord]:
    def make_record(*args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401 - logging's
        record = make(*args, **kwargs)
        # Outside of a piece of work a line explains nothing.
        if scope.get() is not None:
            try:
                _note(record)
            except Exception:  # noqa: BLE001 - the line itself is worth more than its note
                return record
        return record

    return make_record


def _note(record: logging.LogRecord) -> None:
    if record.levelno < logging.INFO or not _ring.size or capturing.get():
        return
    if record.name == "failwell" or record.name.startswith("failwell."):
        return
    template, arguments = record.msg, record.args
    if type(template) is dict:
        # structlog's: the event and its fields.
        template, arguments = template.get("event"), None
    keep_crumb(
        Crumb(
            record.created,
            LOG,
            record.levelname.lower(),
            f"{plain(template)}",
            _arguments(arguments),
            _exception(record.exc_info),
        )
    )


def _arguments(arguments: object) -> object:
    """Return what stands in for arguments: never an object that somebody else holds."""
    if type(arguments) is tuple:
        return tuple([plain(argument) for argument in arguments[:_ARGUMENTS]])
    if type(arguments) is dict:
        items = list(arguments.items())[:_ARGUMENTS]
        return {plain(name): plain(value) for name, value in items}
    return ()


def _exception(exc_info: object) -> dict[str, str] | None:
    kind = exc_info[0] if type(exc_info) is tuple and exc_info else None
    return {"exception": type_name(kind)} if isinstance(kind, type) else None
