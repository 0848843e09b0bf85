"""Marshmallow's errors, and webargs', in the one shape, with stable codes."""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from webargs.flaskparser import FlaskParser, use_args
from werkzeug.exceptions import UnprocessableEntity

from failwell.responses import from_marshmallow, register_error_handlers, to_app_error

CANARY = "hunter2-Zebra"
Details = dict[str, list[dict[str, str]]]


def _details(schema: Schema, value: object) -> Details:
    with pytest.raises(ValidationError) as caught:
        schema.load(value)
    details: Details = from_marshmallow(caught.value).details
    return details


def _of_field(field: fields.Field, value: object) -> list[dict[str, str]]:
    details = _details(Schema.from_dict({"field": field})(), {"field": value})
    (problems,) = details.values()
    return problems


def _refuse(*args: object) -> Callable[[object], None]:
    def refuse(value: object) -> None:
        raise ValidationError(*args)  # type: ignore[arg-type]  # whatever marshmallow lets through

    return refuse


class Person(Schema):
    """Somebody, with friends inside."""

    name = fields.String(required=True, data_key="fullName")
    friends = fields.List(fields.Nested(lambda: Person(only=["name"])))
    scores = fields.Dict(
        keys=fields.String(validate=validate.Length(max=2)), values=fields.Integer()
    )

    @validates_schema
    def _check(self, data: dict[str, object], **_: object) -> None:
        if data["name"] == "nobody":
            raise ValidationError("Somebody, please")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (fields.String(), 7, "invalid_string"),
        (fields.String(), b"\xff", "invalid_utf_8_string"),
        (fields.String(), None, "null"),
        (fields.Integer(), "x", "invalid_integer"),
        (fields.Float(), "x", "invalid_number"),
        (fields.Float(), "nan", "finite_number"),
        (fields.Boolean(), "x", "invalid_boolean"),
        (fields.DateTime(), "x", "invalid_datetime"),
        (fields.AwareDateTime(), "2026-01-02T03:04:05", "invalid_aware_datetime"),
        (fields.Date(), "x", "invalid_date"),
        (fields.TimeDelta(), "x", "invalid_period_of_time"),
        (fields.UUID(), "x", "invalid_uuid"),
        (fields.Email(), "x", "invalid_email_address"),
        (fields.URL(), "x", "invalid_url"),
        (fields.IPv4(), "x", "invalid_ipv4_address"),
        (fields.List(fields.Integer()), "x", "invalid_list"),
        (fields.Tuple((fields.Integer(),)), "x", "invalid_tuple"),
        (fields.Dict(), "x", "invalid_mapping_type"),
        (fields.Nested(Person), "x", "invalid_type"),
        (fields.String(validate=validate.Length(min=2)), "x", "too_short"),
        (fields.String(validate=validate.Length(max=2)), "xxx", "too_long"),
        (fields.String(validate=validate.Length(min=2, max=3)), "x", "wrong_length"),
        (fields.String(validate=validate.Length(equal=2)), "x", "wrong_length"),
        (fields.Integer(validate=validate.Range(min=2)), 1, "greater_than_equal"),
        (fields.Integer(validate=validate.Range(max=2)), 3, "less_than_equal"),
        (fields.Integer(validate=validate.Range(2, 3)), 1, "out_of_range"),
        (
            fields.Integer(validate=validate.Range(2, min_inclusive=False)),
            1,
            "greater_than",
        ),
        (
            fields.Integer(validate=validate.Range(max=2, max_inclusive=False)),
            3,
            "less_than",
        ),
        (fields.String(validate=validate.Equal("y")), "x", "not_equal"),
        (fields.String(validate=validate.Regexp("y")), "x", "pattern_mismatch"),
        (fields.String(validate=validate.OneOf(["y"])), "x", "not_among_choices"),
        (
            fields.List(fields.Integer(), validate=validate.ContainsOnly([1])),
            [2],
            "not_among_choices",
        ),
        (fields.String(validate=validate.NoneOf(["x"])), "x", "invalid"),
        (fields.String(validate=_refuse("Not a valid room.")), "x", "invalid"),
    ],
)
def test_codes_are_stable(field: fields.Field, value: object, code: str) -> None:
    """Marshmallow has sentences only; each of its own has one code."""
    assert [problem["code"] for problem in _of_field(field, value)] == [code]


def test_nested_problems_have_paths_of_what_was_sent() -> None:
    """Lists by place, names as sent, and no `key` or `value` below an entry."""
    value = {
        "friends": [{"fullName": "ada"}, {}, 7],
        "scores": {"abc": 1, "k": "x"},
        "colour": "red",
    }

    details = _details(Person(), value)

    codes = {path: problems[0]["code"] for path, problems in details.items()}
    assert codes == {
        "fullName": "missing",
        "friends.1.fullName": "missing",
        "friends.2": "invalid_type",
        "scores.abc": "too_long",
        "scores.k": "invalid_integer",
        "colour": "unknown",
    }


def test_an_entry_that_is_called_value_keeps_its_name() -> None:
    """Only marshmallow's own step is left out."""
    schema = Schema.from_dict({"scores": fields.Dict(values=fields.Integer())})()

    assert list(_details(schema, {"scores": {"value": "x"}})) == ["scores.value"]


def test_many_and_the_whole() -> None:
    """Of several objects the place comes first; a schema's own problem is the root."""
    several = _details(Person(many=True), [{"fullName": "ada"}, {"fullName": 1}])
    whole = _details(Person(), {"fullName": "nobody"})

    assert list(several) == ["1.fullName"]
    assert whole == {
        "body": [{"code": "invalid", "message": "Somebody, please", "pointer": "#"}]
    }


def test_a_message_may_bring_its_code() -> None:
    """Marshmallow takes any object as a message; code and message are understood."""
    own = {"required": {"code": "nameless", "message": "Who are you?"}}
    schema = Schema.from_dict(
        {
            "name": fields.String(required=True, error_messages=own),
            "message": fields.String(required=True),
        }
    )()

    details = _details(schema, {})

    assert details["name"] == [{"code": "nameless", "message": "Who are you?"}]
    assert details["message"][0]["code"] == "missing"


@pytest.mark.parametrize(
    "words",
    [
        (f"no: {CANARY}",),
        ([f"no: {CANARY.upper()}", f"{CANARY!r}"],),
        ({"inner": [f"no {CANARY}"]},),
        ({"code": "own", "message": f"no {CANARY}"},),
        ({"code": {"a": CANARY}, "message": f"no {CANARY}"},),
        ([object(), ValueError(CANARY), None, {"a": {"b": CANARY}}],),
    ],
)
def test_no_message_repeats_the_value(words: tuple[object]) -> None:
    """Whatever a validator raises; what is no text is not sent at all."""
    field = fields.String(validate=_refuse(*words))

    details = _details(Schema.from_dict({"field": field})(), {"field": CANARY})

    assert CANARY.casefold() not in json.dumps(details).casefold()


def test_marshmallows_own_placeholder_for_the_input_is_seen() -> None:
    """`{input}` in an application's text would send it back."""
    problems = _of_field(
        fields.String(validate=validate.OneOf(["a"], error="{input} is none of ours")),
        CANARY,
    )

    assert problems == [{"code": "invalid", "message": "The value is not valid"}]


def test_a_deep_error_ends() -> None:
    """Messages that hold themselves are left."""
    endless: dict[str, object] = {}
    endless["a"] = [endless, "x"]

    details = from_marshmallow(ValidationError(endless)).details

    assert 0 < len(details) <= 50


@pytest.fixture
def app() -> Flask:
    """Return an application that reads with webargs."""
    app = Flask("backend")
    register_error_handlers(app)
    limit = {"limit": fields.Integer(validate=validate.Range(min=1), required=True)}

    @app.post("/body")
    @use_args(limit, location="json")
    def body(args: dict[str, int]) -> dict[str, int]:
        return args

    @app.get("/query")
    @use_args(limit, location="query")
    def query(args: dict[str, int]) -> dict[str, int]:
        return args

    @app.get("/headers")
    @use_args(limit, location="headers")
    def headers(args: dict[str, int]) -> dict[str, int]:
        return args

    @app.post("/form")
    @use_args(limit, location="form")
    def form(args: dict[str, int]) -> dict[str, int]:
        return args

    @app.get("/path/<limit>")
    @use_args(limit, location="path")
    def path(args: dict[str, int], limit: str) -> dict[str, int]:
        return args

    return app


def test_webargs_answers_400_in_the_one_shape(app: Flask) -> None:
    """Not webargs' 422; parameters are named as such, the body by pointer."""
    client, accept = app.test_client(), {"Accept": "application/problem+json"}

    answers = [
        client.post("/body", json={"limit": CANARY}, headers=accept),
        client.post("/form", data={"limit": CANARY}, headers=accept),
        client.get(f"/query?limit={CANARY}", headers=accept),
        client.get("/headers", headers={**accept, "Limit": CANARY}),
        client.get(f"/path/{CANARY}", headers=accept),
    ]

    assert [answer.status_code for answer in answers] == [400] * 5
    assert {answer.json["code"] for answer in answers} == {"VALIDATION_ERROR"}
    errors = [answer.json["errors"][0] for answer in answers]
    assert [e.get("pointer") for e in errors] == [
        "#/limit",
        "#/limit",
        None,
        None,
        None,
    ]
    assert [e.get("parameter") for e in errors[2:]] == ["limit"] * 3
    assert {e["code"] for e in errors} == {"invalid_integer"}
    assert CANARY not in "".join(answer.text for answer in answers)


def test_broken_json_through_webargs_names_the_body(app: Flask) -> None:
    """Its 400 becomes ours."""
    answer = app.test_client().post(
        "/body", data="{", headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 400
    assert answer.json["error"]["details"]["body"][0]["code"] == "json_invalid"


def test_a_status_that_a_view_chose_for_webargs_stays() -> None:
    """Only the statuses that mean invalid input are answered as such."""
    app = Flask("backend")
    register_error_handlers(app)

    @app.get("/")
    @FlaskParser().use_args(
        {"key": fields.String(required=True)}, location="query", error_status_code=403
    )
    def view(args: dict[str, str]) -> dict[str, str]:
        return args

    answer = app.test_client().get("/")

    assert (answer.status_code, answer.json["error"]["code"]) == (403, "FORBIDDEN")


def test_an_http_exception_that_only_looks_like_webargs_is_left() -> None:
    """What carries something else is what it says it is."""
    for exc, data in [(None, None), (KeyError("x"), {"messages": {}}), (1, "x")]:
        error = UnprocessableEntity()
        error.exc, error.data = exc, data  # type: ignore[attr-defined]  # as webargs sets them

        assert to_app_error(error).code == "UNPROCESSABLE_ENTITY"


def test_a_schema_error_in_a_view_is_answered() -> None:
    """Raw marshmallow in a view needs no handler."""
    app = Flask("backend")
    register_error_handlers(app)

    @app.get("/")
    def view() -> dict[str, object]:
        return dict(Person().load({}))

    answer = app.test_client().get("/")

    assert answer.status_code == 400
    assert answer.json["error"]["details"]["fullName"][0]["code"] == "missing"
