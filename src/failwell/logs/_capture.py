"""What must be taken from a log call while its caller still stands there.

Everything that could change or break afterwards becomes text here: arguments, extra
fields, the exception. Times, source lines and the form of the line can wait.
"""

import logging
import math
import sys
from collections.abc import Mapping
from itertools import islice
from typing import Any

from failwell._request_id import current_request_id
from failwell.records import describe

TRACEBACK = "_failwell_traceback"
"""Attribute of a captured record: the exception's chain, text, or None."""
STACK = "_failwell_stack"
"""Attribute of a captured record: the text of `stack_info`, or None."""

_TEXT = 16_384
_INNER_TEXT = 1_024
_FIELDS = 64
_ITEMS = (32, 8)
_BITS = 1_024
_AS_IT_IS = frozenset({bool, type(None)})
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"_logger", "_name"}

_OF_THE_RECORD = ("exc_info", "stack_info", "request_id", "pathname", "lineno")


def capture(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy of `record` that another thread may format at any later time."""
    fields = dict(vars(record))
    # Left behind by the formatters of handlers that came before.
    fields.pop("message", None)
    fields.pop("asctime", None)
    if is_structured(record):
        message: Any = record.msg
        event = dict(message)
        for name in _OF_THE_RECORD:
            if event.get(name):
                fields[name] = event.pop(name)
        fields["msg"] = {str(k): plain(v) for k, v in islice(event.items(), _FIELDS)}
    else:
        fields["msg"] = _cut(_message(record), _TEXT)
    if "request_id" not in fields:
        fields["request_id"] = current_request_id()
    for name in fields.keys() - _STANDARD:
        fields[name] = plain(fields[name])
    fields[TRACEBACK] = _chain(fields["exc_info"]) or fields["exc_text"]
    fields[STACK] = fields["stack_info"]
    fields.update(args=(), exc_info=None, exc_text=None, stack_info=None)
    # makeLogRecord would first fill in a record of its own: a third of the whole.
    captured = logging.LogRecord.__new__(logging.LogRecord)
    captured.__dict__ = fields
    return captured


def is_structured(record: logging.LogRecord) -> bool:
    """Return whether structlog made the record: its message is then a dict."""
    return isinstance(record.msg, dict) and hasattr(record, "_logger")


def plain(value: object) -> Any:  # noqa: ANN401 - JSON types
    """Return `value` as JSON types that nobody else holds, cut to a bounded size."""
    if type(value) in _AS_IT_IS:
        return value
    try:
        return _plain(value, 0)
    except Exception as error:  # noqa: BLE001 - `__str__` is anybody's code
        return f"({type(value).__name__} without text: {type(error).__name__})"


def _plain(value: object, depth: int) -> Any:  # noqa: ANN401 - JSON types
    if isinstance(value, str):
        return _cut(str(value), _INNER_TEXT if depth else _TEXT)
    if type(value) in _AS_IT_IS or _is_number(value):
        return value
    if depth < len(_ITEMS):
        items = _ITEMS[depth]
        if isinstance(value, Mapping):
            pairs = islice(value.items(), items)
            return {_plain(str(k), depth + 1): _plain(v, depth + 1) for k, v in pairs}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [_plain(item, depth + 1) for item in islice(value, items)]
    return _cut(str(value), _INNER_TEXT)


def _is_number(value: object) -> bool:
    # JSON has no NaN and no infinity; Python turns no huge integer into text.
    if type(value) is int:
        return value.bit_length() <= _BITS
    return type(value) is float and math.isfinite(value)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - the line is worth more than its form
        wrong = f"(its arguments do not fit: {type(error).__name__})"
        return f"{plain(record.msg)} {wrong}"


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text)} characters)"


def _chain(exc_info: object) -> object:
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    elif exc_info and not isinstance(exc_info, BaseException):
        exc_info = sys.exception()
    return describe(exc_info) if isinstance(exc_info, BaseException) else None
