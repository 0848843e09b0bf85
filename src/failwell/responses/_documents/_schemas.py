"""The components of an OpenAPI 3.1 document that describe our answers.

Owns the two shapes of a body, what they are for each code, and the headers. The
examples are made by the renderer that makes the answers, so that they cannot differ.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from failwell._request_id import HEADER
from failwell.catalog import CATALOG, CatalogEntry
from failwell.exceptions import AppError
from failwell.responses._recording import is_recorded
from failwell.responses._rendering._json import strict_json
from failwell.responses._rendering._negotiation import JSON, PROBLEM
from failwell.responses._rendering._problem import problem_of
from failwell.responses._rendering._render import envelope_of
from failwell.responses._rendering._statuses import http_status

Schema = dict[str, Any]

SCHEMAS = "#/components/schemas/"
_EXAMPLE_ID = "5c1f0a92d3b7e864-0b6d9e1f4a72c835"
_EXAMPLE_REQUEST = "9f2c4b7a1e5d48c3a6f0b1d2e3c4a596"

ERROR: Schema = {
    "type": "object",
    "description": "An error.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "What programs decide by"},
                "message": {"type": "string", "description": "A sentence for people"},
                "details": {
                    "type": "object",
                    "description": "Facts about this occurrence",
                },
                "id": {
                    "type": "string",
                    "description": "Quote it when you report the error",
                },
            },
        }
    },
}

PROBLEM_DETAILS: Schema = {
    "type": "object",
    "description": (
        "The same facts as problem details (RFC 9457), sent when `Accept` prefers them."
    ),
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {
            "type": "string",
            "format": "uri-reference",
            "description": "Quote it when you report the error",
        },
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "The fields that are not valid",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "Where in the body"},
                    "parameter": {"type": "string", "description": "Which parameter"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}

HEADERS: Schema = {
    HEADER: {
        "description": "Ties the answer to the log; quote it when you ask about it",
        "required": True,
        "schema": {"type": "string"},
    },
    "Allow": {
        "description": "The methods that this address knows",
        "required": True,
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds until it is worth trying again, when they are known",
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {
        "description": "How to sign in (RFC 9110, section 11.6.1)",
        "required": True,
        "schema": {"type": "string"},
    },
}
_HEADERS_OF = {
    HTTPStatus.UNAUTHORIZED: "WWW-Authenticate",
    HTTPStatus.METHOD_NOT_ALLOWED: "Allow",
    HTTPStatus.TOO_MANY_REQUESTS: "Retry-After",
    HTTPStatus.SERVICE_UNAVAILABLE: "Retry-After",
    HTTPStatus.GATEWAY_TIMEOUT: "Retry-After",
}


def component_name(code: str) -> str:
    """Return `code` as a component may be named."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", code)


def headers_of(status: int) -> Schema:
    """Return the headers of an answer, as references."""
    own = _HEADERS_OF.get(HTTPStatus(status)) if status in _HEADERS_OF else None
    return {
        name: {"$ref": f"#/components/headers/{name}"}
        for name in (HEADER, own)
        if name is not None
    }


def is_component(entry: CatalogEntry) -> bool:
    """Return whether `error_components` describes exactly this entry."""
    known = CATALOG.get(entry.code)
    return known is not None and known.status == entry.status


def code_schemas(entry: CatalogEntry, root: str | None) -> dict[str, Schema]:
    """Return the schema of an entry in each media type, with its example."""
    envelope, problem = examples(entry, root)
    facts = {name: {"const": problem[name]} for name in ("type", "status", "code")}
    code = {"properties": {"code": {"const": entry.code}}}
    return {
        JSON: _special("Error", {"error": code}, envelope),
        PROBLEM: _special("Problem", facts, problem),
    }


def examples(entry: CatalogEntry, root: str | None) -> tuple[Schema, Schema]:
    """Return the envelope and the problem of an occurrence, as the catalogue has it.

    Args:
        entry: The entry.
        root: Where the application is mounted; None where it serves no catalogue.
    """
    error = _occurrence(entry)
    error_id = _EXAMPLE_ID if is_recorded(error) else None
    problem = problem_of(error, http_status(error), root=root, error_id=error_id)
    problem["request_id"] = _EXAMPLE_REQUEST
    return _plain(envelope_of(error, error_id)), _plain(problem)


def _special(base: str, properties: Mapping[str, Schema], example: Schema) -> Schema:
    return {
        "allOf": [{"$ref": SCHEMAS + base}, {"properties": dict(properties)}],
        "examples": [example],
    }


def _occurrence(entry: CatalogEntry) -> AppError:
    # Of the entry's class, so that its own body shows; but not through its `__init__`,
    # whose arguments nobody knows.
    kind = entry.error or AppError
    error = kind.__new__(kind)
    AppError.__init__(error, entry.title, entry.code, entry.status, entry.example)
    return error


def _plain(body: object) -> Schema:
    """Return a body in JSON's own types, as a client would read it."""
    plain: Schema = msgspec.json.decode(strict_json(body))
    return plain
