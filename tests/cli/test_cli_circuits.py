"""Circuit breakers of all processes from a terminal, and orders for them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import Result
from flask import Flask

from failwell._clock import SYSTEM_CLOCK
from failwell.fleet import CircuitReport, Fleet, ProcessReport, RedisBoard, StoreBoard
from failwell.resilience import CircuitOverride, CircuitState
from failwell.store import CircuitOrder, Deployment, Store
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from tests.cli.conftest import Journal

Run = Callable[..., Result]
Tell = Callable[..., None]


@pytest.fixture
def board(app: Flask) -> StoreBoard:
    """The board that this application's processes share."""
    journal: Journal = app.extensions["failwell"]
    return journal.board


@pytest.fixture
def tell(board: StoreBoard, clock: ManualClock) -> Tell:
    """Return a function by which a process tells of one circuit, `mail` by default."""

    def tell(process: str, state: CircuitState, **changed: object) -> None:
        now = datetime.fromtimestamp(clock.now(), UTC)
        facts = {
            "name": "mail",
            "state": state,
            "since": datetime.fromtimestamp(clock.now() - 180, UTC),
            "retry_at": datetime.fromtimestamp(clock.now() + 42, UTC)
            if state is CircuitState.OPEN
            else None,
            "override": None,
            "calls": 5,
            "failures": 5 if state is CircuitState.OPEN else 0,
            "slow": 0,
            "rejected": 1203 if state is CircuitState.OPEN else 0,
            "opened": 1,
        }
        circuit = CircuitReport(**{**facts, **changed})  # type: ignore[arg-type] # as it takes them
        board.report(ProcessReport(process=process, at=now, circuits=(circuit,)))

    return tell


def _lines(result: Result) -> list[list[str]]:
    assert result.exit_code == 0, result.output
    return [line.split() for line in result.stdout.splitlines()]


def test_circuits_are_one_line_a_name(flask: Run, tell: Tell) -> None:
    """In how many processes each state is met; since when, until when, how much."""
    tell("a:1", CircuitState.OPEN)
    tell("b:2", CircuitState.CLOSED)
    tell("c:3", CircuitState.OPEN)

    lines = _lines(flask("circuits"))

    assert " ".join(lines[1]) == (
        "mail open in 2, closed in 1 3 min ago in 42 s 10 2,406"
    )


def test_or_a_line_a_process(flask: Run, tell: Tell, clock: ManualClock) -> None:
    """With how long ago each has told."""
    tell("a:1", CircuitState.OPEN)
    clock.advance(61)
    tell("b:2", CircuitState.HALF_OPEN)

    lines = _lines(flask("circuits", "--processes"))

    assert [line[:3] for line in lines[1:]] == [
        ["mail", "a:1", "open"],
        ["mail", "b:2", "half-open"],
    ]
    assert lines[1][-3:] == ["1", "min", "ago"]


def test_programs_get_json(flask: Run, tell: Tell) -> None:
    """What each process has told, and the last orders."""
    tell("a:1", CircuitState.OPEN)
    flask("circuits", "disable", "mail", "--by", "ada")

    document = json.loads(flask("circuits", "--json").stdout)

    assert document["away"] is None
    assert document["processes"][0]["process"] == "a:1"
    assert document["processes"][0]["circuits"][0]["state"] == "open"
    assert document["processes"][0]["circuits"][0]["retry_at"].endswith("Z")
    assert document["orders"] == [
        {
            "name": "mail",
            "override": "disabled",
            "set_by": "ada",
            "set_at": "2027-01-15T08:00:30Z",
        }
    ]


@pytest.mark.parametrize(
    ("command", "override", "said"),
    [
        ("open", "open", "mail is held open"),
        ("close", "closed", "mail is held closed"),
        ("disable", "disabled", "mail is disabled"),
        ("reset", None, "mail is closed, and its calls decide"),
    ],
)
def test_an_order_is_given_and_shown(
    flask: Run, tell: Tell, board: StoreBoard, command: str, override: str, said: str
) -> None:
    """It says from when it holds; who gave it is shown with the circuit."""
    tell("a:1", CircuitState.CLOSED)

    answer = flask("circuits", command, "mail", "--by", "ada")

    (order,) = board.orders()
    assert (order.name, order.override, order.set_by) == ("mail", override, "ada")
    assert said in answer.stdout
    assert "within about 2 s" in answer.stdout
    assert "by ada just now" in flask("circuits").stdout


def test_who_it_is_is_known_without_being_told(flask: Run, tell: Tell) -> None:
    """The user and the machine; JSON says what was ordered."""
    tell("a:1", CircuitState.CLOSED)

    order = json.loads(flask("circuits", "open", "mail", "--json").stdout)

    assert "@" in order["set_by"]
    assert (order["name"], order["override"]) == ("mail", "open")


@pytest.mark.parametrize("who", ["a\nb", "\udc80", "x" * 201], ids=repr)
def test_who_orders_is_a_line_that_can_be_kept(
    flask: Run, tell: Tell, board: StoreBoard, who: str
) -> None:
    """Neither database nor log takes anything else; nothing is ordered."""
    tell("a:1", CircuitState.CLOSED)

    refused = flask("circuits", "open", "mail", "--by", who)

    assert refused.exit_code == 1
    assert "1 to 200 printable characters" in refused.stderr
    assert board.orders() == []


def test_what_not_all_processes_do_yet_is_said(flask: Run, tell: Tell) -> None:
    """Somebody who stops calls at night wants to know that they have stopped."""
    tell("a:1", CircuitState.OPEN, override=CircuitOverride.OPEN)
    tell("b:2", CircuitState.CLOSED)
    flask("circuits", "open", "mail")

    shown = flask("circuits").stdout

    assert "so far in 1 of 2" in shown


def test_what_needs_a_person_comes_first(flask: Run, board: StoreBoard) -> None:
    """Open and held circuits, then those that probe, then all others, each by name."""
    states = {"a": "closed", "b": "half_open", "c": "open", "d": "closed", "e": "open"}
    now = datetime(2027, 1, 15, 8, tzinfo=UTC)
    circuits = [
        CircuitReport(
            name=name,
            state=CircuitState(state),
            since=now,
            retry_at=None,
            override=None,
            **dict.fromkeys(("calls", "failures", "slow", "rejected", "opened"), 0),
        )
        for name, state in states.items()
    ]
    board.report(ProcessReport(process="a:1", at=now, circuits=tuple(circuits)))
    flask("circuits", "close", "d")

    lines = _lines(flask("circuits"))

    assert [line[0] for line in lines[1:]] == ["c", "d", "e", "b", "a"]


def test_an_order_for_what_nobody_has_is_shown(
    flask: Run, board: StoreBoard, clock: ManualClock
) -> None:
    """It waits for a breaker of that name."""
    at = datetime.fromtimestamp(clock.now(), UTC)
    board.order(CircuitOrder(name="old", override="open", set_by="ada", set_at=at))

    assert "in no process" in flask("circuits").stdout


def test_a_name_that_is_none_is_refused_with_those_there_are(
    flask: Run, tell: Tell, board: StoreBoard
) -> None:
    """Nothing is ordered, and the status is that of a failure."""
    tell("a:1", CircuitState.CLOSED)

    refused = flask("circuits", "open", "nmail\x1b[31m")

    assert refused.exit_code == 1
    assert "there are: " in refused.stderr
    assert "mail" in refused.stderr.partition("there are: ")[2]
    assert "\x1b" not in refused.stderr
    assert board.orders() == []


def test_nothing_told_is_explained(flask: Run) -> None:
    """Nobody has to wonder why a table is empty."""
    assert "with its first request" in flask("circuits").stdout


@pytest.mark.parametrize(
    "words", [("circuits",), ("circuits", "--json"), ("circuits", "open", "mail")]
)
def test_a_store_that_is_away_ends_with_a_sentence(
    flask: Run, app: Flask, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """As every other command does."""
    (tmp_path / "taken").write_text("no folder")
    store = Store(f"sqlite:///{tmp_path / 'taken' / 'store.db'}")
    board = StoreBoard(store, Deployment("shop", "production"), SYSTEM_CLOCK)
    app.extensions["failwell"].fleet = Fleet(board, interval_s=2)

    answer = flask(*words)

    assert answer.exit_code == 3
    assert "taken/store.db" in answer.stderr
    assert "doctor" in answer.stderr


def test_the_doctor_says_what_is_held(flask: Run, tell: Tell) -> None:
    """A breaker that is held and forgotten is found before it is needed."""
    tell("a:1", CircuitState.CLOSED)
    before = flask("doctor").stdout
    flask("circuits", "open", "mail", "--by", "ada")

    after = flask("doctor")

    assert "no circuit breaker is held" in before
    assert "held: mail open by ada since 2027-01-15" in after.stdout
    assert "circuits reset NAME" in after.stdout
    assert after.exit_code == 0


def test_the_doctor_says_that_redis_is_away(
    flask: Run, app: Flask, clock: ManualClock
) -> None:
    """Status 1, as for all that keeps failwell from its work."""
    journal: Journal = app.extensions["failwell"]
    url = "redis://127.0.0.1:1/0"
    journal.settings = replace(journal.settings, circuits_url=url)
    board = RedisBoard(url, Deployment("shop", "production"), clock)
    journal.fleet = Fleet(board, interval_s=2, clock=clock)

    answer = flask("doctor")

    assert answer.exit_code == 1
    assert f"circuit board {url}" in answer.stdout
    assert "FAILWELL_CIRCUITS_URL" in answer.stdout
