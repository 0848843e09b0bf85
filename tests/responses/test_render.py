"""The two forms of one answer, and which of them the client gets."""

from typing import Any

import pytest
from flask import Flask, Response
from hypothesis import given
from hypothesis import strategies as st

from failwell.exceptions import AppError, ConflictError, ValidationError
from failwell.responses import register_error_handlers, render
from failwell.responses._rendering._negotiation import prefers_html, prefers_problem

PROBLEM = "application/problem+json"


def _get(error: Exception, accept: str | None = None, **config: object) -> Response:
    app = Flask("backend")
    app.config.update(config)
    register_error_handlers(app)

    @app.get("/")
    def view() -> str:
        raise error

    headers = {} if accept is None else {"Accept": accept}
    return app.test_client().get("/", headers=headers)


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/json",
        "application/*",
        "application/vnd.x+json",
        "application/xml",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "application/json, application/problem+json;q=0.9",
        "application/json, application/problem+json",
        "application/problem+json;q=0, */*",
        "garbage",
        ";;;,,,q=,",
        "\xff\xfe",
        "a" * 100_000,
    ],
)
def test_the_envelope_is_the_default(accept: str | None) -> None:
    """Whatever is asked for, the answer is never 406 and never HTML."""
    response = _get(ConflictError(), accept)

    assert response.status_code == 409
    assert response.content_type == "application/json"
    assert response.json == ConflictError().to_dict()
    assert response.headers["Vary"] == "Accept"


@pytest.mark.parametrize(
    "accept",
    [
        PROBLEM,
        "Application/Problem+JSON",
        f"{PROBLEM}; charset=utf-8",
        f"{PROBLEM}, application/json;q=0.9",
        f"{PROBLEM}, */*",
        f"text/html;q=0.1, {PROBLEM};q=0.5, application/json;q=0.4",
    ],
)
def test_problem_json_comes_when_it_is_preferred(accept: str) -> None:
    """By quality, or by being named where JSON is only covered by a wildcard."""
    response = _get(ConflictError(), accept)

    assert response.content_type == PROBLEM
    assert response.headers["Vary"] == "Accept"


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_accept_header_breaks_the_answer(accept: str) -> None:
    """Servers hand it over as latin-1, whatever the client sent."""
    assert prefers_problem(accept) in (True, False)
    assert prefers_html(accept) in (True, False)


@pytest.mark.parametrize(
    ("setting", "kind"), [("problem", PROBLEM), ("envelope", "application/json")]
)
@pytest.mark.parametrize("accept", [None, "application/json", PROBLEM])
def test_a_setting_fixes_the_form(setting: str, kind: str, accept: str | None) -> None:
    """Nothing is negotiated then, so nothing varies."""
    response = _get(ConflictError(), accept, FAILWELL_RESPONSES_FORMAT=setting)

    assert response.content_type == kind
    assert "Vary" not in response.headers


def test_a_problem_says_the_same_as_the_envelope() -> None:
    """The members of RFC 9457, our code, the request id and the details."""
    error = ConflictError("Taken", {"room_id": 4, "until": "10:00"})

    response = _get(error, PROBLEM)

    assert response.json == {
        "type": "/problems/CONFLICT",
        "title": "Conflict",
        "status": 409,
        "detail": "Taken",
        "code": "CONFLICT",
        "request_id": response.headers["X-Request-ID"],
        "room_id": 4,
        "until": "10:00",
    }


def test_a_code_that_the_catalogue_does_not_know_has_no_type_of_its_own() -> None:
    """`about:blank` with the status phrase (RFC 9457, section 4.2.1)."""
    body = _get(AppError("x", "UNHEARD_OF", 409), PROBLEM).json

    assert (body["type"], body["title"]) == ("about:blank", "Conflict")


def test_details_never_overwrite_the_facts_of_a_problem() -> None:
    """A detail named like a member steps aside; `status` is the HTTP status."""
    details = {
        "status": 200,
        "type": "x",
        "instance": "y",
        "details_status": 1,
        "errors": 2,
    }

    body = _get(AppError("x", "ODD", 409, details), PROBLEM).json

    assert body["status"] == 409
    assert body["type"] == "about:blank"
    assert "instance" not in body
    assert body["details_type"] == "x"
    assert {body["details_status"], body["details_details_status"]} == {200, 1}


@given(
    st.dictionaries(
        st.sampled_from(["status", "type", "title", "code", "details_status", "x"]),
        st.integers(),
    )
)
def test_every_detail_arrives_under_some_name(details: dict[str, int]) -> None:
    """Renaming loses nothing."""
    app = Flask("backend")
    with app.test_request_context(headers={"Accept": PROBLEM}):
        body: dict[str, Any] = render(app, AppError("x", "X", 418, details)).json

    assert body["status"] == 418
    assert len(body.keys() - {"request_id"}) == 5 + len(details)


def test_validation_problems_point_at_the_field() -> None:
    """Paths become JSON pointers, in the form of RFC 9457's own example."""
    details = {
        "participants.3": [{"code": "missing", "message": "Field required"}],
        "a/b~c d": [{"code": "odd", "message": "Odd"}, "twice"],
        "limit": {"code": "range", "message": "Too big", "parameter": "limit"},
    }

    body = _get(ValidationError(details=details), PROBLEM).json

    assert body["status"] == 400
    assert body["errors"] == [
        {
            "pointer": "#/participants/3",
            "code": "missing",
            "detail": "Field required",
        },
        {"pointer": "#/a~1b~0c%20d", "code": "odd", "detail": "Odd"},
        {"pointer": "#/a~1b~0c%20d", "code": "invalid", "detail": "twice"},
        {"parameter": "limit", "code": "range", "detail": "Too big"},
    ]


class Lazy:
    """A text that is made when it is sent, as translations are."""

    def __str__(self) -> str:
        return "Belegt"


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        (Lazy(), "Belegt"),
        (7, "7"),
        (None, "Conflict"),
        (KeyError("canary"), "Conflict"),
    ],
)
def test_a_message_is_a_text(message: Any, sent: str) -> None:  # noqa: ANN401 - whatever was given
    """In both forms; an exception given as one is not sent."""
    error = ConflictError(message)

    assert _get(error).json["error"]["message"] == sent
    assert _get(error, PROBLEM).json["detail"] == sent


def test_parts_of_a_hand_made_problem_are_texts() -> None:
    """Whatever they were: a client reads the members that the document promises."""
    details = {
        "a\ud800/b": [{"code": 7, "message": {"x": 1}}],
        "c": [{"parameter": object(), "message": None}, float("nan")],
        "d": [{"pointer": ["d"], "code": KeyError("canary")}],
    }

    body = _get(ValidationError(details=details), PROBLEM).json

    assert body["errors"] == [
        {"pointer": "#/a%3F~1b", "code": "7", "detail": '{"x":1}'},
        {"parameter": "c", "code": "invalid", "detail": ""},
        {"pointer": "#/c", "code": "invalid", "detail": ""},
        {"pointer": '["d"]', "code": "invalid", "detail": ""},
    ]


def test_the_type_is_below_the_mount_point() -> None:
    """Behind a prefix the catalogue is there, too."""
    app = Flask("backend")
    register_error_handlers(app)
    client = app.test_client()

    response = client.get(
        "/nowhere",
        headers={"Accept": PROBLEM},
        environ_overrides={"SCRIPT_NAME": "/api"},
    )

    assert response.json is not None
    assert response.json["type"] == "/api/problems/NOT_FOUND"


def test_render_works_without_registration_and_without_a_request() -> None:
    """A task queue's report, say, uses the same form."""
    app = Flask("backend")

    with app.app_context():
        response = render(app, ConflictError(), error_id="a-b")

    assert response.json == {
        "error": {**ConflictError().to_dict()["error"], "id": "a-b"}
    }


def test_an_own_response_class_is_used() -> None:
    """An application's own class of responses holds for errors, too."""

    class Own(Flask.response_class):
        """Marks itself."""

    app = Flask("backend")
    app.response_class = Own
    with app.test_request_context():
        assert isinstance(render(app, ConflictError()), Own)
