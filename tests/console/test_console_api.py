"""The same as JSON, for programs."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from failwell.records import AnswerDefinition, ErrorRecord

PREFIX = "/errors-of/shop"
BEARER = {"Authorization": "Bearer the console's key, only for tests"}
FeedError = Callable[..., ErrorRecord]
MakeRecord = Callable[..., ErrorRecord]


@pytest.fixture
def ask(client: FlaskClient) -> Callable[[str], tuple[int, Any]]:
    """Ask as a program does."""

    def ask(path: str) -> tuple[int, Any]:
        answer = client.get(f"{PREFIX}/api{path}", headers=BEARER)
        assert answer.mimetype == "application/json"
        return answer.status_code, answer.get_json()

    return ask


def test_groups_with_their_counts(
    ask: Callable[[str], tuple[int, Any]],
    feed_error: FeedError,
    record: MakeRecord,
    feed_answers: Callable[[AnswerDefinition, int], None],
) -> None:
    """Groups carry exact counts, times and hours; answers stand beside."""
    feed_error(record(), times=9)
    feed_answers(
        AnswerDefinition(
            application="shop",
            environment="production",
            code="NOT_FOUND",
            status=404,
            method="GET",
            route="",
        ),
        4,
    )

    status, body = ask("/groups")

    assert status == 200
    assert body["groups"][0]["count"] == 9
    assert body["groups"][0]["type"] == "builtins.KeyError"
    assert body["groups"][0]["last_seen"] == "2027-01-15T12:00:00Z"
    assert body["groups"][0]["hourly"] == [0] * 23 + [9]
    assert body["answers"][0]["count"] == 4


def test_a_group_with_its_events(
    ask: Callable[[str], tuple[int, Any]], feed_error: FeedError, record: MakeRecord
) -> None:
    """A group's events are complete records."""
    feed_error(record())

    status, body = ask("/groups/1")

    assert status == 200
    assert body["group"]["id"] == 1
    assert [seen["value"] for seen in body["environments"]] == ["production"]
    assert body["events"][0]["exceptions"][0]["message"] == "'price'"


def test_an_error_and_its_group(
    ask: Callable[[str], tuple[int, Any]], feed_error: FeedError, record: MakeRecord
) -> None:
    """An id leads to the record, or to null and the group when it was sampled out."""
    kept = feed_error(record()).id
    counted = feed_error(record(number=2), kept=False).id

    found, sampled_out = ask(f"/errors/{kept}"), ask(f"/errors/{counted}")

    assert found[1]["event"]["id"] == kept
    assert sampled_out[0] == 200
    assert sampled_out[1]["event"] is None
    assert sampled_out[1]["group"]["count"] == 2


def test_the_statistics_of_a_day(
    ask: Callable[[str], tuple[int, Any]], feed_error: FeedError, record: MakeRecord
) -> None:
    """The last 24 hours, the present one included; what is older is not counted."""
    feed_error(record(), times=2)
    feed_error(record(number=2), times=3, hours_ago=23)
    feed_error(record(number=3), times=5, hours_ago=24)

    _, body = ask("/stats")

    assert body["total_errors"] == 5
    assert body["error_types"] == {"builtins.KeyError": 5}
    assert body["begin"] == "2027-01-14T13:00:00Z"
    assert body["end"] == "2027-01-15T13:00:00Z"
    assert len(body["hourly"]) == 24
    assert body["hourly"][0] == {"begin": "2027-01-14T13:00:00Z", "count": 3}
    assert body["hourly"][-1] == {"begin": "2027-01-15T12:00:00Z", "count": 2}


@pytest.mark.parametrize(
    "path",
    ["/groups/7", "/errors/x", "/errors/00000000000000ff-00000000000000ff", "/none"],
)
def test_unknown_things_are_404_in_the_envelope(
    ask: Callable[[str], tuple[int, Any]], path: str
) -> None:
    """What is not there is said in the form of every other answer."""
    status, body = ask(path)

    assert status == 404
    assert body["error"]["code"] == "NOT_FOUND"


@pytest.fixture
def post(client: FlaskClient) -> Callable[..., tuple[int, Any]]:
    """Change something as a program does."""

    def post(path: str, body: object = None, **options: Any) -> tuple[int, Any]:  # noqa: ANN401 - of a request
        if body is not None:
            options["json"] = body
        answer = client.post(f"{PREFIX}/api{path}", headers=BEARER, **options)
        return answer.status_code, answer.get_json()

    return post


def test_whatever_the_pages_do_programs_can_do(
    post: Callable[..., tuple[int, Any]],
    ask: Callable[[str], tuple[int, Any]],
    feed_error: FeedError,
    record: MakeRecord,
) -> None:
    """Each action answers which groups it changed, and the history says who it was."""
    for number in range(1, 5):
        feed_error(record(group=f"{number:016x}"))

    answers = [
        post("/groups/resolve", {"ids": [1, 2]}),
        post("/groups/reopen", {"ids": [1]}),
        post("/groups/mute", {"ids": [1], "until": "2027-02-01T00:00:00Z"}),
        post("/groups/assign", {"ids": [3], "to": "ada"}),
        post("/groups/comment", {"ids": [3], "text": "the disk was full"}),
        post("/groups/merge", {"ids": [3, 4]}),
        post("/groups/unmerge", {"ids": [3]}),
        post("/groups/delete", {"ids": [2]}),
    ]
    history = ask("/groups/3/history")[1]["entries"]
    audit = ask("/audit?limit=2")[1]

    assert [status for status, _ in answers] == [200] * 8
    assert answers[0][1] == {"changed": [1, 2]}
    assert answers[5][1] == {"changed": [3]}
    assert ask("/groups/2")[0] == 404
    assert [(e["by"], e["action"]) for e in history][-3:] == [
        ("key", "commented"),
        ("key", "assigned"),
        ("failwell", "appeared"),
    ]
    assert audit["entries"][0]["action"] == "deleted"
    assert len(audit["entries"]) == 2
    assert ask(f"/audit?after={audit['next']}")[1]["entries"]


@pytest.mark.parametrize(
    ("path", "options", "said"),
    [
        ("/groups/resolve", {"data": b"{"}, "truncated"),
        ("/groups/resolve", {"data": b"\xff"}, ""),
        ("/groups/resolve", {"data": b"[" * 100_000}, ""),
        ("/groups/resolve", {"json": []}, "Expected `object`"),
        ("/groups/resolve", {"json": {}}, "missing required field `ids`"),
        ("/groups/resolve", {"json": {"ids": []}}, "length >= 1"),
        ("/groups/resolve", {"json": {"ids": ["1"]}}, "Expected `int`"),
        (
            "/groups/resolve",
            {"json": {"ids": [1], "colour": 1}},
            "unknown field `colour`",
        ),
        ("/groups/mute", {"json": {"ids": [1], "until": "soon"}}, "allowed: a time"),
        ("/groups/comment", {"json": {"ids": [1, 2], "text": "x"}}, "length <= 1"),
        ("/groups/merge", {"json": {"ids": [1]}}, "two"),
    ],
)
def test_a_body_that_is_not_allowed_is_explained(
    post: Callable[..., tuple[int, Any]],
    feed_error: FeedError,
    record: MakeRecord,
    path: str,
    options: dict[str, Any],
    said: str,
) -> None:
    """With the place in the body and what may stand there."""
    feed_error(record())

    status, body = post(path, **options)

    assert status == 400
    assert body["error"]["code"] == "VALIDATION_ERROR"
    assert said in body["error"]["message"]


def test_lists_are_searched_and_come_in_pages(
    ask: Callable[[str], tuple[int, Any]], feed_error: FeedError, record: MakeRecord
) -> None:
    """By the same words as in the console."""
    for number in range(1, 4):
        feed_error(record(group=f"{number:016x}"), times=number)
    for number in range(2, 5):
        feed_error(record(number=number, group=f"{1:016x}"))

    first = ask("/groups?sort=count&limit=2&q=type:KeyError")[1]
    rest = ask(f"/groups?sort=count&limit=2&after={first['next']}")[1]
    events = ask("/groups/1/events?limit=3")[1]
    older = ask(f"/groups/1/events?limit=3&after={events['next']}")[1]
    days = ask("/groups/1/counts")[1]["counts"]

    assert [group["id"] for group in first["groups"]] == [1, 3]
    assert [group["id"] for group in rest["groups"]] == [2]
    assert len(events["events"]) == 3
    assert len(older["events"]) == 1
    assert len(days) == 30
    assert days[-1] == {"begin": "2027-01-15T00:00:00Z", "count": 4}


@pytest.mark.parametrize(
    "path",
    [
        "/groups?limit=0",
        "/groups?limit=x",
        "/groups?limit=1001",
        "/groups?sort=colour",
        "/groups?q=is:gone",
        "/groups?after=x",
        "/groups/1/events?after=x",
        "/audit?after=x",
    ],
)
def test_a_question_that_is_not_allowed_is_explained(
    ask: Callable[[str], tuple[int, Any]],
    feed_error: FeedError,
    record: MakeRecord,
    path: str,
) -> None:
    """It says what is."""
    feed_error(record())

    status, body = ask(path)

    assert status == 400
    assert "allowed" in body["error"]["message"]


def test_health_is_the_last_day(
    ask: Callable[[str], tuple[int, Any]],
    feed_error: FeedError,
    record: MakeRecord,
    feed_answers: Callable[[AnswerDefinition, int], None],
) -> None:
    """Errors by code, what was refused and unavailable apart, and what waits."""
    feed_error(record(), times=9)
    for status, code in ((404, "NOT_FOUND"), (503, "CIRCUIT_OPEN")):
        answer = AnswerDefinition(
            application="shop",
            environment="production",
            code=code,
            status=status,
            method="GET",
            route="/pay",
        )
        feed_answers(answer, status)

    _, body = ask("/health")

    assert [body["errors"], body["codes"]] == [9, {"INTERNAL_ERROR": 9}]
    assert [a["count"] for a in body["refused"]] == [404]
    assert [a["count"] for a in body["unavailable"]] == [503]
    assert body["backlog"] == {
        "units": 1,
        "bytes": 0,
        "quota": None,
        "settled": True,
        "problem": "",
    }
