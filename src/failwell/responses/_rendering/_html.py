"""An error as a page, for people who came with a browser.

Owns the page and how an application replaces it: by a template `failwell/404.html`, or
`failwell/error.html` for every status. Refuses to fail: where an application's template
does, ours is shown.
"""

import hashlib
import logging
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplatesNotFound
from markupsafe import Markup

from failwell._request_id import current_request_id
from failwell.catalog import CATALOG
from failwell.exceptions import AppError

_logger = logging.getLogger("failwell")

_HERE = Path(__file__).parent
HTML = "text/html; charset=utf-8"
_STYLE = (
    ":root{color-scheme:light dark;--paper:#faf9f7;--ink:#1d1b18;--soft:#635d54}"
    "@media(prefers-color-scheme:dark){"
    ":root{--paper:#16171a;--ink:#e8e6e3;--soft:#a5a19a}}"
    "html{font:1rem/1.5 system-ui,sans-serif;background:var(--paper);color:var(--ink)}"
    "body{margin:0}"
    "main{max-width:36rem;margin:0 auto;padding:18vh 1.5rem 3rem}"
    "p,h1{margin:0 0 .75rem;overflow-wrap:anywhere}"
    "h1{font-size:1.75rem;line-height:1.25;letter-spacing:-.015em}"
    ".status,.id{color:var(--soft)}"
    ".id{margin-top:2rem;font-size:.93rem}"
    "code{font-family:ui-monospace,Menlo,Consolas,monospace}"
)


class Page(NamedTuple):
    """A page and the headers that guard it."""

    headers: list[tuple[str, str]]
    body: bytes


def page_of(app: Flask, error: AppError, status: int, error_id: str | None) -> Page:
    """Return the page that tells of `error`: the application's own, or ours.

    A template gets `status`, `code`, `title`, `message`, `details`, `error_id` (None
    where nothing was recorded) and `request_id`.
    """
    facts = {
        "status": status,
        "code": error.code,
        "title": CATALOG.title(error.code, status),
        "message": error.message,
        "details": error.details,
        "error_id": error_id,
        "request_id": current_request_id(),
    }
    own = _own_page(app, status, facts)
    if own is not None:
        return Page([], own.encode("utf-8", "replace"))
    page = _template().render(facts, style=Markup(_STYLE))  # noqa: S704 - our own text
    return Page(list(_guards()), page.encode("utf-8", "replace"))


def _own_page(app: Flask, status: int, facts: dict[str, Any]) -> str | None:
    names = (f"failwell/{status}.html", "failwell/error.html")
    try:
        return app.jinja_env.select_template(names).render(facts)
    except TemplatesNotFound:
        return None
    except Exception:
        # Whatever it needs may be what is failing.
        _logger.exception(
            "The page for %d could not be rendered; ours is shown", status
        )
        return None


@cache
def _template() -> Any:  # noqa: ANN401 - a jinja2.Template
    theme = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return theme.get_template("error.html")


@cache
def _guards() -> tuple[tuple[str, str], ...]:
    digest = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    )
    return (
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", policy),
    )
