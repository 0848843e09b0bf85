"""`doctor`: what it finds, and what it advises."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from failwell.cli._doctor import _free, _modes
from failwell.spool import Spool, SpoolDirectory

Run = Callable[..., Result]


def _states(result: Result) -> dict[str, str]:
    return {c["name"]: c["state"] for c in json.loads(result.stdout)["checks"]}


@pytest.fixture
def on_disk(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """Let the journal read a spool on disk and return its folder."""
    journal = app.extensions["failwell"]
    folder = journal.settings.spool_dir
    app.extensions["failwell"] = type(journal)(
        journal.settings, SpoolDirectory(folder), journal.store._clock
    )

    yield folder

    app.extensions["failwell"].store.close()


def test_a_healthy_application_passes(flask: Run, on_disk: Path) -> None:
    """All is well but that nobody ships yet; exit code 0."""
    on_disk.mkdir(parents=True, mode=0o700)

    result = flask("doctor", "--json")

    assert result.exit_code == 0
    assert json.loads(result.stdout)["ok"] is True
    states = _states(result)
    assert states.pop("shipper") == "warn"
    assert states.keys() >= {"settings", "spool", "disk", "store", "backlog", "console"}
    assert set(states.values()) == {"ok"}


def test_a_folder_that_is_not_there_yet_is_well(flask: Run, on_disk: Path) -> None:
    """The first error makes it; looking at it does not."""
    result = flask("doctor")

    assert result.exit_code == 0
    assert "will be made with the first error" in result.stdout
    assert not on_disk.exists()


def test_damage_and_a_full_spool_are_worth_a_warning(flask: Run, on_disk: Path) -> None:
    """What is damaged and what the quota leaves is said, with the way out."""
    spool = Spool(on_disk)
    spool.append(b"{}")
    spool.close()
    segment = next(on_disk.glob("*.seg"))
    segment.write_bytes(bytes(100) + segment.read_bytes())
    with (on_disk / "filler").open("wb") as file:
        file.truncate(500 * 1024 * 1024)

    result = flask("doctor", "--json")

    states = _states(result)
    assert (states["damage"], states["quota"]) == ("warn", "warn")
    assert "100 bytes are damaged" in result.stdout
    assert "500 of 512 MiB" in result.stdout


def test_memory_alone_is_worth_a_warning(flask: Run) -> None:
    """Errors in memory end with the process: the way out is named."""
    result = flask("doctor")

    assert result.exit_code == 0
    assert "FAILWELL_SPOOL_DIR" in result.stdout


def test_a_store_that_is_away_fails(flask: Run, on_disk: Path, tmp_path: Path) -> None:
    """Exit code 1, and the table says what to check."""
    on_disk.mkdir(parents=True)
    (tmp_path / "failwell" / "store.db").mkdir()

    result = flask("doctor")

    assert result.exit_code == 1
    assert "FAILWELL_STORE_URL" in result.stdout
    assert _states(flask("doctor", "--json"))["store"] == "fail"


def test_a_folder_that_cannot_be_used_fails(flask: Run, on_disk: Path) -> None:
    """A file stands in its place: nothing could be recorded."""
    on_disk.parent.mkdir()
    on_disk.write_text("not a folder")

    result = flask("doctor", "--json")

    assert result.exit_code == 1
    assert _states(result)["spool"] == "fail"
    assert _states(result)["shipper"] == "fail"


def test_somebody_who_ships_is_noticed(flask: Run, on_disk: Path) -> None:
    """The election shows it, whoever it is."""
    lock = SpoolDirectory(on_disk).elect()
    assert lock is not None

    with lock:
        result = flask("doctor", "--json")

    assert _states(result)["shipper"] == "ok"


def test_a_folder_open_to_others_is_worth_a_warning(tmp_path: Path) -> None:
    """Records are nobody else's business; the command that closes it is named."""
    tmp_path.chmod(0o755)

    check = _modes(tmp_path)

    assert check.state == "warn"
    assert check.remedy == f"chmod 700 {tmp_path}"


def test_another_users_folder_is_worth_a_warning(tmp_path: Path) -> None:
    """What a command makes there might be closed to the application."""
    folder = tmp_path if os.geteuid() == 0 else Path("/")
    if folder == tmp_path:
        os.chown(folder, 12345, -1)

    check = _modes(folder)

    assert check.state == "warn"
    assert f"belongs to user {folder.stat().st_uid}" in check.finding


def test_free_space_is_looked_at(tmp_path: Path) -> None:
    """Of the file system that holds the spool."""
    assert "MiB free" in _free(tmp_path).finding
