"""The catalogue at `/problems/`: what the `type` of a problem leads to (RFC 9457).

Owns its two addresses, as JSON for programs and as a plain page for people. Refuses
an application's own `/problems`.
"""

from typing import Any

from flask import Blueprint, Flask, Response, request
from markupsafe import Markup, escape

from failwell.catalog import CATALOG, CatalogEntry
from failwell.exceptions import NotFoundError
from failwell.responses._json import strict_json
from failwell.responses._negotiation import JSON, prefers_html

_PREFIX = "/problems"


def register_catalogue(app: Flask) -> bool:
    """Serve the catalogue, unless the application has rules at `/problems` by now.

    Returns:
        Whether it is served.
    """
    taken = any(
        rule.rule == _PREFIX or rule.rule.startswith(f"{_PREFIX}/")
        for rule in app.url_map.iter_rules()
    )
    if not taken:
        app.register_blueprint(_blueprint())
    return not taken


def _blueprint() -> Blueprint:
    blueprint = Blueprint("failwell_problems", __name__, url_prefix=_PREFIX)
    blueprint.add_url_rule("/", "index", _index)
    blueprint.add_url_rule("/<code>", "entry", _entry)
    return blueprint


def _index() -> Response:
    entries = list(CATALOG)
    if not prefers_html(request.headers.get("Accept", "")):
        return _json({"problems": [_facts(entry) for entry in entries]})
    links = Markup().join(
        Markup('<li>{} <a href="{}">{}</a>: {}</li>').format(
            entry.status, entry.code, entry.code, entry.title
        )
        for entry in entries
    )
    return _page("Problems", Markup("<ul>{}</ul>").format(links))


def _entry(code: str) -> Response:
    entry = CATALOG.get(code)
    if entry is None:
        kind = "Problem"
        raise NotFoundError(kind, code)
    facts = _facts(entry)
    if not prefers_html(request.headers.get("Accept", "")):
        return _json(facts)
    example = strict_json(facts.pop("example")).decode()
    rows = Markup().join(
        Markup("<dt>{}</dt><dd>{}</dd>").format(name.capitalize(), value)
        for name, value in {**facts, "example": example}.items()
    )
    return _page(entry.title, Markup("<dl>{}</dl>").format(rows))


def _facts(entry: CatalogEntry) -> dict[str, Any]:
    return {
        "type": f"{request.script_root}{_PREFIX}/{entry.code}",
        "code": entry.code,
        "title": entry.title,
        "status": entry.status,
        "meaning": entry.meaning,
        "remedy": entry.remedy,
        "retryable": entry.retryable,
        "example": entry.example,
    }


def _json(body: dict[str, Any]) -> Response:
    return Response(strict_json(body), content_type=JSON, headers={"Vary": "Accept"})


def _page(title: str, content: Markup) -> Response:
    page = Markup(
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        "<title>{title}</title><h1>{title}</h1>{content}</html>\n"
    ).format(title=escape(title), content=content)
    return Response(
        page,
        content_type="text/html; charset=utf-8",
        headers={
            "Vary": "Accept",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": (
                "default-src 'none'; base-uri 'none'; form-action 'none';"
                " frame-ancestors 'none'"
            ),
        },
    )
