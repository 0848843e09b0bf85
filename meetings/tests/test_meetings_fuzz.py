"""Requests made out of the OpenAPI document, right and wrong in every place.

Whatever is sent, the answer is one that the document describes: its status is listed,
its body fits the schema of that status, and it is never 500.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from meetings_api import Api, Person, at
from werkzeug.test import TestResponse

Schema = dict[str, Any]
Texts = st.SearchStrategy[str]

DAY = datetime(2026, 5, 4, tzinfo=UTC)
# Surrogates and NUL too: what `st.text()` alone would spare us.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=12)
INTEGERS = st.integers(-2, 8) | st.sampled_from([2**31, 2**63 - 1, 2**63, 10**40])
NOISE = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=5,
)
MOMENTS = st.builds(
    lambda hours, offset: (
        (DAY + timedelta(hours=hours))
        .astimezone(timezone(timedelta(minutes=offset)))
        .isoformat()
    ),
    st.integers(0, 30),
    st.sampled_from([0, 0, 120, -570]),
)
# The first two exist.
IDS = st.sampled_from(["1", "2"]) | INTEGERS.map(str) | TEXTS.filter(bool)
EMAILS = st.sampled_from(["ada@example.com", "bob@example.com", "new@example.com"])
TAGS = st.sampled_from(['"1-1"', '"2-1"', "*", 'W/"1-1"', '"', ",", "", "1-1"])
MEDIA = st.sampled_from(
    ["application/json"] * 8 + ["text/plain", "application/json; charset=x", ""]
)
ACCEPTS = st.sampled_from(["*/*", "application/problem+json", "text/html", ";;q=,"])


@dataclass(frozen=True)
class World:
    """An application with something in it, its document, and who may call."""

    api: Api
    document: Schema
    callers: list[Person | None]
    validators: dict[str, Draft202012Validator] = field(default_factory=dict)

    def operations(self) -> list[tuple[str, str]]:
        """Return every (method, path template) of the document."""
        return [
            (method.upper(), path)
            for path, operations in self.document["paths"].items()
            for method in operations
        ]

    def resolve(self, reference: Schema) -> Schema:
        """Return what a `$ref` leads to, anything else as it is."""
        if "$ref" not in reference:
            return reference
        kind, name = reference["$ref"].split("/")[-2:]
        found: Schema = self.document["components"][kind][name]
        return found

    def validate(self, schema: Schema, body: object) -> None:
        """Return when `body` fits the schema."""
        key = json.dumps(schema)
        if key not in self.validators:
            whole = {**schema, "components": self.document["components"]}
            self.validators[key] = Draft202012Validator(whole)
        self.validators[key].validate(body)


@pytest.fixture(scope="module")
def world(shared_api: Api) -> World:
    """Return the world that all requests of a test act on."""
    return _furnish(shared_api)


def _furnish(api: Api) -> World:
    ada, bob, admin = api.person(), api.person("Bob"), api.admin()
    room_id = api.room(capacity=3)
    api.book(ada, max_capacity=2, **at(9))
    api.book(ada, room_id=room_id, participants=[bob.id], **at(12))
    document = api.call("GET", "/openapi.json").get_json()
    return World(api, document, [None, ada, bob, admin])


def _fitting(world: World, schema: Schema) -> st.SearchStrategy[Any]:
    """Return values that fit the schema, as far as a schema can say it."""
    schema = world.resolve(schema)
    if "anyOf" in schema:
        return st.one_of([_fitting(world, option) for option in schema["anyOf"]])
    kinds: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "null": st.none,
        "integer": lambda: st.integers(schema.get("minimum", 0), 5),
        "array": lambda: st.lists(_fitting(world, schema["items"]), max_size=3),
        "object": lambda: _object(world, schema),
        "string": lambda: _string(schema),
    }
    return kinds[schema["type"]]()


def _string(schema: Schema) -> Texts:
    formats = {"date-time": MOMENTS, "email": EMAILS}
    longest = min(schema.get("maxLength", 20), 20)
    plain = st.text(min_size=schema.get("minLength", 0), max_size=longest)
    return formats.get(schema.get("format", ""), plain)


def _object(world: World, schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    required = set(schema.get("required", ()))
    fields = {name: _fitting(world, s) for name, s in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: values for name, values in fields.items() if name in required},
        optional={n: values for n, values in fields.items() if n not in required},
    )


@st.composite
def _bodies(draw: st.DrawFn, world: World, schema: Schema) -> bytes:
    """Return a body: mostly one that nearly fits, with one thing wrong."""
    body = draw(_fitting(world, schema))
    damage = draw(st.sampled_from(["", "", "value", "extra", "gone", "noise", "raw"]))
    if damage == "raw":
        return draw(st.binary(max_size=40))
    if damage == "noise":
        body = draw(NOISE)
    elif damage == "extra":
        body[draw(TEXTS)] = draw(NOISE)
    elif damage and body:
        name = draw(st.sampled_from(sorted(body)))
        body.pop(name)
        if damage == "value":
            body[name] = draw(NOISE)
    return json.dumps(body).encode()


def _query(world: World, operation: Schema) -> st.SearchStrategy[dict[str, str]]:
    known = {
        parameter["name"]: _fitting(world, parameter["schema"]).map(str) | TEXTS
        for parameter in operation["parameters"]
        if parameter["in"] == "query"
    }
    return st.fixed_dictionaries({}, optional={**known, "unknown": TEXTS})


def _send(
    world: World, data: st.DataObject, method: str, template: str
) -> TestResponse:
    operation = world.document["paths"][template][method.lower()]
    headers = {"Accept": data.draw(ACCEPTS, "accept")}
    names = {p["name"]: p for p in operation["parameters"]}
    path = template
    for name in (name for name in names if names[name]["in"] == "path"):
        value = data.draw(IDS, name)
        path = path.replace(f"{{{name}}}", quote(value, safe="", errors="replace"))
    if "If-Match" in names and data.draw(st.booleans(), "conditional"):
        headers["If-Match"] = data.draw(TAGS, "tag")
    raw = b""
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        raw = data.draw(_bodies(world, content["schema"]), "body")
        headers["Content-Type"] = data.draw(MEDIA, "media type")
    query = {
        name: value.encode("utf-8", "replace").decode()
        for name, value in data.draw(_query(world, operation), "query").items()
    }
    caller = data.draw(st.sampled_from(world.callers), "caller")
    return world.api.call(
        method, f"/{path}", caller, data=raw, headers=headers, query_string=query
    )


def _is_described(world: World, data: st.DataObject) -> None:
    method, template = data.draw(st.sampled_from(world.operations()), "operation")

    answer = _send(world, data, method, template)

    described = world.document["paths"][template][method.lower()]["responses"]
    status = str(answer.status_code)
    assert answer.status_code < 500, answer.text
    assert status in described, (status, answer.request.full_path, answer.text)
    assert answer.headers["X-Request-ID"]
    expected = world.resolve(described[status])
    content = expected.get("content", {})
    for name, header in expected.get("headers", {}).items():
        assert name in answer.headers or not world.resolve(header).get("required")
    if content:
        assert answer.mimetype in content
        if "schema" in content[answer.mimetype]:
            world.validate(content[answer.mimetype]["schema"], answer.get_json())
    if answer.status_code == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_every_answer_is_described(world: World, data: st.DataObject) -> None:
    """A few requests to every address, by everybody."""
    _is_described(world, data)


@pytest.mark.faults
@settings(max_examples=4_000, deadline=None)
@given(data=st.data())
def test_every_answer_is_described_at_length(world: World, data: st.DataObject) -> None:
    """The same, with many more."""
    _is_described(world, data)


def test_the_requests_reach_everything(api: Api) -> None:
    """What is generated also succeeds: requests that only fail would find nothing."""
    world = _furnish(api)
    seen: set[tuple[str, int]] = set()

    @settings(max_examples=400, deadline=None, database=None, derandomize=True)
    @given(data=st.data())
    def collect(data: st.DataObject) -> None:
        method, template = data.draw(st.sampled_from(world.operations()))
        answer = _send(world, data, method, template)
        seen.add((method, answer.status_code))

    collect()

    assert {status for _, status in seen} >= {200, 201, 400, 401, 403, 404, 409, 415}
    assert {method for method, status in seen if status < 300} >= {"GET", "POST"}
