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
