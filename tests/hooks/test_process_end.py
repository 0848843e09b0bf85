"""An exception that ends the process is in the spool before it does."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from failwell.records import ErrorRecord
from failwell.spool import FrameKind, SpoolDirectory

APP = """
import logging, os, signal, sys, threading
from flask import Flask
from failwell import Failwell

app = Flask("shop", instance_path=os.environ["INSTANCE"])
"""
WIRED = f"{APP}Failwell(app)\n"


def _run(folder: Path, program: str, *command: str) -> subprocess.CompletedProcess[str]:
    (folder / "shop.py").write_text(program)
    return subprocess.run(
        [sys.executable, *(command or ["shop.py"])],
        cwd=folder,
        env={**os.environ, "INSTANCE": str(folder / "instance")},
        capture_output=True,
        text=True,
        check=False,
    )


def _spooled(folder: Path) -> list[ErrorRecord]:
    units = SpoolDirectory(folder / "instance" / "failwell" / "spool").units()
    return [
        msgspec.json.decode(frame.payload, type=ErrorRecord)
        for unit in units
        for frame in unit.frames(0)
        if frame.kind is FrameKind.RECORD
    ]


def _count(folder: Path) -> int:
    units = SpoolDirectory(folder / "instance" / "failwell" / "spool").units()
    return sum(counter.count for unit in units for counter in unit.counters())


def test_a_program_that_fails_is_recorded_and_ends_as_before(tmp_path: Path) -> None:
    """The exit code and the traceback are Python's."""
    failing = "def work():\n    raise ValueError('boom')\nwork()\n"
    bare, wired = tmp_path / "bare", tmp_path / "wired"
    bare.mkdir()
    wired.mkdir()

    without = _run(bare, f"{APP}\n{failing}")
    with_failwell = _run(wired, f"{WIRED}{failing}")

    assert without.returncode == with_failwell.returncode == 1
    # The line of the log comes from a thread of its own, perhaps in between.
    said = [
        line for line in with_failwell.stderr.splitlines() if " ERROR in " not in line
    ]
    traceback = without.stderr.replace(str(bare), str(wired)).splitlines()
    assert said[-len(traceback) :] == traceback
    (record,) = _spooled(wired)
    assert (record.type, record.origin) == ("ValueError", "process")
    assert _count(wired) == 1


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("os._exit(7)", 7),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_a_hook_that_ends_the_process_at_once_comes_too_late(
    tmp_path: Path, end: str, code: int
) -> None:
    """The record was written before the hook that was there is called."""
    program = (
        f"{APP}sys.excepthook = lambda *_: {end}\nFailwell(app)\nraise ValueError('x')"
    )

    ended = _run(tmp_path, program)

    assert ended.returncode == code
    assert [record.type for record in _spooled(tmp_path)] == ["ValueError"]


def test_a_thread_that_takes_the_process_along_is_recorded(tmp_path: Path) -> None:
    """A hook for threads may end everything, too."""
    program = (
        f"{APP}threading.excepthook = lambda _: os._exit(7)\nFailwell(app)\n"
        "threading.Thread(target=lambda: 1 / 0).start()\n"
    )

    ended = _run(tmp_path, program)

    assert ended.returncode == 7
    assert [record.origin for record in _spooled(tmp_path)] == ["thread"]


@pytest.mark.parametrize("end", ["sys.exit(3)", "raise KeyboardInterrupt", "pass"])
def test_an_end_on_purpose_is_no_error(tmp_path: Path, end: str) -> None:
    """Ctrl-C neither; and nothing is written at all."""
    _run(tmp_path, f"{WIRED}{end}\n")

    assert not (tmp_path / "instance").exists()


def test_an_interactive_session_is_a_persons_own(tmp_path: Path) -> None:
    """Whoever mistypes sees it."""
    program = f"{WIRED}import code\ncode.interact()\n"
    (tmp_path / "shop.py").write_text(program)

    session = subprocess.run(
        [sys.executable, "shop.py"],
        cwd=tmp_path,
        env={**os.environ, "INSTANCE": str(tmp_path / "instance")},
        input="1 / 0\n",
        capture_output=True,
        text=True,
        check=True,
    )

    assert "ZeroDivisionError" in session.stderr
    assert not (tmp_path / "instance").exists()


COMMAND = """
@app.cli.command("import")
def run():
    raise ValueError("boom")
"""


def test_a_flask_command_is_recorded_once(tmp_path: Path) -> None:
    """It passes two hooks; exit code and traceback are as without failwell."""
    bare, wired = tmp_path / "bare", tmp_path / "wired"
    bare.mkdir()
    wired.mkdir()
    flask = ("-m", "flask", "--app", "shop", "import")

    without = _run(bare, APP + COMMAND, *flask)
    with_failwell = _run(wired, WIRED + COMMAND, *flask)

    assert without.returncode == with_failwell.returncode == 1
    assert "ValueError: boom" in with_failwell.stderr
    assert with_failwell.stderr.splitlines()[-1] == without.stderr.splitlines()[-1]
    (record,) = _spooled(wired)
    assert record.origin == "command"
    assert record.context["command"].endswith("import")
    assert _count(wired) == 1


def test_a_line_logged_while_the_application_is_made_starts_no_shipper(
    tmp_path: Path,
) -> None:
    """The server is about to fork; what was logged is in the spool."""
    program = (
        f"{WIRED}try:\n    1 / 0\nexcept ZeroDivisionError:\n"
        "    logging.getLogger('x').exception('no cache')\n"
        "names = [thread.name for thread in threading.enumerate()]\n"
        "sys.exit(3 if 'failwell-shipper' in names else 0)\n"
    )

    ended = _run(tmp_path, program)

    assert ended.returncode == 0
    assert [record.origin for record in _spooled(tmp_path)] == ["log"]


def test_a_forked_child_records_for_itself(tmp_path: Path) -> None:
    """The hooks go along, and write to a unit of the child."""
    program = (
        f"{WIRED}if os.fork():\n    os.wait()\nraise ValueError(str(os.getpid()))\n"
    )

    _run(tmp_path, program)

    records = _spooled(tmp_path)
    assert len({record.message for record in records}) == len(records) == 2
