"""failwell under APIFlask: what its errors become, and who keeps precedence."""

from typing import Any

import pytest
from apiflask import APIFlask, HTTPError, Schema
from apiflask.fields import Integer, String
from apiflask.views import MethodView
from flask import Flask
from openapi_spec_validator import validate
from pydantic import BaseModel

from failwell import AppError, Failwell, NotFoundError, raises
from failwell.integrations.apiflask import use_failwell
from failwell.testing import recorded_errors


class Body(Schema):
    """An input."""

    title = String(required=True)
    seats = Integer()


class Model(BaseModel):
    """An input by pydantic."""

    seats: int


@pytest.fixture
def app() -> APIFlask:
    """Return an application under test whose exceptions are answered."""
    app = APIFlask("backend")
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    use_failwell(app)
    return app


def _answer(app: Flask, error: BaseException, **headers: str) -> Any:  # noqa: ANN401 - a test's answer
    @app.get("/fails")
    def fails() -> str:
        raise error

    return app.test_client().get("/fails", headers=headers)


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        (
            HTTPError(404, "No such man", {"name": "Foo"}, extra_data={"hint": "Bar"}),
            404,
            {
                "code": "NOT_FOUND",
                "message": "No such man",
                "details": {"name": "Foo", "hint": "Bar"},
            },
        ),
        (
            HTTPError(409, detail="why"),
            409,
            {"code": "CONFLICT", "message": "Conflict", "details": {"detail": "why"}},
        ),
        (
            HTTPError(403),
            403,
            {"code": "FORBIDDEN", "message": "Forbidden", "details": {}},
        ),
        (
            HTTPError(503, "Closed"),
            503,
            {"code": "SERVICE_UNAVAILABLE", "message": "Closed", "details": {}},
        ),
    ],
)
def test_an_http_error_loses_nothing(
    app: APIFlask, error: HTTPError, status: int, expected: dict[str, Any]
) -> None:
    """Message, detail and extra data stand in the envelope."""
    answer = _answer(app, error)

    assert answer.status_code == status
    assert answer.json == {"error": expected}
    assert recorded_errors(app) == []


def test_headers_of_an_http_error_are_kept(app: APIFlask) -> None:
    """Also several of one name."""
    error = HTTPError(401, headers={"WWW-Authenticate": ["Basic", "Bearer"]})

    answer = _answer(app, error, Accept="application/problem+json")

    assert answer.headers.getlist("WWW-Authenticate") == ["Basic", "Bearer"]
    assert answer.mimetype == "application/problem+json"


def test_an_http_error_of_500_says_nothing_and_is_recorded(app: APIFlask) -> None:
    """As any other fault of ours; the client gets the id."""
    answer = _answer(app, HTTPError(500, "secret", {"sql": "secret"}))

    assert answer.status_code == 500
    assert answer.json["error"]["code"] == "INTERNAL_ERROR"
    assert answer.json["error"]["id"] == recorded_errors(app)[0].id
    assert "secret" not in answer.text


def test_an_unexpected_exception_is_ours_to_answer(app: APIFlask) -> None:
    """APIFlask's handler for 500 no longer stands in the way."""
    answer = _answer(app, KeyError("secret"))

    assert answer.json["error"]["message"] == "An internal server error occurred"
    assert answer.json["error"]["id"]


def test_a_handler_of_the_application_wins(app: APIFlask) -> None:
    """It gets the error as APIFlask raised it, input that does not validate included."""

    @app.errorhandler(HTTPError)
    def own(error: HTTPError) -> tuple[str, int]:
        return f"mine: {error.message}", error.status_code

    @app.post("/")
    @app.input(Body)
    def view(json_data: dict[str, Any]) -> dict[str, Any]:
        return json_data

    assert _answer(app, HTTPError(409, "Taken")).text == "mine: Taken"
    assert app.test_client().post("/", json={}).text == "mine: Validation error"


@pytest.mark.parametrize(
    ("location", "sent", "path"),
    [
        ("json", {"json": {"title": 5}}, "title"),
        ("query", {"query_string": {"title": "a", "seats": "x"}}, "seats"),
        ("form", {"data": {"seats": "4"}}, "title"),
        ("files", {"data": {"seats": "4"}}, "title"),
    ],
)
def test_invalid_input_has_one_shape(
    app: APIFlask, location: str, sent: dict[str, Any], path: str
) -> None:
    """Wherever it comes from; a parameter is named as such."""

    @app.post("/")
    @app.input(Body, location=location, arg_name="given")
    def view(given: dict[str, Any]) -> dict[str, Any]:
        return given

    answer = app.test_client().post("/", **sent)

    assert answer.status_code == 400
    (problem,) = answer.json["error"]["details"][path]
    assert problem["code"]
    assert problem["message"]
    assert problem.get("parameter") == (path if location == "query" else None)


def test_invalid_input_of_a_pydantic_model_is_400(app: APIFlask) -> None:
    """Whichever library the schema is of."""

    @app.post("/")
    @app.input(Model)
    def view(json_data: Model) -> dict[str, Any]:
        return json_data.model_dump()

    answer = app.test_client().post("/", json={"seats": "many"})

    assert answer.status_code == 400
    assert answer.json["error"]["code"] == "VALIDATION_ERROR"
    assert answer.json["error"]["details"].keys() == {"seats"}


def test_a_failwell_that_is_there_is_used() -> None:
    """Settings of its own included."""
    app = APIFlask("backend")
    app.config.update(TESTING=True, FAILWELL_RESPONSES_FORMAT="problem")
    Failwell(app)
    use_failwell(app)

    answer = _answer(app, HTTPError(404))

    assert answer.mimetype == "application/problem+json"


def test_a_document_of_an_older_version_is_refused() -> None:
    """At once, with what to do."""
    app = APIFlask("backend")
    app.config["OPENAPI_VERSION"] = "3.0.3"

    with pytest.raises(ValueError, match=r"set OPENAPI_VERSION to 3\.1\.0"):
        use_failwell(app)


def test_the_document_names_what_views_declare_and_apiflask_knows(
    app: APIFlask,
) -> None:
    """Without APIFlask's own schemas of errors; a processor of the user still runs."""

    @raises(NotFoundError)
    class Rooms(MethodView):
        @app.input(Body)
        def post(self, json_data: dict[str, Any]) -> dict[str, Any]:
            return json_data

        @app.doc(responses={418: "Tea"})
        def get(self) -> str:
            raise AppError("Broken")

    app.add_url_rule("/rooms", view_func=Rooms.as_view("rooms"))

    @app.spec_processor
    def process(spec: dict[str, Any]) -> dict[str, Any]:
        spec["info"]["title"] = "Processed"
        return spec

    document = app.test_client().get("/openapi.json").json

    validate(document)
    operations = document["paths"]["/rooms"]
    assert set(operations["post"]["responses"]) == {"200", "400", "404", "500"}
    assert set(operations["get"]["responses"]) == {"404", "418", "500"}
    assert document["info"]["title"] == "Processed"
    assert "HTTPError" not in document["components"]["schemas"]
    assert "ValidationError" not in document["components"]["schemas"]
    assert "Body" in document["components"]["schemas"]
