"""Exports: all that a search finds, a line or a row each, and nothing that runs."""

import csv
import io
import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from failwell._settings import Settings
from failwell.console import create_console
from failwell.fleet import Fleet
from failwell.records import ErrorRecord, RequestInfo
from failwell.store import Store
from failwell.testing import ManualClock

PREFIX = "/errors-of/shop"
BEARER = {"Authorization": "Bearer the console's key, only for tests"}
FeedError = Callable[..., ErrorRecord]
MakeRecord = Callable[..., ErrorRecord]


def _export(client: FlaskClient, what: str) -> str:
    answer = client.get(f"{PREFIX}/api/export/{what}", headers=BEARER)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    return answer.text


def test_groups_as_lines_and_as_rows(
    client: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """The same groups in both, each once."""
    for number in range(60):
        feed_error(record(group=f"{number:016x}", message='a, "b"'), times=2)

    lines = [json.loads(line) for line in _export(client, "groups").splitlines()]
    rows = list(csv.DictReader(io.StringIO(_export(client, "groups?format=csv"))))

    assert len({line["id"] for line in lines}) == 60
    assert [row["id"] for row in rows] == [str(line["id"]) for line in lines]
    assert rows[0]["message"] == 'a, "b"'
    assert rows[0]["count"] == "2"
    assert rows[0]["last_seen"] == "2027-01-15T12:00:00+00:00"


def test_errors_of_what_a_search_finds(
    client: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """Those of the groups that are found, and no others."""
    feed_error(record(request=RequestInfo(method="GET", path="/pay/1", route="/pay")))
    feed_error(record(number=2))
    feed_error(record(group="00000000000000bb", error_type="shop.Full"))

    lines = [
        json.loads(line)
        for line in _export(client, "events?q=type:KeyError").splitlines()
    ]
    rows = list(csv.DictReader(io.StringIO(_export(client, "events?format=csv"))))

    assert sorted(line["id"][-1] for line in lines) == ["1", "2"]
    assert lines[0]["exceptions"][0]["frames"]
    assert len(rows) == 3
    assert {row["path"] for row in rows} == {"", "/pay/1"}


@pytest.mark.parametrize("begin", ["=", "+", "-", "@"])
def test_no_cell_is_a_formula(
    client: FlaskClient, feed_error: FeedError, record: MakeRecord, begin: str
) -> None:
    """What an attacker wrote is text in every spreadsheet."""
    feed_error(record(message=f"{begin}HYPERLINK(1)"))

    groups = _export(client, "groups?format=csv")
    events = _export(client, "events?format=csv")

    for text in (groups, events):
        row = next(csv.DictReader(io.StringIO(text, newline="")))
        assert row["message"] == f"'{begin}HYPERLINK(1)"


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("groups?format=xml", "allowed: jsonl, csv"),
        ("groups?q=is:gone", "is:open"),
        ("events?q=colour:red", "nothing is called"),
    ],
)
def test_what_cannot_be_exported_is_said(
    client: FlaskClient, what: str, said: str
) -> None:
    """Before anything is sent."""
    answer = client.get(f"{PREFIX}/api/export/{what}", headers=BEARER)

    assert answer.status_code == 400
    assert said in answer.get_json()["error"]["message"]


def test_a_store_that_is_away_is_an_answer(
    settings: Settings, fleet: Fleet, clock: ManualClock
) -> None:
    """And no empty file."""
    app = Flask("shop")
    away = Store("sqlite:////dev/null/store.db", clock=clock)
    app.register_blueprint(
        create_console(settings, lambda: away, lambda: True, lambda: fleet, clock=clock)
    )

    answer = app.test_client().get(f"{PREFIX}/api/export/groups", headers=BEARER)

    assert answer.status_code == 503


def test_nothing_is_held_whole(
    client: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """The first lines are sent before the last ones are read."""
    for number in range(250):
        feed_error(record(group=f"{number:016x}"))

    answer = client.get(f"{PREFIX}/api/export/groups", headers=BEARER, buffered=False)
    parts = list(answer.response)

    assert answer.is_streamed
    assert len(parts) == 2
