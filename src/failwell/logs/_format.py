"""A captured record as text or as JSON; loads structlog, so it is loaded late.

Text, one line: time, level, logger, message, further fields, place, request id (`-`
where there is none):

    2026-11-23T18:02:14.123Z ERROR meetings: no room room=3 [in /app/book.py:12] 4f3a…

A traceback follows as lines of its own, marked by `|` where a record has its level,
with the time and the id of their record. No message can produce such a line, since
no message can produce a line break:

    2026-11-23T18:02:14.123Z | ValueError: no room 4f3a…

JSON, one object a line, with the traceback as text under `exception`.
"""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import structlog

from failwell.logs._capture import STACK, TRACEBACK
from failwell.logs._escape import escape, escape_json, harmless
from failwell.records import format_chain

Event = Any
"""structlog's event: a mutable mapping, `_record` in it."""

_SAID_ALREADY = frozenset({"error_id", "error_code", "error_type"})
"""Fields for programs, left out of text where the message says them."""


def make_formatter(form: str) -> logging.Formatter:
    """Return the formatter for `text` or `json`; the same for structlog and logging."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder()],
        processors=[_render_json if form == "json" else _render_text],
    )


def configure_structlog() -> None:
    """Lead structlog's loggers into the standard ones, unless the application did."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.PositionalArgumentsFormatter(),
            # A standard logger made before structlog was loaded takes structlog's
            # own frame for the place of the call.
            structlog.processors.CallsiteParameterAdder(
                [
                    structlog.processors.CallsiteParameter.PATHNAME,
                    structlog.processors.CallsiteParameter.LINENO,
                ]
            ),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _render_text(_logger: object, _method: str, event: Event) -> str:
    record, message, fields = _take_apart(event)
    request_id = record.request_id or "-"
    time = _time(record)
    further = "".join(
        f" {name}={_field(value)}"
        for name, value in fields.items()
        if not (name in _SAID_ALREADY and str(value) in message)
    )
    head = escape(
        f"{time} {record.levelname} {record.name}: {message}{further}"
        f" [in {record.pathname}:{record.lineno}] {request_id}"
    )
    more = [
        escape(f"{time} | {line} {request_id}")
        for line in (*_traceback(record), *_stack(record))
    ]
    return "\n".join([head, *more])


def _render_json(_logger: object, _method: str, event: Event) -> str:
    record, message, fields = _take_apart(event)
    line: dict[str, Any] = {
        "timestamp": _time(record),
        "level": record.levelname,
        "logger": record.name,
        "message": message,
        "request_id": record.request_id,
        "path": record.pathname,
        "line": record.lineno,
    }
    if traceback := list(_traceback(record)):
        line["exception"] = "\n".join(traceback)
    if stack := list(_stack(record)):
        line["stack"] = "\n".join(stack)
    for name, value in fields.items():
        line[f"{name}_" if name in line else name] = value
    return escape_json(json.dumps(line, ensure_ascii=False, allow_nan=False))


def _take_apart(event: Event) -> tuple[Any, str, dict[str, Any]]:
    fields = dict(event)
    record = fields.pop("_record")
    message = fields.pop("event", "")
    for name in ("_from_structlog", "_logger", "_name", TRACEBACK, STACK, "request_id"):
        fields.pop(name, None)
    return record, str(message), fields


def _traceback(record: logging.LogRecord) -> Iterator[str]:
    kept = getattr(record, TRACEBACK, None)
    if isinstance(kept, str):
        yield from kept.split("\n")
    elif kept:
        yield from harmless(format_chain(kept, read_files=True))


def _stack(record: logging.LogRecord) -> list[str]:
    kept = getattr(record, STACK, None)
    return str(kept).split("\n") if kept else []


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _field(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and (not text or set(text) & set(' "=')):
        return json.dumps(text, ensure_ascii=False)
    return text
