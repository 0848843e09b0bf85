"""An error as Markdown: what, where, how often, the request, and the traceback."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from failwell.logs import escape
from failwell.records import ErrorRecord, RequestInfo, format_chain
from failwell.store import GroupSummary

_TICKS = re.compile("`+")
_SHORTEST_FENCE = 3
_LONGEST = 60_000
"""Characters of a traceback; an issue of GitHub takes 65,536 in all."""


def as_markdown(group: GroupSummary, record: ErrorRecord) -> str:
    """Return an error and its group as a section of Markdown.

    Args:
        group: The group.
        record: One of its errors.
    """
    request = record.request or RequestInfo()
    lines = [
        f"## {_code(group.type)} in {_code(group.culprit)}",
        "",
        *_facts(group, record),
    ]
    for name, value in request.headers.items():
        lines.append(f"- header: {_code(f'{name}: {value}')}")
    for name, value in record.tags.items():
        lines.append(f"- tag: {_code(f'{name}: {value}')}")
    text = "\n".join(
        escape(line)
        for part in format_chain(record.exceptions)
        for line in part.split("\n")
    )
    return "\n".join([*lines, "", *_block(text[:_LONGEST]), ""])


def _facts(group: GroupSummary, record: ErrorRecord) -> Iterator[str]:
    request = record.request or RequestInfo()
    query = f"?{request.query}" if request.query else ""
    for name, value in (
        ("message", record.message),
        ("code", group.code),
        ("error", record.id),
        ("time", _moment(record.timestamp)),
        ("request", f"{request.method} {request.path}{query}".strip()),
        ("route", request.route),
        ("request id", record.request_id),
        ("trace id", record.trace_id),
        ("release", record.release),
        ("environment", record.environment),
        ("application", record.application),
    ):
        if value:
            yield f"- {name}: {_code(value)}"
    first, last = (
        f"{at:%Y-%m-%d %H:%M} UTC" for at in (group.first_seen, group.last_seen)
    )
    users = f", about {group.users:,} users" if group.users else ""
    yield f"- seen: {group.count:,} times{users}, from {first} to {last}"


def _moment(timestamp: float) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _code(text: str) -> str:
    """Return a text as a code span, in which nothing has a meaning."""
    shown = escape(text)
    fence = "`" * (_longest_run(shown) + 1)
    # Blanks beside the fence, of which Markdown takes one away on each side.
    return f"{fence} {shown} {fence}"


def _block(text: str) -> list[str]:
    fence = "`" * max(_SHORTEST_FENCE, _longest_run(text) + 1)
    return [fence, text, fence]


def _longest_run(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
