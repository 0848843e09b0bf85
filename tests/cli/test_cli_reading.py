"""`errors`, `show` and `stats`: what a person sees, and what a program reads."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from failwell.cli import create_commands
from failwell.records import ErrorRecord, ExceptionInfo, RequestInfo
from failwell.spool import MemorySpool
from failwell.testing import ManualClock

Run = Callable[..., Result]
Record = Callable[..., ErrorRecord]
HOSTILE = "\x1b[2J[red]bold[/red]\nforged\u202e[link=http://x]\x9b1m"


def test_the_list_names_each_group_with_its_count(
    flask: Run, record: Record, clock: ManualClock
) -> None:
    """Id, count, last seen, code, type, place, and the last day hour by hour."""
    record()
    record()
    clock.advance(3 * 3600)

    result = flask("errors")

    assert result.exit_code == 0
    row = result.stdout.splitlines()[1].split()
    assert row[:5] == ["1", "2", "3", "h", "ago"]
    assert row[5:8] == ["INTERNAL_ERROR", "ZeroDivisionError", "shop.basket:total"]
    assert row[8] == "·" * 20 + "█···"


def test_an_empty_list_says_so(flask: Run) -> None:
    """No table without rows."""
    assert flask("errors").stdout == "No errors are recorded.\n"


def test_programs_get_the_list_as_json(flask: Run, record: Record) -> None:
    """Every field, times in ISO 8601 with their zone."""
    record()

    (group,) = json.loads(flask("errors", "--json").stdout)["groups"]

    assert group["count"] == 1
    assert group["hash"] == "00ff00ff00ff00ff"
    assert group["last_seen"].startswith("2027-01-15T08:00:30")
    assert group["last_seen"].endswith(("Z", "+00:00"))
    assert len(group["hourly"]) == 24


def test_a_piped_table_is_neither_coloured_nor_cut(flask: Run, record: Record) -> None:
    """However long a name is, `grep` finds it, on one line."""
    long = "a_very_long_name_" * 12
    record(exceptions=(ExceptionInfo(type=long, message=""),))

    result = flask("errors")

    assert long in result.stdout
    assert not any(line.endswith(" ") for line in result.stdout.splitlines())
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("by", ["group", "error", "hash", "shouted error"])
def test_a_group_is_found_by_any_of_its_ids(
    flask: Run, record: Record, by: str
) -> None:
    """Its number, the id that a client quotes, or the hash; with all there is to see."""
    error = record()
    wanted = {"group": "1", "error": error.id, "hash": error.group}

    shown = flask("show", wanted.get(by, error.id.upper())).stdout

    assert "Group 1  ZeroDivisionError" in shown
    assert error.id in shown
    assert "POST /baskets/7" in shown
    assert "request-0815" in shown
    assert f"{Path(__file__).parent / 'conftest.py'}:1 in total" in shown
    assert '>     1 │ """An application whose journal is a real store' in shown
    assert "/lib/flask.py:9 in dispatch" in shown


def test_the_error_that_was_asked_for_is_the_one_shown(
    flask: Run, record: Record, clock: ManualClock
) -> None:
    """Not the newest of its group."""
    older = record(user_id="older")
    clock.advance(1)
    record(user_id="newer")

    result = json.loads(flask("show", older.id, "--json").stdout)

    assert result["error"]["user_id"] == "older"
    assert [event["user_id"] for event in result["events"]] == ["newer", "older"]


def test_json_of_an_error_has_every_field(flask: Run, record: Record) -> None:
    """Also those that are empty, so that programs need not guess."""
    error = record(request=None, user_id=None)

    found = json.loads(flask("show", error.id, "--json").stdout)["error"]

    assert found["request"] is None
    assert found["user_id"] is None
    assert found["timestamp"].startswith("2027-01-15T08:00:30")
    assert found["exceptions"][0]["relation"] == ""
    assert found["exceptions"][0]["frames"][1]["source"]["first_line"] == 1


def test_an_error_that_was_not_kept_leads_to_its_group(
    flask: Run, record: Record
) -> None:
    """And the command says that it is another one that is shown."""
    error = record()

    result = flask("show", f"{error.group}-{'0' * 16}")

    assert result.exit_code == 0
    assert "counted but not kept in full" in result.stderr
    assert error.id in result.stdout


@pytest.mark.parametrize("wanted", ["7", "ffffffffffffffff-0000000000000000", HOSTILE])
def test_an_unknown_id_is_said_to_be_unknown(flask: Run, wanted: str) -> None:
    """With exit code 1, on standard error, and with what to do."""
    result = flask("show", "--", wanted)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Nothing is known under" in result.stderr
    assert "flask failwell errors" in result.stderr
    assert "\x1b" not in result.stderr


def test_statistics_count_types_hours_and_answers(
    flask: Run, record: Record, answer: Callable[[], None]
) -> None:
    """Of the last 24 hours, unless told otherwise."""
    record(group="0" * 15 + "1", exceptions=(ExceptionInfo("OtherError", ""),))
    record()
    answer()
    answer()

    text = flask("stats").stdout
    counts = json.loads(flask("stats", "--json").stdout)

    assert text.startswith("2 errors from 2027-01-14 08:00:30 to 2027-01-15 08:00:30")
    assert counts["error_types"] == {"ZeroDivisionError": 1, "OtherError": 1}
    assert sum(hour["count"] for hour in counts["series"]["points"]) == 2
    assert counts["answers"][0]["count"] == 2
    assert "404 NOT_FOUND" in text
    assert "█" in text


def test_statistics_of_a_range_leave_out_the_rest(
    flask: Run, record: Record, clock: ManualClock
) -> None:
    """By times that people write: how long ago, UTC, or with an offset."""
    record()
    clock.advance(7200)
    record()
    clock.advance(60)

    def total(*options: str) -> int:
        return json.loads(flask("stats", "--json", *options).stdout)["total_errors"]

    assert total() == 2
    assert total("--since", "1h") == 1
    assert total("--until", "1h") == 1
    assert total("--since", "2027-01-15T09:00") == 1
    assert total("--since", "2027-01-15T09:00+01:00") == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--since", "soon"], "is no time; write 2026-11-23T18:00"),
        (["--since", "999999w"], "is no time"),
        (["--since", "1h", "--until", "2h"], "--since"),
    ],
)
def test_a_senseless_range_is_refused(
    flask: Run, options: list[str], said: str
) -> None:
    """As click refuses: exit code 2, and the sentence names the option."""
    result = flask("stats", *options)

    assert result.exit_code == 2
    assert said in result.stderr


def test_hostile_text_is_inert(flask: Run, record: Record) -> None:
    """Neither the terminal nor rich obeys what a client or a class name says."""
    error = record(
        code=HOSTILE,
        environment=HOSTILE,
        user_id=HOSTILE,
        exceptions=(ExceptionInfo(type=HOSTILE, message=HOSTILE),),
        request=RequestInfo(
            method=HOSTILE, path=HOSTILE, headers={HOSTILE: HOSTILE}, data=[HOSTILE]
        ),
    )

    for words in (["errors"], ["show", error.id], ["stats"], ["show", "1", "--json"]):
        result = flask(*words)

        assert result.exit_code == 0, result.output
        assert not set(result.output) & {"\x1b", "\x9b", "\u202e"}
        assert "[red]bold[/red]" in result.output
        assert not any(line.startswith("forged") for line in result.output.splitlines())


def test_a_store_that_is_away_is_one_clear_line(
    flask: Run, app: Flask, tmp_path: Path
) -> None:
    """Exit code 1, the store named, no traceback."""
    (tmp_path / "failwell").write_text("a file stands where the folder should be")

    for command in ("errors", "stats"):
        result = flask(command)

        assert result.exit_code == 3
        assert "Error: error store" in result.stderr
        assert "flask failwell doctor" in result.stderr


def test_without_failwell_the_way_to_it_is_named() -> None:
    """Commands that were added by hand explain what is missing."""
    app = Flask("bare")
    app.cli.add_command(create_commands())

    result = app.test_cli_runner().invoke(args=["failwell", "errors"])

    assert result.exit_code == 1
    assert "write Failwell(app)" in result.stderr


def test_reading_says_when_it_may_be_behind(
    flask: Run, record: Record, spool: MemorySpool
) -> None:
    """Where another process ships and does not come to an end."""
    record()
    lock = spool.elect()
    assert lock is not None

    with lock:
        result = flask("errors")

    assert result.exit_code == 0
    assert "Not all that was recorded is in the store yet" in result.stderr
