"""How values become text on a page: a Jinja environment of the console's own.

The application's environment would bring its context processors, which may touch the
very database that is failing, and could switch escaping off.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from flask import url_for
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from failwell.catalog import CATALOG
from failwell.console._charts import bar_chart
from failwell.console._stack import sections
from failwell.records import ErrorRecord, parent_of

STATIC = Path(__file__).parent / "static"

# Escape sequences and marks that turn the reading direction: no markup, and yet they
# could make a page say something else than what is stored.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STEPS = ((_MINUTE, 1, "s"), (_HOUR, _MINUTE, "min"), (2 * _DAY, _HOUR, "h"))
_MONTHS_S = 60 * _DAY


@cache
def make_theme() -> Environment:
    """Return the environment that renders every page; one for the whole process."""
    theme = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # a template that changes on disk is another release's
    )
    theme.filters.update(
        ago=ago,
        exact=exact,
        first_line=first_line,
        json=pretty_json,
        moment=moment,
        number="{:,}".format,
        said=said,
        short=short_type,
        top=top_package,
    )
    theme.globals.update(
        bar_chart=bar_chart,
        catalog=CATALOG,
        parent_of=parent_of,
        sections=sections,
        url_for=url_for,
        asset_version=_digest("console.css", "console.js", "icon.svg"),
    )
    return theme


def visible(value: object) -> object:
    """Spell out the invisible characters of a text that a template prints."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return _INVISIBLE.sub(lambda m: ascii(m[0])[1:-1], value)


def ago(then: datetime, now: datetime) -> str:
    """Say how long ago `then` was, in the largest unit that fits; the future is now."""
    seconds = int((now - then).total_seconds())
    if seconds < 1:
        return "just now"
    for limit, unit, name in _STEPS:
        if seconds < limit:
            return f"{seconds // unit} {name} ago"
    if seconds < _MONTHS_S:
        return f"{seconds // _DAY} d ago"
    return f"{then:%Y-%m-%d}"


def exact(then: datetime) -> str:
    """Return the time in UTC, to the second."""
    return f"{then.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def moment(event: ErrorRecord) -> datetime:
    """Return when an event happened."""
    return datetime.fromtimestamp(event.timestamp, UTC)


def short_type(qualified: str) -> str:
    """Return the class name of a qualified type."""
    return qualified.rpartition(".")[2] or qualified


def top_package(module: str) -> str:
    """Return the name under which a module's library is known."""
    return module.partition(".")[0]


def first_line(text: str) -> str:
    """Return the first line that says something."""
    return next((line for line in text.splitlines() if line.strip()), "")


def said(details: Mapping[str, Any]) -> str:
    """Say what belongs to an entry of the history, in a line or in its own words."""
    if "text" in details:
        return str(details["text"])
    known = {name: value for name, value in details.items() if value is not None}
    return ", ".join(
        f"{name.replace('_', ' ')} {_plain(value)}" for name, value in known.items()
    )


def pretty_json(value: Any) -> str:  # noqa: ANN401 - whatever the application gave
    """Return a value of JSON types as indented text."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _plain(value: Any) -> str:  # noqa: ANN401 - a JSON type
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(map(_plain, value))
    return msgspec.json.encode(value).decode()


def _digest(*names: str) -> str:
    content = b"".join((STATIC / name).read_bytes() for name in names)
    return hashlib.sha256(content).hexdigest()[:12]
