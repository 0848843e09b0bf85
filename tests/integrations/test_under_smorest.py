"""failwell under flask-smorest: what its errors become, and who keeps precedence."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.views import MethodView
from flask_smorest import Api, Blueprint, abort
from marshmallow import Schema
from marshmallow.fields import Integer, String
from openapi_spec_validator import validate
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, Unauthorized

from failwell import ConflictError, raises
from failwell.integrations.smorest import use_failwell
from failwell.testing import recorded_errors

SETTINGS = {"API_TITLE": "Rooms", "API_VERSION": "1", "OPENAPI_VERSION": "3.1.0"}


class BodySchema(Schema):
    """An input."""

    title = String(required=True)
    seats = Integer()


class ProblemSchema(Schema):
    """An application's own schema with the name of one of ours."""

    own = String()


@pytest.fixture
def blueprint() -> Blueprint:
    """Return a blueprint for the views of a test."""
    return Blueprint("rooms", __name__)


@pytest.fixture
def serve(blueprint: Blueprint) -> Callable[[], Flask]:
    """Return a function that serves the blueprint, its exceptions answered."""

    def make() -> Flask:
        app = Flask("backend")
        app.config.update(SETTINGS, TESTING=True, PROPAGATE_EXCEPTIONS=False)
        app.config["OPENAPI_URL_PREFIX"] = "/"
        api = Api(app)
        use_failwell(api)
        api.register_blueprint(blueprint)
        return app

    return make


def _failing(blueprint: Blueprint, fail: Callable[[], Any]) -> None:
    @blueprint.route("/fails")
    def view() -> Any:  # noqa: ANN401 - whatever it returns, it never does
        return fail()


def test_abort_loses_nothing_that_it_is_given(
    blueprint: Blueprint, serve: Callable[[], Flask]
) -> None:
    """Message, errors and headers."""
    _failing(
        blueprint,
        lambda: abort(
            409, message="Taken", errors={"room": "blue"}, headers={"X-Room": "blue"}
        ),
    )

    answer = serve().test_client().get("/fails")

    assert answer.status_code == 409
    assert answer.json == {
        "error": {
            "code": "CONFLICT",
            "message": "Taken",
            "details": {"errors": {"room": "blue"}},
        }
    }
    assert answer.headers["X-Room"] == "blue"


def test_a_bare_abort_is_answered_like_flasks(
    blueprint: Blueprint, serve: Callable[[], Flask]
) -> None:
    """With the description of its status."""
    _failing(blueprint, lambda: abort(404))

    answer = serve().test_client().get("/fails")

    assert answer.json == {
        "error": {"code": "NOT_FOUND", "message": "Resource not found", "details": {}}
    }


def test_challenges_survive_beside_a_message(
    blueprint: Blueprint, serve: Callable[[], Flask]
) -> None:
    """Both of them, though `abort` put something of its own on the exception."""

    def fail() -> None:
        error = Unauthorized(
            www_authenticate=[WWWAuthenticate("basic"), WWWAuthenticate("bearer")]
        )
        error.data = {"message": "Who are you?"}  # type: ignore[attr-defined]  # as webargs
        raise error

    _failing(blueprint, fail)

    answer = serve().test_client().get("/fails")

    assert answer.headers.getlist("WWW-Authenticate") == ["Basic", "Bearer"]
    assert answer.get_json()["error"]["message"] == "Who are you?"


@pytest.mark.parametrize("fail", [lambda: abort(500, message="secret"), lambda: 1 / 0])
def test_a_fault_says_nothing_and_is_recorded(
    blueprint: Blueprint, serve: Callable[[], Flask], fail: Callable[[], Any]
) -> None:
    """flask-smorest's handler for 500 no longer stands in the way."""
    _failing(blueprint, fail)
    app = serve()

    answer = app.test_client().get("/fails")

    assert answer.status_code == 500
    assert answer.json is not None
    assert answer.json["error"]["id"] == recorded_errors(app)[0].id
    assert "secret" not in answer.text
    assert "division" not in answer.text


def test_503_is_not_recorded(blueprint: Blueprint, serve: Callable[[], Flask]) -> None:
    """It is no fault of the application."""
    _failing(blueprint, lambda: abort(503, message="Closed"))
    app = serve()

    assert app.test_client().get("/fails").status_code == 503
    assert recorded_errors(app) == []


def test_a_handler_of_a_blueprint_wins(
    blueprint: Blueprint, serve: Callable[[], Flask]
) -> None:
    """It gets the exception as flask-smorest raised it."""
    _failing(blueprint, lambda: abort(409, message="Taken"))

    @blueprint.errorhandler(HTTPException)
    def own(error: Any) -> tuple[str, int]:  # noqa: ANN401 - with webargs' attributes
        return f"mine: {error.data['message']}", error.code

    answer = serve().test_client().get("/fails")

    assert (answer.status_code, answer.text) == (409, "mine: Taken")


@pytest.mark.parametrize(
    ("location", "sent", "path"),
    [
        ("json", {"json": {"title": 5}}, "title"),
        ("query", {"query_string": {"title": "a", "seats": "x"}}, "seats"),
        ("form", {"data": {"seats": "4"}}, "title"),
        ("headers", {"headers": {"seats": "x"}}, "title"),
    ],
)
def test_invalid_input_has_one_shape(
    blueprint: Blueprint,
    serve: Callable[[], Flask],
    location: str,
    sent: dict[str, Any],
    path: str,
) -> None:
    """Wherever it comes from; a parameter is named as such."""

    @blueprint.route("/", methods=["POST"])
    @blueprint.arguments(BodySchema, location=location)
    def view(given: dict[str, Any]) -> dict[str, Any]:
        return given

    answer = serve().test_client().post("/", **sent)

    assert answer.status_code == 400
    assert answer.json is not None
    (problem,) = answer.json["error"]["details"][path]
    assert problem["code"]
    assert problem["message"]
    is_parameter = location in {"query", "headers"}
    assert problem.get("parameter") == (path if is_parameter else None)


def test_the_document_has_errors_by_method(
    blueprint: Blueprint, serve: Callable[[], Flask]
) -> None:
    """The same each time it is asked for, without flask-smorest's own answers."""

    @blueprint.route("/rooms/<int(min=1):_room_id>")
    class Rooms(MethodView):
        @blueprint.arguments(BodySchema)
        @blueprint.response(201, BodySchema)
        @blueprint.alt_response(404, schema=BodySchema)
        def post(self, given: dict[str, Any], _room_id: int) -> dict[str, Any]:
            return given

        @raises(ConflictError)
        @blueprint.response(200, BodySchema)
        def get(self, _room_id: int) -> dict[str, Any]:
            raise ConflictError

    client = serve().test_client()
    document = client.get("/openapi.json").get_json()

    validate(document)
    operations = document["paths"]["/rooms/{_room_id}"]
    assert set(operations["post"]["responses"]) == {"201", "400", "404", "500"}
    assert set(operations["get"]["responses"]) == {"200", "409", "500"}
    assert "DEFAULT_ERROR" not in document["components"]["responses"]
    assert "UNPROCESSABLE_ENTITY" not in document["components"]["responses"]
    assert client.get("/openapi.json").get_json() == document


def test_a_schema_under_a_name_of_ours_is_refused(
    blueprint: Blueprint, serve: Callable[[], Flask]
) -> None:
    """Rather than described as something else than it is."""

    @blueprint.route("/")
    @blueprint.response(200, ProblemSchema)
    def view() -> dict[str, Any]:
        return {"own": "fine"}

    app = serve()

    with app.app_context(), pytest.raises(ValueError, match="named Problem, as"):
        app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()


def test_an_older_document_and_a_missing_application_are_refused() -> None:
    """At once, with what to do."""
    app = Flask("backend")
    app.config.update(SETTINGS, OPENAPI_VERSION="3.0.3")

    with pytest.raises(ValueError, match=r"set OPENAPI_VERSION to 3\.1\.0"):
        use_failwell(Api(app))
    with pytest.raises(RuntimeError, match="init_app"):
        use_failwell(Api())
