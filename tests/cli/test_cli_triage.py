"""Groups put in order on the command line, and who did that."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from failwell.records import ErrorRecord
from failwell.testing import ManualClock

Run = Callable[..., Result]
Record = Callable[..., ErrorRecord]
OTHER = "00ff00ff00ff00f0"


@pytest.fixture
def error(flask: Run, record: Record) -> ErrorRecord:
    """An error of group 1; there is another one in group 2."""
    first = record()
    flask("errors")
    record(group=OTHER, code="PAYMENT_FAILED", user_id="ada")
    return first


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands are run by `ada`."""
    monkeypatch.setenv("LOGNAME", "ada")


def _group(flask: Run, number: int = 1) -> dict[str, Any]:
    groups = json.loads(flask("errors", "--json").stdout)["groups"]
    return next(group for group in groups if group["id"] == number)


def test_a_group_is_named_by_its_number_or_by_an_error(
    flask: Run, error: ErrorRecord
) -> None:
    """As a client quotes it, also in capitals; with status 1 where there is none."""
    done = flask("resolve", error.id.upper(), "2", "--json")
    unknown = flask("resolve", "ffffffffffffffff")
    wrong = flask("resolve", "1x")

    assert json.loads(done.stdout) == {"changed": [1, 2]}
    assert (unknown.exit_code, wrong.exit_code) == (1, 2)
    assert "`flask failwell errors` lists the groups" in unknown.stderr
    assert "neither the number of a group nor the id of an error" in wrong.stderr


def test_groups_are_resolved_until_the_next_release(
    flask: Run, error: ErrorRecord, record: Record, clock: ManualClock
) -> None:
    """An error of the present one opens nothing."""
    said = flask("resolve", "1", "--next-release").stdout
    shown = flask("show", "1").stdout
    clock.advance(60)
    record()
    before = _group(flask)
    record(release="1.3")

    assert said == "Group 1 is resolved now, until an error of the next release.\n"
    assert "UTC until an error of the next release" in shown
    assert before["until_next_release"] is True
    assert _group(flask)["regressed"] is True
    assert "ZeroDivisionError regressed" in flask("errors").stdout
    assert "open again by itself since 2027-01-15" in flask("show", "1").stdout


def test_groups_are_muted_for_a_while(
    flask: Run, error: ErrorRecord, record: Record
) -> None:
    """Until a time, or until so many more errors; a past time is refused."""
    said = flask("mute", "1", "--until", "2h", "--more", "2").stdout
    record()
    waiting, shown = _group(flask), flask("show", "1").stdout
    record()

    assert said == (
        "Group 1 is muted now, until 2027-01-15 10:00:30 UTC or until 2 more errors.\n"
    )
    assert (waiting["state"], waiting["muted_more"]) == ("muted", 1)
    assert "until 2027-01-15 10:00:30 UTC or until 1 more errors" in shown
    assert _group(flask)["state"] == "open"
    past = flask("mute", "1", "--until", "2020-01-01")
    assert past.exit_code == 2
    assert "which is past" in past.stderr
    for words in (("--more", "0"), ("--until", "soon"), ("--until", "999999w")):
        assert flask("mute", "1", *words).exit_code == 2
    assert flask("reopen", "1").stdout == "Nothing has changed: it was so already.\n"


def test_groups_are_assigned_and_commented(flask: Run, error: ErrorRecord) -> None:
    """The history tells who did what, the newest first."""
    assert flask("assign", "1", "2", "--to", "bob").stdout == (
        "Group 1, 2 is assigned to bob now.\n"
    )
    assert flask("assign", "2", "--nobody").stdout == "Group 2 is nobody's now.\n"
    assert flask("comment", "1", "look\x1b[2J here").stdout == (
        "Commented on group 1.\n"
    )
    found = json.loads(flask("errors", "assigned:bob", "--json").stdout)["groups"]

    shown = flask("history", "1").stdout
    entries = json.loads(flask("history", error.id, "--json").stdout)["entries"]

    assert [group["id"] for group in found] == [1]
    assert [entry["action"] for entry in entries] == [
        *("commented", "assigned", "appeared"),
    ]
    assert [entry["by"] for entry in entries] == [
        *("command line (ada)", "command line (ada)", "failwell"),
    ]
    assert "look\\x1b[2J here" in shown
    assert "to: bob" in shown
    assert "ZeroDivisionError bob" in flask("errors").stdout
    assert "assigned to   bob" in flask("show", "1").stdout
    assert flask("assign", "1").exit_code == 2
    assert flask("comment", "1", " ").exit_code == 2
    assert flask("history", "9").exit_code == 1


def test_the_audit_is_all_of_it(flask: Run, error: ErrorRecord) -> None:
    """In pages, exports too."""
    flask("comment", "1", "one")
    flask("comment", "2", "two")
    flask("export", "groups", "is:open")

    first = flask("audit", "--limit", "2")
    cursor = first.stderr.split()[-1]
    rest = json.loads(flask("audit", "--after", cursor, "--json").stdout)

    assert "search: is:open" in first.stdout
    assert [entry["group_id"] for entry in rest["entries"]] == [1]
    assert rest["next"] is None
    assert flask("audit", "--after", "x").exit_code == 2


def test_groups_are_deleted_when_that_is_confirmed(
    app: Flask, flask: Run, error: ErrorRecord
) -> None:
    """Not before; what was done stays known."""
    runner = app.test_cli_runner()

    refused = runner.invoke(args=["failwell", "delete", "1"], input="n\n")
    there = _group(flask)
    done = flask("delete", "1", "--yes")

    assert refused.exit_code == 1
    assert there["id"] == 1
    assert done.stdout == "Group 1 is gone.\n"
    assert flask("show", error.id).exit_code == 1
    assert "deleted" in flask("history", "1").stdout


def test_words_and_options_find_groups_together(flask: Run, error: ErrorRecord) -> None:
    """What is asked for twice, or means nothing, is wrong usage."""

    def found(*words: str) -> list[int]:
        groups = json.loads(flask("errors", "--json", *words).stdout)["groups"]
        return [group["id"] for group in groups]

    assert found("code:PAYMENT_FAILED") == [2]
    assert found("--", "-code:PAYMENT_FAILED") == [1]
    assert found("--code", "PAYMENT_FAILED", "zero", "user:ada") == [2]
    assert found("app:other") == []
    twice = flask("errors", "code:A", "--code", "B")
    assert twice.exit_code == 2
    assert "code is asked for in words and by --code" in twice.stderr
    unknown = flask("errors", "shop:x")
    assert unknown.exit_code == 2
    assert "nothing is called 'shop'" in unknown.stderr


def test_an_error_is_shown_for_an_issue_and_as_a_test(
    flask: Run, error: ErrorRecord, record: Record
) -> None:
    """Ready to be pasted: nothing else is on standard output."""
    markdown = flask("show", error.id, "--markdown").stdout
    test = flask("show", error.id, "--test").stdout
    thread = record(group="00ff00ff00ff00f2", request=None)

    assert markdown.startswith("## ` ZeroDivisionError ` in ` shop.basket:total `")
    assert "from shop import app" in test
    assert "path='/baskets/7'" in test
    none = flask("show", thread.id, "--test")
    assert none.exit_code == 1
    assert "did not come of a request" in none.stderr
