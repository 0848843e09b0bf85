"""Filters, merges, states, retention and erasing from a terminal."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from failwell.records import ErrorRecord, ExceptionInfo
from failwell.spool import MemorySpool
from failwell.testing import ManualClock

Run = Callable[..., Result]
Record = Callable[..., ErrorRecord]

A, B = "0" * 15 + "a", "0" * 15 + "b"


@pytest.fixture
def two_groups(record: Record, clock: ManualClock) -> None:
    """Two groups: 1 is older and has more errors, 2 is newer."""
    old = ExceptionInfo("shop.SoldOutError", "none left")
    record(group=A, exceptions=(old,), code="SOLD_OUT", user_id="ada")
    record(group=A, exceptions=(old,), code="SOLD_OUT", user_id="ada")
    clock.advance(7200)
    record(group=B)


@pytest.fixture
def listed(flask: Run, two_groups: None) -> Callable[..., list[str]]:
    """Return a function that lists groups by the last digit of their hash."""

    def ask(*options: str) -> list[str]:
        document = json.loads(flask("errors", "--json", *options).stdout)
        return [group["hash"][-1] for group in document["groups"]]

    return ask


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], ["b", "a"]),
        (["--sort", "count"], ["a", "b"]),
        (["--sort", "count", "--limit", "1"], ["a"]),
        (["--text", "soldout"], ["a"]),
        (["--type", "SoldOutError"], ["a"]),
        (["--code", "SOLD_OUT"], ["a"]),
        (["--release", "9"], []),
        (["--environment", "production"], ["b", "a"]),
        (["--route", "/nowhere"], []),
        (["--user", "ada"], ["a"]),
        (["--state", "muted"], []),
        (["--since", "1h"], ["b"]),
        (["--until", "1h"], ["a"]),
        (["--application", "other"], []),
        (["--application", "*"], ["b", "a"]),
    ],
)
def test_the_list_is_filtered(
    listed: Callable[..., list[str]], options: list[str], wanted: list[str]
) -> None:
    """Every filter of the store has an option."""
    assert listed(*options) == wanted


def test_a_list_goes_on_behind_its_page(
    flask: Run, listed: Callable[..., list[str]]
) -> None:
    """The cursor is told; a person sees that there is more."""
    first = json.loads(flask("errors", "--json", "--limit", "1").stdout)
    shown = flask("errors", "--limit", "1")

    assert f"--after {first['next']}" in shown.stderr
    assert listed("--limit", "1", "--after", first["next"]) == ["a"]
    refused = flask("errors", "--after", "nonsense")
    assert refused.exit_code == 2
    assert "allowed: `next` of the page before" in refused.stderr


@pytest.mark.usefixtures("two_groups")
def test_groups_are_merged_and_taken_apart(flask: Run) -> None:
    """What they are now is said, with the way back."""
    merged = flask("merge", "1", "2")
    shown = flask("show", "2")
    apart = flask("unmerge", "1")
    again = flask("unmerge", "1")

    assert merged.stdout == "They are group 1 now; `unmerge 1` takes it back.\n"
    assert "Group 1  shop.SoldOutError" in shown.stdout
    assert apart.stdout == "There again: 2.\n"
    assert again.exit_code == 2
    assert "was not merged" in again.stderr
    alone = flask("merge", "1")
    assert alone.exit_code == 2
    assert "two groups at least" in alone.stderr


@pytest.mark.usefixtures("two_groups")
def test_groups_are_resolved_muted_and_opened(flask: Run) -> None:
    """The list and the group's page say so."""
    assert flask("resolve", "1", "2").stdout == "Group 1, 2 is resolved now.\n"
    assert "ZeroDivisionError resolved" in flask("errors").stdout
    assert "resolved since 2027-01-15 10:00:30 UTC" in flask("show", "1").stdout
    assert flask("reopen", "1").stdout == "Group 1 is open now.\n"
    assert flask("mute", "2").stdout == "Group 2 is muted now.\n"

    unknown = flask("resolve", "7")

    assert unknown.exit_code == 1
    assert "Group with id 7 not found; `flask failwell errors` lists" in unknown.stderr
    assert flask("resolve", "9" * 30).exit_code == 2


@pytest.mark.usefixtures("two_groups")
def test_pruning_says_what_it_did(flask: Run, clock: ManualClock) -> None:
    """In a sentence, or as numbers."""
    flask("errors")
    clock.advance(200 * 86_400)

    numbers = json.loads(flask("store", "prune", "--json").stdout)
    again = flask("store", "prune").stdout

    assert (numbers["events"], numbers["landmarks"]) == (3, 3)
    assert again.startswith("Removed 0 errors that were kept in full, of which 0 stay")


@pytest.mark.usefixtures("two_groups")
def test_a_user_is_erased_when_that_is_confirmed(app: Flask, flask: Run) -> None:
    """Not before; and what is still spooled is erased with it."""
    runner = app.test_cli_runner()

    refused = runner.invoke(args=["failwell", "erase", "--user", "ada"], input="n\n")
    done = runner.invoke(args=["failwell", "erase", "--user", "ada"], input="y\n")
    again = json.loads(flask("erase", "--user", "ada", "--yes", "--json").stdout)

    assert refused.exit_code == 1
    assert "Remove all that is kept of user 'ada'?" in refused.stdout
    assert "Removed 2 errors" in done.stdout
    assert "Not touched: counts" in done.stdout
    assert again["events"] == 0
    assert again["complete"] is True
    assert flask("erase", "--user", "").exit_code == 2


@pytest.mark.usefixtures("two_groups")
def test_an_erasure_says_when_it_may_not_be_all(flask: Run, spool: MemorySpool) -> None:
    """Status 1 where something is on its way: it has to be run again."""
    lock = spool.elect()
    assert lock is not None

    with lock:
        result = flask("erase", "--user", "ada", "--yes")

    assert result.exit_code == 1
    assert "run this again" in result.stderr


@pytest.mark.usefixtures("two_groups")
def test_statistics_are_by_day_where_hours_are_many(flask: Run) -> None:
    """And those of another application are not among them."""

    def counts(*options: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(flask("stats", "--json", *options).stdout)
        return document

    month = counts("--since", "30d")

    assert month["series"]["bucket"] == "day"
    assert sum(point["count"] for point in month["series"]["points"]) == 3
    assert counts("--application", "other")["total_errors"] == 0
    assert "By day" in flask("stats", "--since", "30d").stdout
