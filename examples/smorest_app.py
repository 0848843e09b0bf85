"""A flask-smorest API that fails well.

flask --app examples/smorest_app.py run
"""

from typing import Any

from flask import Flask
from flask.views import MethodView
from flask_smorest import Api, Blueprint, abort
from marshmallow import Schema
from marshmallow.fields import Integer, List, String
from marshmallow.validate import Length
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from failwell import ConflictError, NotFoundError, raises
from failwell.integrations.smorest import use_failwell

ROOMS = {1: "Blue", 2: "Green"}

blueprint = Blueprint("rooms", __name__, url_prefix="/", description="Rooms to book")


class MeetingSchema(Schema):
    """A meeting in a room."""

    title = String(required=True, validate=Length(1, 80))
    participants = List(Integer())


class SearchSchema(Schema):
    """Which rooms are looked for."""

    seats = Integer()


@blueprint.route("rooms")
@blueprint.arguments(SearchSchema, location="query")
@blueprint.response(200)
def list_rooms(search: dict[str, Any]) -> dict[str, Any]:
    """List the rooms."""
    return {"rooms": list(ROOMS.values()), "seats": search.get("seats")}


@blueprint.route("rooms/<int:room_id>")
class Rooms(MethodView):
    """One room."""

    @blueprint.response(200)
    @raises(NotFoundError)
    def get(self, room_id: int) -> dict[str, Any]:
        """Read a room."""
        if room_id not in ROOMS:
            raise NotFoundError("Room", room_id)
        return {"id": room_id, "name": ROOMS[room_id]}

    @raises(ConflictError)
    @blueprint.arguments(MeetingSchema)
    @blueprint.response(200, MeetingSchema)
    def post(self, meeting: dict[str, Any], room_id: int) -> dict[str, Any]:
        """Book a room."""
        if room_id == 1:
            raise ConflictError
        return meeting


@blueprint.route("report")
@blueprint.response(200)
@raises("TOO_MANY_REQUESTS")
def report() -> None:
    """Make a report, which takes long."""
    abort(
        429,
        message="One report a minute",
        errors={"limit": 1},
        headers={"Retry-After": "30"},
    )


@blueprint.route("private")
@blueprint.response(200)
@raises("UNAUTHORIZED")
def private() -> None:
    """Read what nobody may read."""
    challenge = WWWAuthenticate("basic", {"realm": "rooms"})
    raise Unauthorized(www_authenticate=challenge)


def create_app(config: dict[str, Any] | None = None) -> Flask:
    """Make the application."""
    app = Flask(__name__)
    app.config.update(API_TITLE="Rooms", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    app.config.update(OPENAPI_URL_PREFIX="/", **(config or {}))
    api = Api(app)
    use_failwell(api)
    api.register_blueprint(blueprint)
    return app
