"""The pages of the catalogue, from a Jinja environment of their own.

The application's environment would bring its context processors, which may touch what
is failing, and could switch escaping off.
"""

import hashlib
import re
from functools import cache
from http import HTTPStatus
from pathlib import Path

import msgspec
from flask import url_for
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from failwell._request_id import HEADER
from failwell.catalog import CatalogEntry, status_phrase
from failwell.responses._documents._schemas import examples, headers_of

STATIC = Path(__file__).parent / "static"

_STYLE = "problems.css"
_CODE = re.compile(r"`([^`]+)`")


def index_page(entries: list[CatalogEntry]) -> str:
    """Return the page that lists `entries`, the client's faults before ours."""
    ours = HTTPStatus.INTERNAL_SERVER_ERROR
    return (
        _theme()
        .get_template("problems.html")
        .render(
            refused=[entry for entry in entries if entry.status < ours],
            failed=[entry for entry in entries if entry.status >= ours],
        )
    )


def entry_page(entry: CatalogEntry, root: str) -> str:
    """Return the page of one entry: what it means, what to do, what it looks like.

    Args:
        entry: The entry.
        root: Where the application is mounted.
    """
    envelope, problem = examples(entry, root)
    return (
        _theme()
        .get_template("problem.html")
        .render(
            entry=entry,
            phrase=status_phrase(entry.status),
            headers=[name for name in headers_of(entry.status) if name != HEADER],
            envelope=_pretty(envelope),
            problem=_pretty(problem),
        )
    )


@cache
def _theme() -> Environment:
    theme = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # a template that changes on disk is another release's
    )
    digest = hashlib.sha256((STATIC / _STYLE).read_bytes()).hexdigest()[:12]
    theme.filters["marked"] = _marked
    theme.globals.update(url_for=url_for, style=_STYLE, style_version=digest)
    return theme


def _marked(text: str) -> Markup:
    """Return a text in which what stands between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def _pretty(body: object) -> str:
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode()
