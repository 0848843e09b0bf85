"""Our error answers in an OpenAPI 3.1 document: components, and what refers to them.

Owns which answers an operation has. Refuses to describe anything but errors.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any, Protocol

from failwell.catalog import CATALOG, CatalogEntry
from failwell.exceptions import AppError
from failwell.responses._documents._codes import Declared, check, entry_of
from failwell.responses._documents._raises import declared_errors
from failwell.responses._documents._schemas import (
    ERROR,
    HEADERS,
    PROBLEM_DETAILS,
    SCHEMAS,
    Schema,
    code_schemas,
    component_name,
    examples,
    headers_of,
    is_component,
)
from failwell.responses._rendering._negotiation import JSON, PROBLEM

_ALWAYS = "INTERNAL_ERROR"
_NAMES = {JSON: "Error", PROBLEM: "Problem"}


class HasComponents(Protocol):
    """An `apispec.APISpec`, as far as this module needs it."""

    @property
    def components(self) -> Any:  # noqa: ANN401 - apispec's own class
        """What it keeps the components in."""


def error_components(*, root: str | None = "") -> dict[str, Schema]:
    """Return the components that describe every error of the catalogue.

    Call it when the application has added its own entries to the catalogue.

    Args:
        root: The path that the application is mounted under, such as `/shop`; None
            where it serves no catalogue, so that the `type` of problems is
            `about:blank`.

    Returns:
        `{"schemas", "responses", "headers"}` for `components` of an OpenAPI 3.1
        document. The schemas are `Error` (the envelope), `Problem` (RFC 9457) and, for
        each code, `Error.CODE` and `Problem.CODE`; the responses are named by code.
    """
    # Copies: a document is its owner's to complete.
    schemas = deepcopy({"Error": ERROR, "Problem": PROBLEM_DETAILS})
    responses: Schema = {}
    for entry in CATALOG:
        name = component_name(entry.code)
        for media, schema in code_schemas(entry, root).items():
            schemas[f"{_NAMES[media]}.{name}"] = schema
        responses[name] = _response([entry], root)
    return {"schemas": schemas, "responses": responses, "headers": deepcopy(HEADERS)}


def error_responses(
    declared: Callable[..., Any] | Declared | Iterable[Declared],
    *,
    method: str | None = None,
    root: str | None = "",
) -> dict[str, Schema]:
    """Return the error answers of one operation, by status.

    `INTERNAL_ERROR` is always among them. Everything else is there only where it is
    declared.

    Args:
        declared: A view, whose `@raises` are looked for, or classes and codes.
        method: Of a `MethodView`: the method whose operation it is.
        root: As for `error_components`, to which the answers refer.

    Returns:
        `{"404": {"$ref": "#/components/responses/NOT_FOUND"}, ...}`, to be merged into
        `responses` of the operation. A status with several codes is described in place.

    Raises:
        TypeError: Something else is declared, or a class without code or status.
        ValueError: A code is not in the catalogue.
    """
    wanted = _wanted(declared, method)
    for each in wanted:
        check(each)
    by_status: defaultdict[int, dict[str, CatalogEntry]] = defaultdict(dict)
    for entry in map(entry_of, (*wanted, _ALWAYS)):
        by_status[entry.status][entry.code] = entry
    return {
        str(status): _reference([by_code[code] for code in sorted(by_code)], root)
        for status, by_code in sorted(by_status.items())
    }


def _wanted(
    declared: Callable[..., Any] | Declared | Iterable[Declared], method: str | None
) -> tuple[Declared, ...]:
    if isinstance(declared, str):
        return (declared,)
    if isinstance(declared, type) and issubclass(declared, AppError):
        return (declared,)
    if callable(declared):
        return declared_errors(declared, method)
    return tuple(declared)


def add_error_components(spec: HasComponents, *, root: str | None = "") -> None:
    """Add the components of `error_components` to an `apispec.APISpec`.

    Args:
        spec: One of OpenAPI 3.1.
        root: As for `error_components`.

    Raises:
        apispec.exceptions.DuplicateComponentNameError: They are there already, or the
            document has a schema of its own named `Error` or `Problem`.
    """
    found = error_components(root=root)
    for add, kind in (
        (spec.components.schema, "schemas"),
        (spec.components.response, "responses"),
        (spec.components.header, "headers"),
    ):
        for name, component in found[kind].items():
            add(name, component)


def _reference(entries: list[CatalogEntry], root: str | None) -> Schema:
    if len(entries) == 1 and is_component(entries[0]):
        return {"$ref": f"#/components/responses/{component_name(entries[0].code)}"}
    return _response(entries, root)


def _response(entries: list[CatalogEntry], root: str | None) -> Schema:
    status = entries[0].status
    return {
        "description": "\n\n".join(map(_described, entries)),
        "headers": headers_of(status),
        "content": {
            media: {
                "schema": _one_of([_schema(entry, media, root) for entry in entries]),
                "examples": {
                    component_name(entry.code): {
                        "summary": entry.title,
                        "value": examples(entry, root)[media == PROBLEM],
                    }
                    for entry in entries
                },
            }
            for media in _NAMES
        },
    }


def _described(entry: CatalogEntry) -> str:
    return f"`{entry.code}`: {entry.meaning} {entry.remedy}".rstrip()


def _schema(entry: CatalogEntry, media: str, root: str | None) -> Schema:
    if is_component(entry):
        return {"$ref": f"{SCHEMAS}{_NAMES[media]}.{component_name(entry.code)}"}
    return code_schemas(entry, root)[media]


def _one_of(schemas: list[Schema]) -> Schema:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
