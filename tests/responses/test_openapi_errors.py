"""Our errors in an OpenAPI document: valid, complete, and what is really sent."""

from typing import Any

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from flask.views import MethodView
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from failwell import (
    CATALOG,
    AppError,
    AuthenticationError,
    CatalogEntry,
    ConflictError,
    InvalidTokenError,
    NotFoundError,
    ServiceUnavailableError,
    ValidationError,
    raises,
    register_error_handlers,
)
from failwell.catalog import BUILT_IN
from failwell.openapi import add_error_components, error_components, error_responses

JSON, PROBLEM = "application/json", "application/problem+json"
EVERY_CODE = [entry.code for entry in BUILT_IN]


class HallTakenError(AppError):
    """An application's own error, which nobody described."""

    code = "HALL_TAKEN"
    status_code = 409


class FieldsError(ValidationError):
    """An error with a body of its own."""

    code = "FIELDS_ERROR"

    def to_dict(self) -> dict[str, Any]:
        """Return another envelope."""
        return {"error": {"code": self.code, "message": "", "fields": self.details}}


def _document(*codes: Any) -> dict[str, Any]:  # noqa: ANN401 - classes and codes
    spec = APISpec("Rooms", "1", "3.1.0")
    add_error_components(spec)
    answers = {"200": {"description": "Fine"}, **error_responses(codes)}
    spec.path("/rooms", operations={"get": {"responses": answers}})
    document: dict[str, Any] = spec.to_dict()
    return document


def _resolved(document: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in answer:
        return answer
    name = answer["$ref"].rpartition("/")[2]
    found: dict[str, Any] = document["components"]["responses"][name]
    return found


def test_a_document_with_every_code_is_valid() -> None:
    """By the schema of OpenAPI 3.1 itself."""
    validate(_document(*EVERY_CODE, HallTakenError, "UNSUPPORTED_MEDIA_TYPE"))


def test_plugins_of_apispec_leave_the_components_alone() -> None:
    """Marshmallow's looks through every schema that is added."""
    spec = APISpec("Rooms", "1", "3.1.0", plugins=[MarshmallowPlugin()])

    add_error_components(spec)

    assert spec.to_dict()["components"] == error_components()


def test_every_code_has_its_components() -> None:
    """A schema in either form, with fixed code and an example; and an answer."""
    components = error_components()

    for entry in BUILT_IN:
        problem = components["schemas"][f"Problem.{entry.code}"]
        assert problem["allOf"][1]["properties"] == {
            "type": {"const": f"/problems/{entry.code}"},
            "status": {"const": entry.status},
            "code": {"const": entry.code},
        }
        assert problem["examples"][0]["title"] == entry.title
        envelope = components["schemas"][f"Error.{entry.code}"]["examples"][0]
        assert envelope["error"]["details"] == entry.example
        assert entry.meaning in components["responses"][entry.code]["description"]


def test_examples_fit_their_schemas() -> None:
    """Each example of the document, in its place."""
    document = _document(*EVERY_CODE, HallTakenError, "UNSUPPORTED_MEDIA_TYPE")

    seen = 0
    for answer in document["paths"]["/rooms"]["get"]["responses"].values():
        for content in _resolved(document, answer).get("content", {}).values():
            schema = {**content["schema"], "components": document["components"]}
            for example in content["examples"].values():
                Draft202012Validator(schema).validate(example["value"])
                seen += 1
    assert seen == 2 * (len(EVERY_CODE) + 2)


@pytest.mark.parametrize("accept", [JSON, PROBLEM])
@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("Room", 7),
        HallTakenError("Taken", details={"status": "blue"}),
        ValidationError(details={"title": [{"code": "missing", "message": "No"}]}),
        AuthenticationError(),
        InvalidTokenError("expired"),
        ServiceUnavailableError(retry_after=3),
        AppError("Broken"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_sent_is_what_is_described(error: AppError, accept: str) -> None:
    """Status, headers, media type and body of real answers."""
    document = _document(type(error) if type(error) is not AppError else "CONFLICT")
    app = Flask("backend")
    register_error_handlers(app)

    @app.get("/rooms")
    def rooms() -> str:
        raise error

    answer = app.test_client().get("/rooms", headers={"Accept": accept})

    operation = document["paths"]["/rooms"]["get"]
    described = _resolved(document, operation["responses"][str(answer.status_code)])
    for name, header in described["headers"].items():
        assert header == {"$ref": f"#/components/headers/{name}"}
        assert name in answer.headers
    schema = {
        **described["content"][answer.mimetype]["schema"],
        "components": document["components"],
    }
    validator = Draft202012Validator(schema)
    validator.validate(answer.json)
    assert answer.mimetype == accept
    assert not validator.is_valid({"error": {"code": "OTHER", "message": ""}})


def test_only_what_is_declared_is_described() -> None:
    """But for the error that nobody declares."""
    assert error_responses([]) == {
        "500": {"$ref": "#/components/responses/INTERNAL_ERROR"}
    }
    assert error_responses(lambda: "") == error_responses([])
    assert error_responses(["RATE_LIMITED"]).keys() == {"429", "500"}
    assert error_responses("RATE_LIMITED") == error_responses(["RATE_LIMITED"])
    assert error_responses(NotFoundError).keys() == {"404", "500"}


def test_statuses_have_the_headers_that_they_must_have() -> None:
    """RFC 9110 asks for them; the request id is on every answer."""
    responses = error_components()["responses"]

    headers = {code: set(answer["headers"]) for code, answer in responses.items()}

    assert headers["AUTHENTICATION_ERROR"] == {"X-Request-ID", "WWW-Authenticate"}
    assert headers["METHOD_NOT_ALLOWED"] == {"X-Request-ID", "Allow"}
    assert headers["RATE_LIMITED"] == {"X-Request-ID", "Retry-After"}
    assert headers["CIRCUIT_OPEN"] == {"X-Request-ID", "Retry-After"}
    assert headers["NOT_FOUND"] == {"X-Request-ID"}
    assert error_components()["headers"].keys() == set().union(*headers.values())


def test_codes_of_one_status_stand_beside_each_other() -> None:
    """Described in place, with a choice of schemas and an example of each."""
    answer = error_responses([ConflictError, HallTakenError])["409"]

    assert "`CONFLICT`: " in answer["description"]
    assert "`HALL_TAKEN`: Conflict." in answer["description"]
    assert len(answer["content"][JSON]["schema"]["anyOf"]) == 2
    assert answer["content"][PROBLEM]["examples"].keys() == {"CONFLICT", "HALL_TAKEN"}


def test_an_error_with_a_body_of_its_own_is_shown_with_it() -> None:
    """The example goes through the class; problem details have their usual form."""
    entry = CatalogEntry(
        code="FIELDS_ERROR",
        title="Fields",
        status=400,
        meaning="-",
        remedy="-",
        example={"a.b": ["wrong"]},
        error=FieldsError,
    )
    CATALOG.add(entry)
    schemas = error_components()["schemas"]
    del CATALOG._entries["FIELDS_ERROR"]

    envelope = schemas["Error.FIELDS_ERROR"]["examples"][0]["error"]
    assert envelope["fields"] == {"a.b": ["wrong"]}
    problem = schemas["Problem.FIELDS_ERROR"]["examples"][0]
    assert problem["errors"][0]["pointer"] == "#/a/b"


def test_a_method_view_has_answers_by_method() -> None:
    """As its document has operations by method."""

    @raises(AuthenticationError)
    class Rooms(MethodView):
        @raises(NotFoundError)
        def get(self) -> str:
            return "fine"

        @raises(HallTakenError)
        def post(self) -> str:
            return "fine"

    view = Rooms.as_view("rooms")

    assert error_responses(view, method="GET").keys() == {"401", "404", "500"}
    assert error_responses(view, method="POST").keys() == {"401", "409", "500"}
    assert error_responses(view).keys() == {"401", "404", "409", "500"}


@pytest.mark.parametrize(
    ("root", "type_"), [("/shop", "/shop/problems/NOT_FOUND"), (None, "about:blank")]
)
def test_the_type_is_where_the_catalogue_is(root: str | None, type_: str) -> None:
    """Under the prefix of the application, or nowhere."""
    schemas = error_components(root=root)["schemas"]

    properties = schemas["Problem.NOT_FOUND"]["allOf"][1]["properties"]
    assert properties["type"] == {"const": type_}


def test_a_code_that_nobody_described_is_refused() -> None:
    """A document must not promise what does not exist."""
    with pytest.raises(ValueError, match="'NOPE' is not in the catalogue"):
        error_responses(["NOPE"])


def test_a_document_may_be_completed_by_its_owner() -> None:
    """What was given out is no part of the next document."""
    error_components()["schemas"]["Error"]["properties"]["mine"] = {}

    assert "mine" not in error_components()["schemas"]["Error"]["properties"]


def test_no_example_carries_the_request_that_asked() -> None:
    """The document of one request must not name it to all others."""
    app = Flask("backend")
    register_error_handlers(app)
    app.add_url_rule("/doc", "doc", error_components)

    answer = app.test_client().get("/doc", headers={"X-Request-ID": "mine-0815"})

    assert "mine-0815" not in answer.text
