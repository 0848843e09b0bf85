"""The JSON that an error of pydantic is probably about, when nobody says so.

Owns that guess. Views often validate `request.json` themselves; only with the document
can a path inside a union lead into it, instead of naming classes.
"""

from typing import TYPE_CHECKING, Any

from flask import has_request_context, request

from failwell.responses._validation._paths import UNKNOWN, leads_into

if TYPE_CHECKING:
    import pydantic


def document_for(error: "pydantic.ValidationError") -> object:
    """Return the current request's JSON if all places in `error` begin in it."""
    document = _json()
    entries: list[Any] = error.errors(include_url=False, include_context=False)
    starts = [entry["loc"][0] for entry in entries if len(entry["loc"]) > 1]
    fits = starts and all(leads_into(document, step) for step in starts)
    return document if fits else UNKNOWN


def _json() -> object:
    if not has_request_context() or not request.is_json:
        return UNKNOWN
    try:
        return request.get_json(silent=True)
    except Exception:  # noqa: BLE001 - too large, too deep, or an application's own parser
        return UNKNOWN
