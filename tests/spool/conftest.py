"""What the tests of the spool share."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from failwell.spool import Spool, SpoolDirectory
from failwell.testing import ManualClock

PROGRAMS = Path(__file__).parent / "programs"
Program = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder for a spool; it does not exist yet."""
    return tmp_path / "spool"


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock at the beginning of an hour."""
    return ManualClock(now=1_800_000_000.0)


@pytest.fixture
def spool(folder: Path, clock: ManualClock) -> Iterator[Spool]:
    """Return a spool and close it behind the test."""
    spool = Spool(folder, clock=clock)
    yield spool
    spool.close()


@pytest.fixture
def directory(folder: Path) -> SpoolDirectory:
    """Return the reading side of the same folder."""
    return SpoolDirectory(folder)


@pytest.fixture
def start() -> Iterator[Program]:
    """Return a function that starts a program of this folder; all are ended."""
    started: list[subprocess.Popen[bytes]] = []

    def start_program(name: str, *arguments: object) -> "subprocess.Popen[bytes]":
        command = [sys.executable, str(PROGRAMS / name), *map(str, arguments)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        started.append(process)
        return process

    yield start_program
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
