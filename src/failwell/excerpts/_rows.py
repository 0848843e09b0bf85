"""Groups and errors as lines of JSON and of CSV, one after the other.

A line is made when it is asked for, so that any number of them takes no memory. In CSV
no cell begins as a formula would (CWE-1236): where a text does, a `'` stands before it.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import msgspec

from failwell.logs import escape, escape_json
from failwell.records import ErrorRecord, RequestInfo
from failwell.store import GroupSummary

_FORMULAS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)
_GROUP = (
    *("id", "application", "code", "type", "culprit", "message", "state", "regressed"),
    *("assigned_to", "count", "users", "first_seen", "last_seen", "trend"),
)
_EVENT = (
    *("id", "timestamp", "application", "environment", "release", "code", "type"),
    *("message", "method", "route", "path", "user_id", "request_id", "level"),
)


def json_lines(items: Iterable[GroupSummary | ErrorRecord]) -> Iterator[str]:
    """Yield a line of JSON for each, with all its fields."""
    for item in items:
        if isinstance(item, ErrorRecord):
            document = record_document(item)
        else:
            document = asdict(item)
        yield f"{escape_json(msgspec.json.encode(document).decode())}\n"


def group_rows(groups: Iterable[GroupSummary]) -> Iterator[str]:
    """Yield a header and a line of CSV for each group."""
    yield _line(_GROUP)
    for group in groups:
        yield _line(getattr(group, name) for name in _GROUP)


def event_rows(records: Iterable[ErrorRecord]) -> Iterator[str]:
    """Yield a header and a line of CSV for each error."""
    yield _line(_EVENT)
    for record in records:
        request = record.request or RequestInfo()
        told = {
            "timestamp": datetime.fromtimestamp(record.timestamp, UTC),
            "method": request.method,
            "route": request.route,
            "path": request.path,
        }
        yield _line(told.get(name) or getattr(record, name, "") for name in _EVENT)


def record_document(record: ErrorRecord) -> dict[str, Any]:
    """Return a record with all its fields; msgspec itself would leave defaults out."""
    return {
        **_fields(record),
        "type": record.type,
        "message": record.message,
        "timestamp": datetime.fromtimestamp(record.timestamp, UTC),
    }


def _fields(value: Any) -> Any:  # noqa: ANN401 - any part of a record
    if isinstance(value, msgspec.Struct):
        return {name: _fields(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple):
        return [_fields(item) for item in value]
    return value


def _line(cells: Iterable[object]) -> str:
    written = StringIO()
    csv.writer(written).writerow([_cell(cell) for cell in cells])
    return written.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        return value
    shown = escape(value)
    return f"'{shown}" if value.startswith(_FORMULAS) else shown
