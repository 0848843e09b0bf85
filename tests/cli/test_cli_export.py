"""Groups and errors for other programs: whole, in either form, to a file or a pipe."""

import csv
import json
import stat
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from failwell.records import ErrorRecord
from failwell.store import Store, StoreError

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def errors(flask: Run, record: Callable[..., ErrorRecord]) -> list[ErrorRecord]:
    """Two errors of group 1 and one of group 2."""
    found = [record(), record()]
    flask("errors")
    other = {"group": "00ff00ff00ff00f0", "code": "PAYMENT_FAILED", "user_id": "=ada"}
    return [*found, record(**other)]


def test_groups_are_lines_of_json(flask: Run) -> None:
    """Of those that the words find, and of this application."""
    lines = flask("export", "groups").stdout.splitlines()
    (found,) = flask("export", "groups", "code:PAYMENT_FAILED").stdout.splitlines()

    assert [json.loads(line)["count"] for line in lines] == [1, 2]
    assert json.loads(found)["code"] == "PAYMENT_FAILED"
    assert flask("export", "groups", "--application", "other").stdout == ""
    assert flask("export", "groups", "is:nothing").exit_code == 2
    assert flask("export", "users").exit_code == 2


def test_errors_are_rows_of_csv(flask: Run, errors: list[ErrorRecord]) -> None:
    """With a header, and cells that no program takes for formulas."""
    text = flask("export", "events", "--format", "csv").stdout

    header, *rows = csv.reader(StringIO(text))
    assert header[0] == "id"
    assert {row[0] for row in rows} == {error.id for error in errors}
    assert "'=ada" in rows[0]


def test_a_file_is_for_its_owner_alone(flask: Run, tmp_path: Path) -> None:
    """Whole in the end, in place of what was there."""
    output = tmp_path / "out.jsonl"
    output.write_text("old")

    done = flask("export", "events", "--output", str(output))

    assert (done.exit_code, done.stdout) == (0, "")
    assert len(output.read_text().splitlines()) == 3
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.glob("out*")] == ["out.jsonl"]


def test_a_file_that_cannot_be_written_is_named(flask: Run, tmp_path: Path) -> None:
    """With the reason, and status 1."""
    done = flask("export", "groups", "--output", str(tmp_path / "no" / "out"))

    assert done.exit_code == 1
    assert "no/out cannot be written: No such file" in done.stderr


def test_what_breaks_off_leaves_what_was_there(
    app: Flask, flask: Run, tmp_path: Path
) -> None:
    """The store goes away in the middle: status 3, the old file, no half one."""
    output = tmp_path / "out.jsonl"
    output.write_text("old")

    class Leaving(Store):
        def events(self, *_: object, **__: object) -> object:  # type: ignore[override] # as if
            raise StoreError("sqlite:///x", "gone")

    journal = app.extensions["failwell"]
    journal.settle()
    leaving = Leaving(journal.settings.store_url)
    journal.store, journal.settle = leaving, lambda: True

    done = flask("export", "events", "--output", str(output))

    leaving.close()
    assert done.exit_code == 3
    assert "gone" in done.stderr
    assert output.read_text() == "old"
    assert [file.name for file in tmp_path.glob("out*")] == ["out.jsonl"]
