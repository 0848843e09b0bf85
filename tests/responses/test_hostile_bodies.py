"""Bodies that are no JSON, or mean two things: always a 4xx that repeats nothing.

The hardest cases of reading a body, the same for both libraries.
"""

from io import BytesIO

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from marshmallow import INCLUDE, Schema

from failwell import read_body
from failwell.responses import register_error_handlers

JSON = {"Content-Type": "application/json"}


class Anything(Schema):
    """Takes every field."""

    class Meta:
        """Options."""

        unknown = INCLUDE


@pytest.fixture(params=[dict[str, object], Anything], ids=["pydantic", "marshmallow"])
def client(request: pytest.FixtureRequest) -> FlaskClient:
    """Return a client of an application that reads any object, up to 1 MiB."""
    app = Flask("backend")
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    register_error_handlers(app)

    @app.post("/")
    def view() -> ResponseReturnValue:
        return jsonify(read_body(request.param))

    return app.test_client()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "missing"),
        (b" \r\n", "missing"),
        (b"{", "json_invalid"),
        (b"{'a': 1}", "json_invalid"),
        (b'{"a": 1,}', "json_invalid"),
        (b'{"a": 1} x', "json_invalid"),
        (b'{"a": "\n"}', "json_invalid"),
        (b"\xff\xfe", "json_invalid"),
        ('{"a": "é"}'.encode("latin-1"), "json_invalid"),
        ('{"a": 1}'.encode("utf-16"), "json_invalid"),
        (b'\xef\xbb\xbf{"a": 1}', "json_invalid"),
        (b'{"a": "\\ud800"}', "json_invalid"),
        (b'{"\\uDfff": 1}', "json_invalid"),
        (b'{"a": "\xed\xa0\x80"}', "json_invalid"),
        (b'{"a": NaN}', "json_invalid"),
        (b'{"a": -Infinity}', "json_invalid"),
        (b'{"a": 1e999}', "json_invalid"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "json_invalid"),
        (b"[" * 200_000, "json_invalid"),
        (b'{"a":' * 100_000, "json_invalid"),
        (b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}", None),
        (b'{"a": 1, "a": 2}', "duplicate_name"),
        (b'{"b": [{"a": 1, "\\u0061": 2}]}', "duplicate_name"),
    ],
    ids=range(23),
)
def test_what_is_no_json_is_400(
    client: FlaskClient, raw: bytes, code: str | None
) -> None:
    """It names the body as a whole, with a code; the next request is served."""
    answer = client.post("/", data=raw, headers=JSON)

    if code is None:
        # Whether 900 levels are too deep is for the libraries to say; never a 500.
        assert answer.status_code in {200, 400}
    else:
        (problem,) = answer.json["error"]["details"]["body"]
        assert (answer.status_code, problem["code"]) == (400, code)
    assert client.post("/", json={"a": 1}).json == {"a": 1}


def test_broken_json_says_where(client: FlaskClient) -> None:
    """By line and column, not by quoting."""
    answer = client.post("/", data=b'{\n  "a": hunter2}', headers=JSON)

    (problem,) = answer.json["error"]["details"]["body"]
    assert problem["message"] == "Invalid JSON at line 2, column 8"
    assert "hunter2" not in answer.text


def test_the_problem_points_to_the_root(client: FlaskClient) -> None:
    """In problem+json the whole body is the empty pointer (RFC 6901, section 6)."""
    answer = client.post(
        "/", data=b"{", headers={**JSON, "Accept": "application/problem+json"}
    )

    assert [error["pointer"] for error in answer.json["errors"]] == ["#"]


def test_pairs_of_surrogates_are_text(client: FlaskClient) -> None:
    """Escaped as JSON has it, a pair is one character."""
    answer = client.post("/", data=b'{"a": "\\uD83D\\uDE00"}', headers=JSON)

    assert answer.json == {"a": "\U0001f600"}


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
        "garbage",
    ],
)
def test_another_media_type_is_415(client: FlaskClient, kind: str) -> None:
    """It says what to send."""
    answer = client.post("/", data=b'{"a": 1}', headers={"Content-Type": kind})

    assert answer.status_code == 415
    assert "application/json" in answer.json["error"]["message"]


def test_json_with_another_name_is_read(client: FlaskClient) -> None:
    """`application/…+json` is JSON; a charset changes nothing."""
    for kind in ("application/vnd.x+json", "application/json; charset=utf-8"):
        answer = client.post("/", data=b'{"a": 1}', headers={"Content-Type": kind})
        assert answer.json == {"a": 1}


def test_no_body_at_all_is_400(client: FlaskClient) -> None:
    """Nothing was sent, so no media type was wrong."""
    answer = client.post("/")

    assert (answer.status_code, list(answer.json["error"]["details"])) == (
        400,
        ["body"],
    )


def test_a_large_body_is_413(client: FlaskClient) -> None:
    """Before anything is parsed."""
    answer = client.post("/", data=b" " * (1024 * 1024 + 1), headers=JSON)

    assert answer.status_code == 413


def test_a_chunked_body_is_refused_at_the_limit(client: FlaskClient) -> None:
    """Never cut there and then read."""
    document = b'{"a": 1}'
    sizes = {1024 * 1024: 413, 1024 * 1024 + 7: 413, len(document): 200}

    for size, status in sizes.items():
        answer = client.post(
            "/",
            input_stream=BytesIO(document.ljust(size)),
            headers={**JSON, "Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert answer.status_code == status
