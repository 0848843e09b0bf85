"""A finished document of another library, with our errors in place of its own.

Owns the finding of the view behind a path of the document. Refuses to touch anything
but answers from 400 on and the components that they refer to.
"""

import re
from collections.abc import Iterator
from http import HTTPStatus

from flask import Flask

from failwell.responses._documents._codes import Declared, code_of_status
from failwell.responses._documents._openapi import error_components, error_responses
from failwell.responses._documents._raises import declared_errors
from failwell.responses._documents._references import reachable, remove
from failwell.responses._documents._schemas import Schema
from failwell.responses._rendering._style import style_of

_VARIABLE = re.compile(r"<(?:[^<>]*:)?([^<>:]+)>")
_METHODS = frozenset(
    {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
)
_FINE = frozenset({"1", "2", "3"})
_SUPPORTED = "3.1."


def add_error_responses(
    document: Schema, app: Flask, *, invalid: int = HTTPStatus.UNPROCESSABLE_ENTITY
) -> Schema:
    """Put our error answers into a document that another library has made.

    Each operation gets what its view declares with `failwell.raises`, and
    `INTERNAL_ERROR`. The answers from 400 on that the library wrote into it become
    those of the codes of their statuses, so that what it knew by itself, of signing in
    and of input, stays known; its `default` goes. So do components that nothing refers
    to any more.

    Args:
        document: An OpenAPI 3.1 document as a dictionary; it is changed.
        app: The application that it describes.
        invalid: The status by which the library marks operations whose input may not
            validate; it becomes `VALIDATION_ERROR`.

    Returns:
        The document.

    Raises:
        ValueError: The document is not of OpenAPI 3.1, or has a component of its own
            under a name of ours.
    """
    version = str(document.get("openapi"))
    if not version.startswith(_SUPPORTED):
        message = f"the errors need a document of OpenAPI 3.1, not {version}"
        raise ValueError(message)
    root = "" if style_of(app).has_catalogue else None
    before = reachable(document)
    wanted = [
        (operation, [*declared, *_strip(operation, invalid)])
        for operation, declared in _operations(document, app)
    ]
    remove(document, before - reachable(document))
    _add_components(document, error_components(root=root))
    for operation, errors in wanted:
        operation["responses"].update(error_responses(errors, root=root))
    return document


def _operations(
    document: Schema, app: Flask
) -> Iterator[tuple[Schema, tuple[Declared, ...]]]:
    views = {
        (_VARIABLE.sub(r"{\1}", rule.rule), method): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        if rule.endpoint in app.view_functions
        for method in rule.methods or ()
    }
    for path, operations in document.get("paths", {}).items():
        for method in sorted(operations.keys() & _METHODS):
            view = views.get((path, method.upper()))
            yield operations[method], declared_errors(view, method) if view else ()


def _strip(operation: Schema, invalid: int) -> list[str]:
    """Take the library's error answers out and return the codes that stand for them."""
    answers = {str(s): answer for s, answer in operation.get("responses", {}).items()}
    operation["responses"] = {
        status: answer for status, answer in answers.items() if status[:1] in _FINE
    }
    return sorted(
        "VALIDATION_ERROR" if int(status) == invalid else code_of_status(int(status))
        for status in answers
        if status.isdecimal() and status[:1] not in _FINE
    )


def _add_components(document: Schema, ours: dict[str, Schema]) -> None:
    components = document.setdefault("components", {})
    for kind, found in ours.items():
        section = components.setdefault(kind, {})
        taken = [
            name for name in found if section.get(name, found[name]) != found[name]
        ]
        if taken:
            message = (
                f"the document has {kind} of its own named {', '.join(taken)}, as"
                " failwell's are: rename them"
            )
            raise ValueError(message)
        section.update(found)
