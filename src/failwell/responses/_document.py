"""A finished document of another generator, with our errors in place of its own.

Owns the finding of the view behind a path of the document. Refuses to touch anything
but answers from 400 on and the components that they refer to.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask

from failwell.responses._codes import Declared, codes_of_status
from failwell.responses._openapi import error_components, error_responses
from failwell.responses._raises import declared_errors
from failwell.responses._render import style_of
from failwell.responses._schemas import Schema

_VARIABLE = re.compile(r"<(?:[^:<>]+(?:\([^()]*\))?:)?([^<>]+)>")
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_VALIDATION = "VALIDATION_ERROR"


def add_error_responses(
    document: Schema, app: Flask, *, invalid: int = HTTPStatus.UNPROCESSABLE_ENTITY
) -> Schema:
    """Put our error answers into a document that another library has made.

    Each operation gets what its view declares with `failwell.raises`, and
    `INTERNAL_ERROR`. The answers from 400 on that the library wrote into it, and its
    `default`, become those of the usual codes of their statuses: what it knew by itself
    of signing in and of input stays known.

    Args:
        document: An OpenAPI 3.1 document as a dictionary; it is changed.
        app: The application that it describes.
        invalid: The status by which the library marks operations with input that may
            not validate; it becomes `VALIDATION_ERROR`.

    Returns:
        The document.

    Raises:
        ValueError: The document is of another version than 3.1.
        TypeError: A view declares a class without code or status.
    """
    version = str(document.get("openapi", ""))
    if not version.startswith("3.1."):
        message = f"our errors need an OpenAPI 3.1 document, not {version or 'Swagger'}"
        raise ValueError(message)
    root = "" if style_of(app).has_catalogue else None
    views = _views(app)
    for path, operations in document.get("paths", {}).items():
        for method in operations.keys() & set(_METHODS):
            view = views.get((path, method.upper()))
            operation = operations[method]
            declared = declared_errors(view, method) if view else ()
            _replace(operation, declared, invalid=invalid, root=root)
    for kind, found in error_components(root=root).items():
        document.setdefault("components", {}).setdefault(kind, {}).update(found)
    return document


def _views(app: Flask) -> dict[tuple[str, str], Callable[..., Any]]:
    return {
        (_VARIABLE.sub(r"{\1}", rule.rule), method): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        if rule.endpoint in app.view_functions
        for method in rule.methods or ()
    }


def _replace(
    operation: Schema, declared: Iterable[Declared], *, invalid: int, root: str | None
) -> None:
    answers: Mapping[Any, Any] = operation.get("responses", {})
    theirs = [status for status in answers if _is_error(str(status))]
    known = {
        _VALIDATION if int(status) == invalid else codes_of_status(int(status))
        for status in theirs
        if str(status).isdecimal()
    }
    ours = error_responses([*declared, *sorted(known)], root=root)
    kept = {
        status: answer for status, answer in answers.items() if status not in theirs
    }
    operation["responses"] = {**kept, **ours}


def _is_error(status: str) -> bool:
    return status == "default" or status[:1] in {"4", "5"}
