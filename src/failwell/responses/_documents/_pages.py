"""The catalogue at `/problems/`: what the `type` of a problem leads to (RFC 9457).

Owns its addresses, as JSON for programs and as pages for people, and their headers.
Refuses an application's own `/problems`.
"""

from typing import Any

from flask import Blueprint, Flask, Response, request

from failwell.catalog import CATALOG, CatalogEntry
from failwell.exceptions import NotFoundError
from failwell.responses._rendering._json import strict_json
from failwell.responses._rendering._negotiation import JSON, prefers_html

_PREFIX = "/problems"
_HEADERS = {
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
}
_ASSET_AGE_S = 365 * 86400


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
    blueprint = Blueprint(
        "failwell_problems",
        __name__,
        url_prefix=_PREFIX,
        static_folder="static",
        static_url_path="/static",
    )
    blueprint.add_url_rule("/", "index", _index)
    blueprint.add_url_rule("/<code>", "entry", _entry)
    blueprint.after_request(_keep_asset)
    return blueprint


def _index() -> Response:
    entries = list(CATALOG)
    if _is_for_people():
        from failwell.responses._documents._theme import index_page  # noqa: PLC0415 - loads the theme with the first page

        return _page(index_page(entries))
    return _json({"problems": [_facts(entry) for entry in entries]})


def _entry(code: str) -> Response:
    entry = CATALOG.get(code)
    if entry is None:
        kind = "Problem"
        raise NotFoundError(kind, code)
    if _is_for_people():
        from failwell.responses._documents._theme import entry_page  # noqa: PLC0415 - as above

        return _page(entry_page(entry, request.script_root))
    return _json(_facts(entry))


def _is_for_people() -> bool:
    return prefers_html(request.headers.get("Accept", ""))


def _facts(entry: CatalogEntry) -> dict[str, Any]:
    return {"type": f"{request.script_root}{_PREFIX}/{entry.code}", **entry.facts()}


def _json(body: dict[str, Any]) -> Response:
    return Response(strict_json(body), content_type=JSON, headers={"Vary": "Accept"})


def _page(text: str) -> Response:
    return Response(text, content_type="text/html; charset=utf-8", headers=_HEADERS)


def _keep_asset(response: Response) -> Response:
    if request.endpoint == "failwell_problems.static" and response.status_code < 400:  # noqa: PLR2004 - the first error
        # The address carries a digest of the content.
        response.headers["Cache-Control"] = f"public, max-age={_ASSET_AGE_S}, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
    return response
