"""Views that read every part of a request, by pydantic and by marshmallow.

Nothing that is sent may make them fail: a 500 of theirs is a defect.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any

from flask import request
from library import users
from marshmallow import Schema, fields, validate
from pydantic import BaseModel, Field

from failwell import (
    ConflictError,
    ConstraintViolationError,
    ValidationError,
    read_body,
    read_headers,
    read_path,
    read_query,
)
from misbehaving._stores import run
from misbehaving._views import Declared, View

Shape = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation of the document and the view that serves it."""

    method: str
    path: str
    view: View
    declared: tuple[Declared, ...]
    parameters: list[Any] = field(default_factory=list)
    body: object = None


class Person(BaseModel):
    """A row to be, of which the database has a word to say, too."""

    email: Annotated[str, Field(min_length=1)]
    age: int | None = None
    tags: dict[str, list[float]] = {}


class Search(BaseModel):
    """Parameters."""

    first: int
    x_second: Annotated[list[bool], Field(max_length=3)] = []


class PersonSchema(Schema):
    """As the model."""

    email = fields.String(required=True, validate=validate.Length(min=1))
    age = fields.Integer(allow_none=True, strict=True)
    tags = fields.Dict(fields.String(), fields.List(fields.Float()))


class SearchSchema(Schema):
    """As the model."""

    first = fields.Integer(required=True)
    x_second = fields.List(fields.Boolean(), validate=validate.Length(max=3))


class PlaceSchema(Schema):
    """What stands in an address."""

    first = fields.Integer(required=True)
    x_second = fields.UUID(required=True)


def _insert(model: object) -> View:
    def view() -> Shape:
        read: Any = read_body(model)
        person = dict(read)
        run(users.insert(), email=person["email"], age=person.get("age"))
        return {}

    return view


def _read(reader: Any, model: object) -> View:  # noqa: ANN401 - one of four functions
    def view(**_: str) -> Shape:
        reader(model)
        return {}

    return view


def _by_the_library() -> Shape:
    """Read the body as Flask does, and validate it without failwell's help."""
    Person.model_validate(request.get_json())
    return {}


def _parameters(place: str, second: Shape) -> list[Any]:
    name = "x-second" if place == "header" else "x_second"
    required = place == "path"
    return [
        {"in": place, "name": "first", "required": True, "schema": {"type": "integer"}},
        {"in": place, "name": name, "required": required, "schema": second},
    ]


_UUID = {"type": "string", "format": "uuid"}
_LIST = {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}
_INPUT = (ValidationError,)
_BODY = (ValidationError, "UNSUPPORTED_MEDIA_TYPE", "REQUEST_ENTITY_TOO_LARGE")
_STORED = (*_BODY, ConflictError, ConstraintViolationError)
_PLACED = (ValidationError, "NOT_FOUND")
_PLACE = "/{first}/{x_second}"
_PERSON = Person.model_json_schema()
_QUERY, _HEADERS, _PATH = (
    _parameters("query", _LIST),
    _parameters("header", _LIST),
    _parameters("path", _UUID),
)

OPERATIONS = [
    Operation("post", "/flask", _by_the_library, ("BAD_REQUEST", *_BODY), [], _PERSON),
    Operation("post", "/pydantic", _insert(Person), _STORED, [], _PERSON),
    Operation("delete", "/pydantic", _insert(Person), _STORED, [], _PERSON),
    Operation("put", "/pydantic", _read(read_body, list[int]), _BODY, [], {}),
    Operation("get", "/pydantic", _read(read_query, Search), _INPUT, _QUERY),
    Operation("patch", "/pydantic", _read(read_headers, Search), _INPUT, _HEADERS),
    Operation(
        "get",
        f"/pydantic{_PLACE}",
        _read(read_path, dict[str, int]),
        _PLACED,
        _PATH,
    ),
    Operation("post", "/schema", _insert(PersonSchema), _STORED, [], PersonSchema),
    Operation("get", "/schema", _read(read_query, SearchSchema), _INPUT, _QUERY),
    Operation("patch", "/schema", _read(read_headers, SearchSchema), _INPUT, _HEADERS),
    Operation("get", f"/schema{_PLACE}", _read(read_path, PlaceSchema), _PLACED, _PATH),
]
"""What reads, and the errors that may come of it."""
