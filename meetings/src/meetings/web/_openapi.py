"""The OpenAPI 3.1 document, made from the descriptions on the views.

Owns the form of the document. What an error code means comes from failwell's
catalogue, so that the document and the answers quote the same texts.
"""

import re
from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from apispec import APISpec
from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from failwell.openapi import add_error_components, error_responses
from meetings.web._endpoint import Endpoint, describe

Schema = dict[str, Any]

_REF = "#/components/schemas/"
_ALWAYS = ("DATABASE_ERROR", "SERVICE_UNAVAILABLE")
_VARIABLE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")

_FIELDS: Schema = {
    "type": "object",
    "description": "In place of details, with MEETING_VALIDATION_ERROR",
}


def build_document(app: Flask) -> dict[str, Any]:
    """Return the document of every described view of `app`."""
    spec = APISpec(
        title="Meetings",
        version=version("meetings"),
        openapi_version="3.1.0",
        info={"description": "Rooms and meetings that are never double-booked."},
    )
    described = list(_described(app))
    _add_schemas(spec, [endpoint for _, endpoint, _ in described])
    spec.components.security_scheme(
        "token", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    )
    for rule, endpoint, name in described:
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        operation = _operation(rule, endpoint, name)
        spec.path(
            path=_VARIABLE.sub(r"{\1}", rule.rule),
            operations={method.lower(): operation for method in sorted(methods)},
        )
    return spec.to_dict()


def _described(app: Flask) -> Iterator[tuple[Rule, Endpoint, str]]:
    for rule in sorted(app.url_map.iter_rules(), key=_api_first):
        endpoint = describe(app.view_functions[rule.endpoint])
        if endpoint is not None:
            yield rule, endpoint, rule.endpoint


def _api_first(rule: Rule) -> tuple[bool, str]:
    return not rule.rule.startswith("/api/"), rule.rule


def _add_schemas(spec: APISpec, endpoints: list[Endpoint]) -> None:
    inputs = {e.body for e in endpoints if e.body is not None}
    outputs = {model for e in endpoints for model in e.answers.values() if model}
    wanted: list[tuple[type[BaseModel], Any]] = [
        *((model, "validation") for model in inputs),
        *((model, "serialization") for model in outputs),
    ]
    wanted.sort(key=lambda pair: pair[0].__name__)
    _, document = models_json_schema(wanted, ref_template=_REF + "{model}")
    for name, schema in document.get("$defs", {}).items():
        spec.components.schema(name, schema)
    add_error_components(spec)
    error = spec.components.schemas["Error"]["properties"]["error"]
    error["properties"]["fields"] = _FIELDS


def _operation(rule: Rule, endpoint: Endpoint, name: str) -> Schema:
    operation: Schema = {
        "operationId": name.replace(".", "_"),
        "summary": endpoint.summary,
        "tags": [name.split(".", maxsplit=1)[0]],
        "parameters": [*_path_parameters(rule), *_other_parameters(endpoint)],
        "responses": {**_answers(endpoint), **_errors(rule, endpoint)},
        "security": [{"token": []}] if endpoint.signed_in else [],
    }
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(endpoint.body)}},
        }
    return operation


def _reference(model: type[BaseModel]) -> Schema:
    # pydantic names a generic's schema with underscores for what JSON pointers dislike.
    return {"$ref": _REF + re.sub(r"[^A-Za-z0-9_.-]", "_", model.__name__)}


def _path_parameters(rule: Rule) -> list[Schema]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 1}
            if f"<id:{name}>" in rule.rule
            else {"type": "string"},
        }
        for name in sorted(rule.arguments)
    ]


def _other_parameters(endpoint: Endpoint) -> list[Schema]:
    parameters: list[Schema] = []
    if endpoint.query is not None:
        fields = endpoint.query.model_json_schema()["properties"]
        parameters += [
            {"name": name, "in": "query", "schema": schema}
            for name, schema in fields.items()
        ]
    if endpoint.conditional:
        meaning = "Act only on this version: an `ETag` of an earlier answer"
        parameters.append(
            {
                "name": "If-Match",
                "in": "header",
                "description": meaning,
                "schema": {"type": "string"},
            }
        )
    return parameters


def _answers(endpoint: Endpoint) -> Schema:
    answers: Schema = {}
    for status, model in endpoint.answers.items():
        answers[str(status)] = {"description": HTTPStatus(status).phrase}
        if model is not None:
            content = {endpoint.media_type: {"schema": _reference(model)}}
            answers[str(status)]["content"] = content
        elif endpoint.media_type != "application/json":
            answers[str(status)]["content"] = {endpoint.media_type: {}}
        if endpoint.headers:
            answers[str(status)]["headers"] = {
                name: {"description": meaning, "schema": {"type": "string"}}
                for name, meaning in endpoint.headers.items()
            }
    return answers


def _errors(rule: Rule, endpoint: Endpoint) -> Schema:
    codes = [*endpoint.errors, *_ALWAYS]
    if endpoint.signed_in:
        codes += ["AUTHENTICATION_ERROR", "INVALID_TOKEN"]
    if endpoint.permission is not None:
        codes.append("AUTHORIZATION_ERROR")
    if rule.arguments:
        codes.append("NOT_FOUND")
    if endpoint.body is not None or endpoint.query is not None:
        codes.append(endpoint.invalid)
    if endpoint.body is not None:
        codes += ["REQUEST_ENTITY_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"]
    if endpoint.conditional:
        codes.append("PRECONDITION_FAILED")
    return error_responses(codes)
