"""The hardest case of validation: two libraries and our own hand, in every place.

Body, query, path and headers: one shape, all errors, nothing of the input, no link.
"""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema, fields
from pydantic import BaseModel

from failwell import (
    Failwell,
    ValidationError,
    read_body,
    read_headers,
    read_path,
    read_query,
)

CANARY = "hunter2"
PROBLEM = {"Accept": "application/problem+json"}


class Model(BaseModel):
    """Two numbers."""

    first: int
    x_second: int


class Numbers(Schema):
    """Two numbers."""

    first = fields.Integer(required=True)
    x_second = fields.Integer(required=True)


def _by_hand(reader: Any, location: str) -> None:  # noqa: ANN401 - one of four functions
    found = reader(dict[str, str])
    second = "x-second" if location == "headers" else "x_second"
    where = {} if location == "body" else {"parameter": second}
    first = {"code": "number", "message": "A number", "parameter": "first"}
    if location == "body":
        del first["parameter"]
    problem = {"code": "number", "message": "A number", **where}
    if found:
        raise ValidationError(details={"first": [first], second: [problem]})


READERS = {
    "body": read_body,
    "query": read_query,
    "path": read_path,
    "headers": read_headers,
}


@pytest.fixture(params=[Model, Numbers, None], ids=["pydantic", "marshmallow", "hand"])
def client(request: pytest.FixtureRequest) -> FlaskClient:
    """Return a client of an application that reads two numbers wherever they are."""
    app = Flask("backend")
    app.testing = True
    Failwell(app)

    @app.post("/<location>/<first>/<x_second>")
    def view(location: str, **_: str) -> dict[str, object]:
        reader: Any = READERS[location]
        if request.param is None:
            _by_hand(reader, location)
        reader(request.param)
        return {}

    return app.test_client()


@pytest.mark.parametrize("location", READERS)
def test_one_shape(client: FlaskClient, location: str) -> None:
    """Both fields are named in both forms, wherever they were and whoever looked."""
    sent: dict[str, Any] = {
        "json": {"first": CANARY, "x_second": CANARY},
        "headers": {"First": CANARY, "X-Second": CANARY},
    }
    url = f"/{location}/{CANARY}/{CANARY}?first={CANARY}&x_second={CANARY}"
    if location == "path":
        url = url.split("?", maxsplit=1)[0]

    plain = client.post(url, **sent)
    sent["headers"] |= PROBLEM
    problem = client.post(url, **sent)

    second = "x-second" if location == "headers" else "x_second"
    details = plain.json["error"]["details"]
    named = set(details) - {"location"}
    assert (plain.status_code, problem.status_code) == (400, 400)
    assert plain.json["error"]["code"] == problem.json["code"] == "VALIDATION_ERROR"
    assert named == {"first", second}
    for name in named:
        assert all({"code", "message"} <= set(entry) for entry in details[name])
    member = "pointer" if location == "body" else "parameter"
    assert {e[member].removeprefix("#/") for e in problem.json["errors"]} >= named
    assert {frozenset(e) for e in problem.json["errors"]} == {
        frozenset({member, "code", "detail"})
    }
    assert not any(w in plain.text + problem.text for w in (CANARY, "http", "input"))
