"""A plain Flask application that fails well: rooms, with their documented errors.

    flask --app examples/plain.py run

Then look at `/openapi.json`, `/problems/` and `/rooms/7`.
"""

from typing import Any

from apispec import APISpec
from flask import Flask, abort, request

from failwell import (
    CATALOG,
    AppError,
    AuthenticationError,
    CatalogEntry,
    Failwell,
    NotFoundError,
    ValidationError,
    raises,
)
from failwell.openapi import add_error_components, error_responses


class RoomTakenError(AppError):
    """Somebody else has the room."""

    code = "ROOM_TAKEN"
    status_code = 409


CATALOG.add(
    CatalogEntry(
        code="ROOM_TAKEN",
        title="Room taken",
        status=409,
        meaning="Another meeting has the room at that time.",
        remedy="Choose another room, or a time after `until`.",
        example={"room_id": 1, "until": "2026-01-02T10:00:00Z"},
    )
)

ROOMS = {1: "Blue", 2: "Green"}


@raises(NotFoundError)
def read_room(room_id: int) -> dict[str, Any]:
    """Read a room."""
    if room_id not in ROOMS:
        raise NotFoundError("Room", room_id)
    return {"id": room_id, "name": ROOMS[room_id]}


@raises(AuthenticationError, NotFoundError, RoomTakenError)
@raises(ValidationError, "BAD_REQUEST", "UNSUPPORTED_MEDIA_TYPE")
def book_room(room_id: int) -> dict[str, Any]:
    """Book a room."""
    if "Authorization" not in request.headers:
        raise AuthenticationError
    if room_id not in ROOMS:
        raise NotFoundError("Room", room_id)
    title = request.get_json().get("title")
    if not title:
        problem = {"code": "missing", "message": "Field required"}
        raise ValidationError(details={"title": [problem]})
    if room_id == 1:
        until = "2026-01-02T10:00:00Z"
        raise RoomTakenError("Taken", details={"room_id": room_id, "until": until})
    return {"room_id": room_id, "title": title}


@raises("TOO_MANY_REQUESTS")
def report() -> dict[str, Any]:
    """Make a report, which takes long."""
    abort(429, "One report a minute", retry_after=30)


def document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI document, with the errors that the views declare."""
    spec = APISpec("Rooms", "1", "3.1.0", info={"description": "Rooms to book."})
    add_error_components(spec)
    room_id = {"name": "room_id", "in": "path", "schema": {"type": "integer"}}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if view.__module__ != __name__ or rule.endpoint == "openapi":
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            operation = {
                "summary": view.__doc__,
                "parameters": [room_id] if "room_id" in rule.arguments else [],
                "responses": {"200": {"description": "Fine"}, **error_responses(view)},
            }
            path = rule.rule.replace("<int:room_id>", "{room_id}")
            spec.path(path, operations={method.lower(): operation})
    found: dict[str, Any] = spec.to_dict()
    return found


def create_app(config: dict[str, Any] | None = None) -> Flask:
    """Make the application."""
    app = Flask(__name__)
    app.config.update(config or {})
    Failwell(app)
    app.add_url_rule("/rooms/<int:room_id>", view_func=read_room)
    app.add_url_rule("/rooms/<int:room_id>", view_func=book_room, methods=["POST"])
    app.add_url_rule("/report", view_func=report)
    app.add_url_rule("/openapi.json", "openapi", lambda: document(app))
    return app
