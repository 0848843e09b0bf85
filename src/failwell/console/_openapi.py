"""The document of the JSON answers (OpenAPI 3.1), made of what the routes are made of."""

import re
from collections.abc import Sequence
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec
from flask import url_for

from failwell._version import __version__
from failwell.console._endpoints import Endpoint, Parameter

_REFERENCE = "#/components/schemas/{name}"
_REFUSALS = {
    400: "What was sent is not allowed; `error.message` says what is.",
    401: "No key, no session, or a wrong one.",
    403: "The role does not suffice, or the token of the form is missing.",
    404: "There is no such thing.",
    429: "Too many wrong keys came from there.",
    503: "The error store is away.",
}
_ENVELOPE = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": {"type": "object"},
            },
        }
    },
}


def document_endpoint(endpoints: Sequence[Endpoint]) -> Endpoint:
    """Return the endpoint that answers the document of these endpoints and itself."""

    @cache
    def paths() -> dict[str, Any]:
        return _document([*endpoints, own])

    def document() -> dict[str, Any]:
        """Return this document."""
        here = url_for(".groups").rstrip("/")
        return {**paths(), "servers": [{"url": f"{here}/api"}]}

    own = Endpoint(
        "api_openapi", "/openapi.json", document, dict[str, Any], settles=False
    )
    return own


def _document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    kinds = [e.returns for e in endpoints if not isinstance(e.returns, tuple)]
    bodies = [e.takes for e in endpoints if e.takes is not None]
    schemas, components = msgspec.json.schema_components(
        [*kinds, *bodies], ref_template=_REFERENCE
    )
    known = dict(zip(map(repr, [*kinds, *bodies]), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        path = re.sub(r"<(\w+)>", r"{\1}", endpoint.rule)
        operation = _operation(endpoint, known)
        paths.setdefault(path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "The console of failwell", "version": __version__},
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Refusal": _ENVELOPE},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, known: dict[str, Any]) -> dict[str, Any]:
    said = (endpoint.view.__doc__ or "").partition("\n")[0]
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": said,
        "description": f"For the role {endpoint.role.word} and above.",
        "parameters": [_parameter(parameter) for parameter in endpoint.parameters],
        "responses": {
            "200": {"description": "Done.", "content": _content(endpoint, known)},
            **{str(status): _refusal(status) for status in _REFUSALS},
        },
    }
    if endpoint.takes is not None:
        schema = known[repr(endpoint.takes)]
        content = {"application/json": {"schema": schema}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.meaning,
        "schema": parameter.schema,
    }


def _content(endpoint: Endpoint, known: dict[str, Any]) -> dict[str, Any]:
    if isinstance(endpoint.returns, tuple):
        return {kind: {"schema": {"type": "string"}} for kind in endpoint.returns}
    return {"application/json": {"schema": known[repr(endpoint.returns)]}}


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(name="Refusal")}
    return {
        "description": f"{HTTPStatus(status).phrase}: {_REFUSALS[status]}",
        "content": {"application/json": {"schema": schema}},
    }
