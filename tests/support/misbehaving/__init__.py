"""An application that misbehaves in every way, and says in its document what it answers.

Each view fails in its one way, whatever it is sent. A 500 is deliberate where the view
declares `INTERNAL_ERROR` or `DATABASE_ERROR`, and a defect everywhere else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask

from failwell import ConflictError, Failwell, raises
from failwell.openapi import add_error_components, error_responses
from misbehaving import _bodies, _errors, _libraries, _places
from misbehaving._inputs import OPERATIONS, Operation
from misbehaving._secrets import CANARIES, DeclinedError
from misbehaving._stores import stores
from misbehaving._views import Views

__all__ = ["CANARIES", "OPERATIONS", "VIEWS", "misbehaving_app"]

VIEWS: Views = {
    **_errors.views,
    **_libraries.views,
    **_bodies.views,
    **_places.views,
}
"""What takes no input and always fails, by its name."""

_ANY = [
    {"in": "query", "name": "text", "schema": {"type": "string"}},
    {"in": "header", "name": "X-Request-ID", "schema": {"type": "string"}},
]


@contextmanager
def misbehaving_app(folder: Path) -> Iterator[Flask]:
    """Yield the application, whose document is at `/openapi.json`.

    Args:
        folder: Where its databases may be.
    """
    app = Flask("wild", instance_path=str(folder), template_folder=None)
    app.config.update(
        TESTING=True,
        PROPAGATE_EXCEPTIONS=False,
        MAX_CONTENT_LENGTH=100_000,
        SECRET_KEY="canary",
    )
    failwell = Failwell(app)
    failwell.map(DeclinedError, to=ConflictError("Declined"))
    _places.prepare(app)
    spec = APISpec("Wild", "1", "3.1.0", plugins=[MarshmallowPlugin()])
    add_error_components(spec)
    for name, (view, declared) in VIEWS.items():
        _add(app, spec, Operation("get", _path_of(name), view, declared, _ANY))
    for operation in OPERATIONS:
        _add(app, spec, operation)
    _add_what_is_missing(spec)
    document = spec.to_dict()
    app.add_url_rule("/openapi.json", view_func=lambda: document)
    with stores(app, folder):
        yield app


def _path_of(name: str) -> str:
    return f"/views/{name}"


def _add(app: Flask, spec: APISpec, operation: Operation) -> None:
    view = raises(*operation.declared)(operation.view)
    app.add_url_rule(
        _places.rule_of(operation.path),
        endpoint=f"{operation.method} {operation.path}".replace(".", "_"),
        view_func=view,
        methods=[operation.method.upper()],
    )
    answers = {"200": {"description": "Fine"}, **error_responses(view)}
    described = {"parameters": operation.parameters, "responses": answers}
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": operation.body}},
        }
    spec.path(operation.path, operations={operation.method: described})


def _add_what_is_missing(spec: APISpec) -> None:
    """Describe an address and a method that nobody serves: what the router answers."""
    for path, method, code in (
        ("/nowhere", "get", "NOT_FOUND"),
        ("/openapi.json", "delete", "METHOD_NOT_ALLOWED"),
    ):
        described = {"parameters": _ANY, "responses": error_responses(code)}
        spec.path(path, operations={method: described})
