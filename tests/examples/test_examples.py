"""Each example answers its errors in our shape, and describes exactly these."""

import re
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

TOKEN = {"Authorization": "Bearer secret"}
JSON, PROBLEM = "application/json", "application/problem+json"
FAILURES: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/rooms/7", {}),
    ("POST", "/rooms/1", {"json": {"title": "Taken"}}),
    ("POST", "/rooms/2", {"json": {}}),
    ("POST", "/rooms/2", {"data": "{", "content_type": JSON}),
    ("GET", "/report", {}),
]


def _send(app: Flask, failure: tuple[str, str, dict[str, Any]]) -> TestResponse:
    method, path, sent = failure
    return app.test_client().open(path, method=method, headers=TOKEN, **sent)


def _document(app: Flask) -> dict[str, Any]:
    document: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return document


def _described(app: Flask, method: str, path: str, status: int) -> Any:  # noqa: ANN401 - JSON
    document = _document(app)
    template = re.sub(r"/\d+$", "/{room_id}", path)
    answer = document["paths"][template][method.lower()]["responses"][str(status)]
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].split("/")[-1]]
    return answer | {"components": document["components"]}


def test_the_document_is_valid(app: Flask) -> None:
    """It is OpenAPI 3.1, read twice alike, and every operation may fail with 500."""
    document = _document(app)

    validate(document)
    assert document["openapi"].startswith("3.1.")
    assert _document(app) == document
    for operations in document["paths"].values():
        for method in operations.keys() & {"get", "post"}:
            assert "500" in operations[method]["responses"]
            assert "default" not in operations[method]["responses"]
            assert "422" not in operations[method]["responses"]


@pytest.mark.parametrize("accept", [JSON, PROBLEM])
@pytest.mark.parametrize("failure", FAILURES, ids=lambda f: f"{f[0]} {f[1]}")
def test_failures_are_answered_as_described(
    app: Flask, failure: tuple[str, str, dict[str, Any]], accept: str
) -> None:
    """Domain errors, invalid input, broken JSON and limits, in both forms."""
    method, path, sent = failure
    answer = app.test_client().open(
        path, method=method, headers={**TOKEN, "Accept": accept}, **sent
    )

    described = _described(app, method, path, answer.status_code)
    assert answer.mimetype == accept
    schema = described["content"][accept]["schema"]
    Draft202012Validator(schema | {"components": described["components"]}).validate(
        answer.json
    )
    for name in described["headers"]:
        assert answer.headers[name]


def test_invalid_input_is_400_with_its_fields(app: Flask) -> None:
    """The same shape from every library."""
    answer = _send(app, ("POST", "/rooms/2", {"json": {}}))

    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]["code"] == "VALIDATION_ERROR"
    (problem,) = answer.json["error"]["details"]["title"]
    assert problem.keys() == {"code", "message"}


def test_http_errors_have_our_shape_and_their_headers(app: Flask) -> None:
    """404, 405 with Allow, 429 with Retry-After."""
    client = app.test_client()

    missing = client.get("/nowhere")
    method = client.delete("/rooms/1")
    limited = client.get("/report")

    assert [answer.get_json()["error"]["code"] for answer in (missing, method)] == [
        "NOT_FOUND",
        "METHOD_NOT_ALLOWED",
    ]
    assert "POST" in method.headers["Allow"]
    assert limited.status_code == 429
    assert limited.headers["Retry-After"] == "30"
    assert limited.get_json()["error"]["message"] == "One report a minute"


@pytest.mark.parametrize(
    ("name", "method", "path", "challenge"),
    [
        ("plain", "POST", "/rooms/1", 'Bearer realm="api"'),
        ("apiflask_app", "POST", "/rooms/1", 'Bearer realm="rooms"'),
        ("smorest_app", "GET", "/private", "Basic realm=rooms"),
    ],
)
def test_a_401_keeps_its_own_challenge(
    load_example: Any,  # noqa: ANN401 - a function that imports
    name: str,
    method: str,
    path: str,
    challenge: str,
) -> None:
    """Exactly one, of the scheme that the application signs in with."""
    app = load_example(name).create_app({"TESTING": True})

    answer = app.test_client().open(path, method=method)

    assert answer.status_code == 401
    assert answer.get_json()["error"].keys() == {"code", "message", "details"}
    assert answer.headers.getlist("WWW-Authenticate") == [challenge]
    assert _described(app, method, path, 401)["headers"].keys() >= {"WWW-Authenticate"}


def test_the_catalogue_is_served_beside(app: Flask) -> None:
    """The type of a problem leads there, also under a framework."""
    client = app.test_client()
    problem = client.get("/rooms/7", headers={"Accept": PROBLEM}).get_json()

    assert client.get(problem["type"]).get_json()["code"] == "NOT_FOUND"
