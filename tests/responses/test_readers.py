"""`read_body`, `read_query`, `read_path`, `read_headers`: what each model gets."""

import dataclasses
import json
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from flask import Flask, jsonify, request
from flask.testing import FlaskClient
from marshmallow import Schema, fields
from pydantic import BaseModel, ConfigDict, Field
from pydantic.errors import PydanticUserError
from typing_extensions import TypedDict

from failwell import read_body, read_headers, read_path, read_query
from failwell.responses import register_error_handlers

Reader = Callable[[Any], Any]
PROBLEM = {"Accept": "application/problem+json"}


class Person(BaseModel):
    """What is sent, strictly."""

    model_config = ConfigDict(strict=True, extra="forbid")

    name: str
    age: int = 0


class Filter(BaseModel):
    """What is asked; strict, though all is text."""

    model_config = ConfigDict(strict=True, extra="forbid")

    tags: list[str] = []
    sizes: set[int] | None = Field(None, alias="size")
    limit: int = Field(10, ge=1)


class Client(BaseModel):
    """What a client says of itself."""

    model_config = ConfigDict(extra="forbid")

    x_api_version: int
    languages: list[str] = Field([], alias="Accept-Language")


class PersonSchema(Schema):
    """The same for marshmallow."""

    name = fields.String(required=True)
    age = fields.Integer()


class FilterSchema(Schema):
    """The same for marshmallow."""

    tags = fields.List(fields.String())
    limit = fields.Integer(data_key="max")


class ClientSchema(Schema):
    """The same for marshmallow."""

    x_api_version = fields.Integer(required=True)


@dataclasses.dataclass
class Point:
    """A plain dataclass."""

    x: int
    y: int = 0


class Place(TypedDict):
    """A typed dict."""

    room: int


def _client(reader: Reader, model: object, rule: str = "/") -> FlaskClient:
    app = Flask("backend")
    register_error_handlers(app)

    @app.route(rule, methods=["GET", "POST"])
    def view(**_: object) -> Any:  # noqa: ANN401 - whatever JSON can be made of
        found = reader(model)
        return jsonify(found.model_dump() if isinstance(found, BaseModel) else found)

    return app.test_client()


@pytest.mark.parametrize(
    ("model", "sent", "read"),
    [
        (Person, {"name": "ada"}, {"name": "ada", "age": 0}),
        (list[int], [1, 2], [1, 2]),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (int | None, None, None),
        (Annotated[int, Field(gt=1)], 2, 2),
        (Annotated[int, {"un": "hashable"}], 2, 2),
        (Point, {"x": 1}, {"x": 1, "y": 0}),
        (PersonSchema, {"name": "ada"}, {"name": "ada"}),
        (PersonSchema(), {"name": "ada"}, {"name": "ada"}),
        (PersonSchema(many=True), [{"name": "ada"}], [{"name": "ada"}]),
    ],
)
def test_a_body_is_read_by_any_model(model: object, sent: object, read: object) -> None:
    """Pydantic's classes, any type, marshmallow's schemas and their instances."""
    answer = _client(read_body, model).post(
        "/", data=json.dumps(sent), content_type="application/json"
    )

    assert (answer.status_code, answer.json) == (200, read)


@pytest.mark.parametrize(
    ("model", "path"),
    [(Person, "name"), (PersonSchema, "name"), (Point, "x"), (list[int], "body")],
)
def test_a_body_that_does_not_validate_names_its_fields(
    model: object, path: str
) -> None:
    """400 and the same shape, whichever library it is."""
    answer = _client(read_body, model).post("/", json={})

    assert (answer.status_code, answer.json["error"]["code"]) == (
        400,
        "VALIDATION_ERROR",
    )
    assert list(answer.json["error"]["details"]) == [path]


def test_a_union_in_a_body_has_pointers_into_what_was_sent() -> None:
    """The reader knows the document."""
    answer = _client(read_body, dict[str, Person | list[int]]).post(
        "/", json={"a": {"name": 1}, "b": [1, "x"]}, headers=PROBLEM
    )

    pointers = {error["pointer"] for error in answer.json["errors"]}
    assert {"#/a/name", "#/b/1"} <= pointers <= {"#/a", "#/b", "#/a/name", "#/b/1"}


def test_a_body_can_be_read_again() -> None:
    """Reading takes nothing from the view, nor the other way round."""
    app = Flask("backend")

    @app.post("/")
    def view() -> list[object]:
        return [request.json, read_body(list[int]), read_body(list[int]), request.json]

    assert app.test_client().post("/", json=[1]).json == [[1]] * 4


def test_unions_are_told_apart_by_their_order() -> None:
    """Both are equal to Python, which must not make one stand for the other."""
    kinds = [dict[str, bool | int], dict[str, int | bool], dict[str, bool | int]]

    read = [_client(read_query, kind).get("/?a=1").json["a"] for kind in kinds]

    assert [type(value) for value in read] == [bool, int, bool]


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("", {"tags": [], "sizes": None, "limit": 10}),
        ("tags=a&limit=5", {"tags": ["a"], "sizes": None, "limit": 5}),
        ("tags=a&tags=b&tags=", {"tags": ["a", "b", ""], "sizes": None, "limit": 10}),
    ],
)
def test_a_query_gives_lists_where_lists_are_wanted(query: str, read: object) -> None:
    """One value or several, and texts are read though the model is strict."""
    answer = _client(read_query, Filter).get(f"/?{query}")

    assert answer.json == read


def test_a_set_behind_an_alias_is_a_list_too() -> None:
    """Aliases, optional fields and other collections are understood."""
    client = _client(lambda model: sorted(read_query(model).sizes or ()), Filter)

    assert client.get("/?size=3").json == [3]
    assert client.get("/?size=3&size=1").json == [1, 3]


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        ("limit=0", "limit", "greater_than_equal"),
        ("limit=1&limit=2", "limit", "int_type"),
        ("limit=", "limit", "int_parsing"),
        ("size=1&size=x", "size", "int_parsing"),
        ("colour=red", "colour", "extra_forbidden"),
    ],
)
def test_a_bad_parameter_is_named_as_one(query: str, name: str, code: str) -> None:
    """In problem+json by `parameter`, and never by a pointer into a body."""
    answer = _client(read_query, Filter).get(f"/?{query}", headers=PROBLEM)

    (error,) = answer.json["errors"]
    assert answer.status_code == 400
    assert (error["parameter"], error["code"]) == (name, code)
    assert "pointer" not in error


def test_a_query_is_read_by_a_schema() -> None:
    """Lists and names as sent, errors in the same shape."""
    client = _client(read_query, FilterSchema)

    read = client.get("/?tags=a&max=3")
    wrong = client.get("/?max=x&max=y", headers=PROBLEM)

    assert read.json == {"tags": ["a"], "limit": 3}
    assert wrong.json["errors"] == [
        {
            "parameter": "max",
            "code": "invalid_integer",
            "detail": "Not a valid integer.",
        }
    ]


def test_a_query_without_declared_fields_is_taken_as_it_is() -> None:
    """One value is a text, several are a list."""
    client = _client(read_query, dict[str, str | list[str]])

    assert client.get("/?a=1&b=2&b=3").json == {"a": "1", "b": ["2", "3"]}


@pytest.mark.parametrize("model", [Place, Schema.from_dict({"room": fields.Integer()})])
def test_a_path_is_read(model: object) -> None:
    """What the converters made of it is validated."""
    client = _client(read_path, model, "/rooms/<room>")

    read = client.get("/rooms/7")
    wrong = client.get("/rooms/seven", headers=PROBLEM)

    assert read.json == {"room": 7}
    assert wrong.status_code == 400
    assert [error["parameter"] for error in wrong.json["errors"]] == ["room"]


def test_a_path_without_variables_is_empty() -> None:
    """Also where the request matched no rule."""
    app = Flask("backend")

    with app.test_request_context("/nowhere"):
        assert read_path(dict[str, str]) == {}


@pytest.mark.parametrize("model", [Client, ClientSchema])
def test_headers_are_found_by_their_field(model: object) -> None:
    """Undeclared ones are left out; the answer names the header, not the field."""
    client = _client(read_headers, model)

    read = client.get("/", headers={"X-API-VERSION": "2"})
    wrong = client.get("/", headers={**PROBLEM, "X-Api-Version": "two"})
    missing = client.get("/")

    assert read.json["x_api_version"] == 2
    assert [error["parameter"] for error in wrong.json["errors"]] == ["x-api-version"]
    assert list(missing.json["error"]["details"]) == ["x-api-version"]


def test_a_header_of_several_values_is_parted() -> None:
    """At the commas, as RFC 9110 has lists."""
    answer = _client(read_headers, Client).get(
        "/", headers={"X-Api-Version": "1", "Accept-Language": "de, en"}
    )

    assert answer.json["languages"] == ["de", "en"]


def test_all_headers_for_a_model_without_fields() -> None:
    """By names in lower case."""
    answer = _client(read_headers, dict[str, str]).get("/", headers={"X-A": "1"})

    assert answer.json["x-a"] == "1"


@pytest.mark.parametrize("reader", [read_body, read_query, read_path, read_headers])
@pytest.mark.parametrize(
    "model", [Person(name="ada"), Point(1), {"name": str}, 7, "Person", None, [int]]
)
def test_what_is_no_model_is_refused(reader: Reader, model: object) -> None:
    """The message names the reader and says what is allowed."""
    app = Flask("backend")

    with (
        app.test_request_context("/", method="POST", json={}),
        pytest.raises(TypeError, match="pydantic model class") as caught,
    ):
        reader(model)

    assert f"{reader.__name__}() takes" in str(caught.value)
    assert type(model).__qualname__ in str(caught.value)


def test_an_instance_of_a_model_is_told_to_be_the_class() -> None:
    """The commonest slip has a hint of its own."""
    with (
        Flask("backend").test_request_context("/"),
        pytest.raises(TypeError, match="instance of Person: pass the class"),
    ):
        read_query(Person(name="ada"))


def test_a_class_that_pydantic_cannot_validate_says_why() -> None:
    """Its own message is better than ours."""

    class Unknown:
        """No model at all."""

    for model in (Unknown, list[Unknown]):
        with (
            Flask("backend").test_request_context("/"),
            pytest.raises(PydanticUserError, match="arbitrary_types_allowed"),
        ):
            read_query(model)


def test_a_model_without_a_json_schema_can_be_read() -> None:
    """Its fields are unknown then: every parameter is passed on as it is."""

    class Odd(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)

        limit: int
        call: Callable[[], int] | None = None

    client = _client(lambda model: read_query(model).limit, Odd)

    assert client.get("/?limit=3").json == 3
