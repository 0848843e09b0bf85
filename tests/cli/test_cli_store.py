"""`store upgrade`, `store copy` and `store open`."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from failwell.store import Store
from failwell.testing import ManualClock


def test_a_store_is_copied_and_what_follows_waits(
    app: Flask,
    flask: Callable[..., Result],
    record: Callable[..., object],
    postgresql_url: sa.URL,
    clock: ManualClock,
) -> None:
    """All that was recorded is in the copy, and the command says what to do next."""
    record()
    record()
    url = postgresql_url.render_as_string(hide_password=False)

    done = flask("store", "copy", "--to", url)
    record()
    settled = app.extensions["failwell"].settle(0.1)

    assert done.exit_code == 0, done.output
    assert "Set FAILWELL_STORE_URL" in done.output
    assert not settled
    with closing(Store(url, clock=clock)) as copy:
        assert copy.groups()[0].count == 2


def test_a_backup_leaves_the_store_in_use(
    app: Flask, flask: Callable[..., Result], record: Callable[..., object]
) -> None:
    """With --keep-open nothing waits."""
    record()

    done = flask("store", "copy", "--keep-open", "--to", f"sqlite:///{app.name}.db")

    assert done.exit_code == 0, done.output
    record()
    assert app.extensions["failwell"].settle(1.0)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_copied_store_can_be_opened_again(
    app: Flask, flask: Callable[..., Result], record: Callable[..., object]
) -> None:
    """For whoever decides to stay where they are."""
    record()
    flask("store", "copy", "--to", "sqlite:///copy.db")
    record()

    opened = flask("store", "open")

    assert "takes what is recorded" in opened.output
    assert app.extensions["failwell"].settle(1.0)
    assert "was open" in flask("store", "open").output


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://localhost/x", "PostgreSQL"),
        ("nonsense", "PostgreSQL"),
        ("postgresql://nobody:hunter2@127.0.0.1:1/x", "refused"),
    ],
)
def test_a_target_that_cannot_be_used_is_one_line(
    flask: Callable[..., Result], url: str, said: str
) -> None:
    """Without a traceback, and without the password."""
    done = flask("store", "copy", "--to", url)

    assert done.exit_code == 3
    assert said in done.output
    assert "Traceback" not in done.output
    assert "hunter2" not in done.output


def test_an_upgrade_says_that_it_is_done(flask: Callable[..., Result]) -> None:
    """Also where there is nothing to do."""
    assert "present version" in flask("store", "upgrade").output
    assert flask("store", "upgrade").exit_code == 0
