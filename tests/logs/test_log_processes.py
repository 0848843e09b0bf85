"""Several processes, one rotated file: no line is lost, torn or doubled."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from failwell._clock import SYSTEM_CLOCK

SCRIPT = """
import logging, os, sys
from flask import Flask
from failwell.logs import setup_logging

app = Flask("shop")
app.config.update(FAILWELL_LOGS_MAX_BYTES={size}, FAILWELL_LOGS_BACKUPS=500)
setup_logging(app)
{body}
"""


def _start(folder: Path, body: str, size: int) -> subprocess.Popen[bytes]:
    script = SCRIPT.format(size=size, body=body)
    return subprocess.Popen(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script],
        cwd=folder,
        stderr=subprocess.DEVNULL,
    )


def _text(folder: Path) -> str:
    """Return all that was written; a file may be rotated away under the reader."""
    text = ""
    for file in (folder / "logs").glob("app.log*"):
        with suppress(FileNotFoundError):
            text += file.read_text()
    return text


def _written(folder: Path) -> Counter[str]:
    text = "".join(p.read_text() for p in (folder / "logs").glob("app.log*"))
    assert text.endswith("\n")
    return Counter(re.findall(r"(?m)^\S+Z INFO shop: (\d+ \d+)\. \[in .*\] -$", text))


def _run_together(folder: Path, processes: int, lines: int, size: int) -> None:
    body = "for n in range({lines}): app.logger.info('%d %d.', {number}, n)"
    running = [
        _start(folder, body.format(lines=lines, number=number), size)
        for number in range(processes)
    ]
    assert [process.wait(300) for process in running] == [0] * processes

    expected = {f"{p} {n}": 1 for p in range(processes) for n in range(lines)}
    assert _written(folder) == expected
    assert len(list((folder / "logs").glob("app.log.*"))) > 2


def test_processes_that_rotate_at_once_lose_no_line(tmp_path: Path) -> None:
    """Three processes, a rotation every 30 lines or so: each line is there once."""
    _run_together(tmp_path, processes=3, lines=300, size=4096)


@pytest.mark.faults
def test_many_lines_of_many_processes_are_all_there(tmp_path: Path) -> None:
    """Four processes with 5,000 lines each, faster than the disk takes them."""
    _run_together(tmp_path, processes=4, lines=5_000, size=64 * 1024)


@pytest.mark.faults
def test_children_log_on_when_their_parent_is_killed(tmp_path: Path) -> None:
    """`kill -9` of the parent, in the middle of its lines, holds no child up."""
    body = """
children = [number for number in (1, 2) if not os.fork()]
if not children:
    while True: app.logger.info("0 0.")
for n in range(2000): app.logger.info("%d %d.", children[0], n)
open(f"done-{children[0]}", "w").close()
"""
    with _start(tmp_path, body, 64 * 1024) as parent:
        try:
            _until(lambda: " 100." in _text(tmp_path))
        finally:
            os.kill(parent.pid, signal.SIGKILL)

    _until(lambda: len(list(tmp_path.glob("done-*"))) == 2)
    expected = {f"{child} {n}" for child in (1, 2) for n in range(2000)}
    _until(lambda: expected <= set(_written(tmp_path)))


def _until(condition: Callable[[], bool]) -> None:
    for _ in range(600):
        if condition():
            return
        SYSTEM_CLOCK.sleep(0.1)
    assert condition()


@pytest.mark.faults
def test_a_full_file_fails_no_call_and_says_so_once(tmp_path: Path) -> None:
    """Every call returns, the console still gets the lines, one complaint is made."""
    script = SCRIPT.format(
        size=1024**2,
        body="import resource\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))\n"
        "for n in range(50): app.logger.info('%d %d.', 0, n)",
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0
    assert done.stderr.count("0 49.") == 1
    assert done.stderr.count("cannot log to") == 1
    assert "File too large" in done.stderr
