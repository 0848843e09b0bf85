"""Input that does not validate: the right status, every field, nothing echoed."""

import json
from io import BytesIO

import pytest
from meetings_api import Api, at

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("title", 7, "string_type"),
        ("title", " ", "string_too_short"),
        ("title", "x" * 201, "string_too_long"),
        ("title", "a\0b", "control_character"),
        ("title", "a\nb", "control_character"),
        ("title", None, "string_type"),
        ("start_time", 1_777_000_000, "time_type"),
        ("start_time", "1777000000", "time_format"),
        ("start_time", "2026-05-04", "time_format"),
        ("start_time", "2026-05-04T09:00:00", "time_offset"),
        ("start_time", "2026-05-04 09:00:00Z", "time_format"),
        ("start_time", "2026-05-04T09:00:00.5Z", "time_fraction"),
        ("start_time", "2026-02-30T09:00:00Z", "time_value"),
        ("start_time", "2026-05-04T25:00:00Z", "time_value"),
        ("start_time", "2026-05-04T09:00:00+99:00", "time_value"),
        ("start_time", "9999-12-31T23:59:59-23:00", "time_value"),
        ("start_time", "0001-01-01T00:00:00+23:00", "time_value"),
        ("start_time", "9999-01-01T00:00:00Z", "time_range"),
        ("start_time", "1999-12-31T23:59:59Z", "time_range"),
        ("end_time", "2026-05-04T09:00:00Z", "end_before_start"),
        ("end_time", "2026-05-04T08:00:00Z", "end_before_start"),
        ("end_time", "2026-05-05T09:00:01Z", "too_long"),
        ("room_id", "1", "int_type"),
        ("room_id", 0, "greater_than_equal"),
        ("room_id", 2**63, "less_than_equal"),
        ("max_capacity", 0, "greater_than_equal"),
        ("max_capacity", 10_001, "less_than_equal"),
        ("participants", 7, "list_type"),
        ("participants", None, "list_type"),
        ("participants", [1] * 501, "too_long"),
        ("id", 1, "extra_forbidden"),
        ("organizer_id", 1, "extra_forbidden"),
        ("status", "cancelled", "extra_forbidden"),
        ("version", 7, "extra_forbidden"),
    ],
)
def test_a_bad_field_is_named(
    shared_api: Api, field: str, value: object, code: str
) -> None:
    """One bad field is one entry, with a code and a message."""
    answer = shared_api.book(shared_api.person(), **{field: value})

    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (400, "MEETING_VALIDATION_ERROR")
    assert list(error["fields"]) == [field]
    assert [problem["code"] for problem in error["fields"][field]] == [code]
    assert "secret" not in error["message"]


def test_every_bad_field_is_named_at_once(shared_api: Api) -> None:
    """A client mends all of them in one round; list items by their place."""
    body = {
        "start_time": "tomorrow",
        "end_time": "2026-05-04T10:00:00",
        "participants": [1, 2, 3, "four"],
        "colour": "red",
    }

    answer = shared_api.call("POST", "/meetings", shared_api.person(), json=body)

    fields = answer.get_json()["error"]["fields"]
    assert set(fields) == {
        "title",
        "start_time",
        "end_time",
        "participants.3",
        "colour",
    }


def test_input_does_not_come_back(shared_api: Api) -> None:
    """No message repeats what was sent."""
    answer = shared_api.book(
        shared_api.person(), title=["hunter2"], start_time="hunter2-at-nine"
    )

    assert "hunter2" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"title": "\\ud800"}',
        b'{"title": "\xed\xa0\x80"}',
        b'{"title": NaN, "room_id": Infinity}',
        b"[" * 30_000,
        b'{"a":' * 10_000,
        b'{"room_id": ' + b"9" * 5_000 + b"}",
    ],
    ids=range(12),
)
def test_broken_json_is_an_answer(shared_api: Api, raw: bytes) -> None:
    """Whatever stands in the body: 400, as the blueprint or the application says it."""
    ada = shared_api.person()

    meeting = shared_api.call("POST", "/meetings", ada, data=raw, headers=JSON)
    user = shared_api.call("POST", "/users", data=raw, headers=JSON)

    assert meeting.status_code == user.status_code == 400
    assert meeting.get_json()["error"]["code"] == "MEETING_VALIDATION_ERROR"
    assert user.get_json()["error"]["code"] == "VALIDATION_ERROR"
    assert meeting.get_json()["error"]["fields"]


def test_other_media_types_are_refused(shared_api: Api) -> None:
    """415 for what is no JSON."""
    ada = shared_api.person()

    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        answer = shared_api.call(
            "POST", "/meetings", ada, data="{}", headers={"Content-Type": kind}
        )
        assert answer.status_code == 415
        assert answer.get_json()["error"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


def test_a_large_body_is_refused(shared_api: Api) -> None:
    """413 beyond 64 KiB, before anything is parsed."""
    answer = shared_api.call(
        "POST", "/meetings", shared_api.person(), data=b" " * 65_537, headers=JSON
    )

    assert answer.status_code == 413


def test_thousands_of_unknown_fields_give_a_short_answer(shared_api: Api) -> None:
    """The answer does not grow with the attack."""
    body = {f"field{n}": 1 for n in range(2_500)} | {"x" * 400: 1}

    answer = shared_api.call("POST", "/meetings", shared_api.person(), json=body)

    assert answer.status_code == 400
    assert len(answer.data) < 10_000


def test_a_stranger_learns_nothing_of_the_input(shared_api: Api) -> None:
    """Who is asked before what: no token is 401, whatever the body is."""
    answer = shared_api.call("POST", "/meetings", data=b"{", headers=JSON)

    assert answer.status_code == 401


def test_wrong_method_says_what_is_allowed(shared_api: Api) -> None:
    """405 with Allow; an override header changes nothing."""
    answer = shared_api.call(
        "PUT",
        "/meetings/1",
        shared_api.person(),
        headers={"X-HTTP-Method-Override": "DELETE"},
    )

    assert answer.status_code == 405
    assert {"GET", "PATCH", "DELETE"} <= set(answer.headers["Allow"].split(", "))


def test_offsets_name_the_same_moment(api: Api) -> None:
    """Lower-case letters, zero fractions and any offset are read; UTC comes back."""
    ada = api.person()
    times = {
        "start_time": "2026-05-04t11:00:00.000+02:00",
        "end_time": "2026-05-04T04:30:00-05:30",
    }

    answer = api.book(ada, **{**at(9), **times})

    assert answer.get_json()["start_time"] == "2026-05-04T09:00:00+00:00"
    assert answer.get_json()["end_time"] == "2026-05-04T10:00:00+00:00"


def test_a_chunked_body_is_bounded_too(shared_api: Api) -> None:
    """A body of unknown length is refused at the limit, never cut and then read."""
    ada = shared_api.person()
    body = json.dumps(at(9)).encode()
    chunked = {"wsgi.input_terminated": True}

    answer, whole = (
        shared_api.call(
            "POST",
            "/meetings",
            ada,
            input_stream=BytesIO(body + padding),
            headers={**JSON, "Transfer-Encoding": "chunked"},
            environ_overrides=chunked,
        )
        for padding in (b" " * 65_536 + b"garbage", b"")
    )

    assert answer.status_code == 413
    assert answer.get_json()["error"]["code"] == "REQUEST_ENTITY_TOO_LARGE"
    assert whole.status_code == 201


def test_what_does_not_validate_has_both_forms(shared_api: Api) -> None:
    """`Accept` chooses problem+json here as everywhere, with the same facts."""
    answer = shared_api.call(
        "POST",
        "/meetings",
        shared_api.person(),
        json={**at(9), "participants": [1, "two"]},
        headers={"Accept": "application/problem+json"},
    )

    problem = answer.get_json()
    assert answer.mimetype == "application/problem+json"
    assert (problem["status"], problem["code"]) == (400, "MEETING_VALIDATION_ERROR")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [
        ("#/participants/1", "int_type")
    ]


def test_a_bad_parameter_is_named_as_one(shared_api: Api) -> None:
    """In problem+json, what is wrong with the query has no pointer into a body."""
    ada, accept = shared_api.person(), {"Accept": "application/problem+json"}

    for path in ("/meetings?limit=0", "/rooms?limit=0", "/rooms?cursor=x"):
        answer = shared_api.call("GET", path, ada, headers=accept)
        (entry,) = answer.get_json()["errors"]
        assert entry["parameter"] in path
        assert "pointer" not in entry


def test_the_code_that_is_answered_is_counted(api: Api) -> None:
    """Operators find MEETING_VALIDATION_ERROR where clients see it."""
    api.book(api.person(), title="")

    journal = api.app.extensions["failwell"]
    assert journal.settle()
    counted = {entry.code: entry.count for entry in journal.store.answers()}
    assert counted == {"MEETING_VALIDATION_ERROR": 1}


@pytest.mark.parametrize("written", ["0", "01", "-1", "%D9%A1", "1.0", "1e0", "9" * 19])
def test_an_id_is_written_in_one_way(shared_api: Api, written: str) -> None:
    """What is no id matches no route: zeros, signs, other scripts, more than 2^63."""
    ada = shared_api.person()

    for method in ("GET", "PATCH", "DELETE", "PUT"):
        answer = shared_api.call(method, f"/meetings/{written}", ada)
        assert answer.status_code == 404
        assert answer.get_json()["error"]["message"] == "Resource not found"
