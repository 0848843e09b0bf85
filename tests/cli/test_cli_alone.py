"""The command `failwell`: a store alone, without the application."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from failwell.cli._alone import create_alone
from failwell.records import ErrorRecord
from failwell.testing import ManualClock


@pytest.fixture
def url(
    app: Flask, flask: Callable[..., Result], record: Callable[..., ErrorRecord]
) -> str:
    """The URL of a store with two groups."""
    record()
    flask("errors")
    record(group="00ff00ff00ff00f0")
    assert flask("errors").exit_code == 0
    found: str = app.extensions["failwell"].settings.store_url
    return found


@pytest.fixture
def failwell(clock: ManualClock) -> Callable[..., Result]:
    """Return a function that runs `failwell …`."""
    runner = CliRunner(env={"FAILWELL_STORE_URL": "", "LOGNAME": "ada"})
    return lambda *words, **more: runner.invoke(
        create_alone(clock), words, prog_name="failwell", **more
    )


def test_it_does_what_the_commands_of_an_application_do(
    failwell: Callable[..., Result], flask: Callable[..., Result], url: str
) -> None:
    """The same words, the same answers; the application sees what was done."""
    before = flask("errors").stdout
    shown = failwell("--store", url, "errors")
    done = failwell("--store", url, "resolve", "1")
    named = failwell("errors", "is:open", "--json", env={"FAILWELL_STORE_URL": url})

    assert shown.stdout == before
    assert done.stdout == "Group 1 is resolved now.\n"
    assert [g["id"] for g in json.loads(named.stdout)["groups"]] == [2]
    assert "command line (ada)" in flask("history", "1").stdout
    for words in (("show", "1"), ("stats",), ("audit",), ("store", "upgrade")):
        assert failwell("--store", url, *words).exit_code == 0
    unknown = failwell("--store", url, "resolve", "9")
    assert unknown.exit_code == 1
    assert "`failwell errors` lists the groups" in unknown.stderr
    assert "flask" not in unknown.stderr


def test_it_never_makes_a_store(
    failwell: Callable[..., Result], tmp_path: Path
) -> None:
    """A slip in the path is said; an empty file is no store, and stays empty."""
    missing = tmp_path / "no" / "store.db"
    empty = tmp_path / "empty.db"
    empty.touch()

    slip = failwell("--store", f"sqlite:///{missing}", "errors")
    other = failwell("--store", f"sqlite:///{empty}", "stats")

    assert (slip.exit_code, other.exit_code) == (3, 3)
    assert "there is no such file" in slip.stderr
    assert "it is no store" in other.stderr
    assert not missing.parent.exists()
    assert empty.read_bytes() == b""
    assert list(tmp_path.iterdir()) == [empty]


def test_an_empty_database_of_a_server_stays_empty(
    failwell: Callable[..., Result], postgresql_url: object
) -> None:
    """No tables are made in it."""
    url = postgresql_url.render_as_string(hide_password=False)  # type: ignore[attr-defined] # a URL

    done = [failwell("--store", url, "errors") for _ in range(2)]

    assert [one.exit_code for one in done] == [3, 3]
    assert "it is no store" in done[1].stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("errors",), "--store URL or in FAILWELL_STORE_URL"),
        (("--store", "mysql://x/y", "errors"), "other databases are not supported"),
        (("--store", "sqlite://", "errors"), "such as sqlite:////"),
        (("ship",), "run `flask failwell ship`"),
        (("store", "prune"), "run `flask failwell store prune`"),
        (("nonsense",), "No such command"),
    ],
)
def test_wrong_usage_says_what_is_allowed(
    failwell: Callable[..., Result], words: tuple[str, ...], said: str
) -> None:
    """With status 2; what needs an application says where to run it."""
    done = failwell(*words)

    assert done.exit_code == 2
    assert said in done.stderr


def test_help_needs_no_store(failwell: Callable[..., Result]) -> None:
    """Of the command, and of each of its own."""
    assert "Commands:" in failwell("--help").stdout
    assert "--next-release" in failwell("resolve", "--help").stdout


def test_it_is_installed(url: str, tmp_path: Path) -> None:
    """As a program of its own, which runs in any folder."""
    program = Path(sys.executable).with_name("failwell")
    environment = {**os.environ, "FAILWELL_STORE_URL": url}

    done = subprocess.run(
        [program, "export", "groups"],
        env=environment,
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )

    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == ""
