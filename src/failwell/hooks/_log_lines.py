"""Exceptions that a log line brings: `logger.exception`, `logger.error(exc_info=…)`.

Owns the factory of log records: the one place that sees every line at its call, whatever
handlers there are, and takes nothing away from `logging.basicConfig` and from Python's
handler of last resort, as a handler on the root logger would. What asyncio says of a task
whose exception nobody took, it says in such a line.
"""

import contextvars
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from failwell.exceptions import AppError
from failwell.hooks._applications import made_last
from failwell.hooks._link import Slot
from failwell.hooks._report import report
from failwell.records import Level

_ID = "failwell_id"
_FAILWELL = f"{Path(__file__).parents[1]}{os.sep}"
_ASYNCIO = "asyncio"
_LOWEST = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
    "OFF": sys.maxsize,
}

_reported_otherwise: set[str] = set()


def leave_out(*loggers: str) -> None:
    """Ignore the lines of loggers whose errors are reported in another way."""
    _reported_otherwise.update(loggers)


def _line_is_made(
    previous: Callable[..., logging.LogRecord],
    *args: Any,  # noqa: ANN401 - of whatever factory was there
    **kwargs: Any,  # noqa: ANN401 - as above
) -> logging.LogRecord:
    record = previous(*args, **kwargs)
    if record.exc_info or type(record.msg) is dict:
        error = _exception_of(record)
        if error is not None and not _is_left_out(record, error):
            error_id = _report(record, error)
            if error_id is not None:
                # So that the line leads to the record, and no second one has to be written.
                vars(record)[_ID] = error_id
    return record


def _exception_of(record: logging.LogRecord) -> BaseException | None:
    # structlog's messages are dictionaries that carry what `exc_info` was given.
    message: Any = record.msg
    given: Any = record.exc_info or message.get("exc_info")
    if isinstance(given, tuple):
        given = given[1]
    elif given and not isinstance(given, BaseException):
        given = sys.exception()
    return given if isinstance(given, BaseException) else None


def _is_left_out(record: logging.LogRecord, error: BaseException) -> bool:
    if record.name in _reported_otherwise or f"{record.pathname}".startswith(_FAILWELL):
        return True
    if record.funcName == "finalize_request" and _is_repeated(error):
        return True
    # Of the class: an attribute of the error may be anybody's code.
    return isinstance(error, AppError) and type(error).record is False


def _is_repeated(error: BaseException) -> bool:
    """Whether the answer to an error has failed in the same way as the request had.

    Flask calls a broken `after_request` function once more for the answer to its error.
    """
    first = error.__context__
    return type(first) is type(error) and _origin(first) == _origin(error)


def _origin(error: BaseException) -> tuple[object, int] | None:
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step and (step.tb_frame.f_code, step.tb_lineno)


def _report(record: logging.LogRecord, error: BaseException) -> str | None:
    if record.name != _ASYNCIO:
        return report(
            error,
            lambda settings: record.levelno >= _LOWEST[settings.hooks_logging],
            origin="log",
            level=_level(record.levelno),
            context=_said(record),
        )
    # A loop says it outside of the task, or the garbage collector in whatever code runs
    # just then: the request of this context has nothing to do with it.
    return contextvars.Context().run(
        report,
        error,
        lambda settings: settings.hooks_asyncio,
        made_last,
        origin="task",
        context=_said(record),
    )


def _level(number: int) -> Level:
    if number >= logging.CRITICAL:
        return "critical"
    if number >= logging.ERROR:
        return "error"
    return "warning" if number >= logging.WARNING else "info"


def _said(record: logging.LogRecord) -> dict[str, object]:
    message: Any = record.msg
    if isinstance(message, dict):
        return {"logger": record.name, "line": message.get("event")}
    try:
        text = record.getMessage()
    except Exception as problem:  # noqa: BLE001 - the arguments are anybody's code
        text = f"({type(problem).__name__} while its arguments were read)"
    return {"logger": record.name, "line": text}


LOG_LINES = Slot(
    logging.getLogRecordFactory, logging.setLogRecordFactory, _line_is_made
)
