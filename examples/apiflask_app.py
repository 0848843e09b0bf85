"""An APIFlask application that fails well.

flask --app examples/apiflask_app.py run
"""

from typing import Any

from apiflask import APIFlask, HTTPError, HTTPTokenAuth, Schema
from apiflask.fields import Integer, List, String
from apiflask.validators import Length

from failwell import ConflictError, NotFoundError, raises
from failwell.integrations.apiflask import use_failwell

auth = HTTPTokenAuth(realm="rooms")
ROOMS = {1: "Blue", 2: "Green"}


class MeetingInput(Schema):
    """A meeting to be booked."""

    title = String(required=True, validate=Length(1, 80))
    participants = List(Integer())


class Search(Schema):
    """Which rooms are looked for."""

    seats = Integer()


@auth.verify_token
def verify(token: str) -> str | None:
    """Return who the token belongs to."""
    return "ada" if token == "secret" else None  # noqa: S105 - an example


def create_app(config: dict[str, Any] | None = None) -> APIFlask:
    """Make the application."""
    app = APIFlask(__name__, title="Rooms", version="1")
    app.config.update(config or {})
    use_failwell(app)

    @app.get("/rooms")
    @app.input(Search, location="query")
    def list_rooms(query_data: dict[str, Any]) -> dict[str, Any]:
        """List the rooms."""
        return {"rooms": list(ROOMS.values()), "seats": query_data.get("seats")}

    @app.get("/rooms/<int:room_id>")
    @raises(NotFoundError)
    def read_room(room_id: int) -> dict[str, Any]:
        """Read a room."""
        if room_id not in ROOMS:
            raise NotFoundError("Room", room_id)
        return {"id": room_id, "name": ROOMS[room_id]}

    @app.post("/rooms/<int:room_id>")
    @app.auth_required(auth)
    @app.input(MeetingInput)
    @raises(ConflictError)
    def book_room(room_id: int, json_data: dict[str, Any]) -> dict[str, Any]:
        """Book a room."""
        if room_id == 1:
            raise ConflictError
        return {"room_id": room_id, **json_data}

    @app.get("/report")
    @app.doc(responses=[429])
    def report() -> dict[str, Any]:
        """Make a report, which takes long."""
        wait = {"Retry-After": "30"}
        raise HTTPError(429, "One report a minute", {"limit": 1}, wait)

    return app
