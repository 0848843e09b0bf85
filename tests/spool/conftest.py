"""What the tests of the spool share."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
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
def started() -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Return a list of processes, all of which are ended behind the test."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def start(started: list["subprocess.Popen[bytes]"]) -> Program:
    """Return a function that starts a program of this folder."""

    def start_program(
        name: str, *arguments: object, under: Sequence[str] = ()
    ) -> "subprocess.Popen[bytes]":
        program = [sys.executable, str(PROGRAMS / name), *map(str, arguments)]
        process = subprocess.Popen(
            [*under, *program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        started.append(process)
        return process

    return start_program


@pytest.fixture
def start_traced(start: Program) -> Program:
    """Return a function that starts a program some of whose system calls fail."""
    strace = shutil.which("strace")
    trial = [strace or "", "-f", "-o", os.devnull, "-e", "inject=sync:error=EIO"]
    if strace is None or subprocess.run([*trial, "true"], check=False).returncode:
        pytest.skip("no strace, or it may not trace here")

    def start_program(
        injection: str, name: str, *arguments: object
    ) -> "subprocess.Popen[bytes]":
        call = injection.split(":", maxsplit=1)[0]
        traced = ["-e", f"trace={call}", "-e", f"inject={injection}"]
        quiet = [strace, "-f", "-qq", "--seccomp-bpf", "-o", os.devnull]
        return start(name, *arguments, under=[*quiet, *traced])

    return start_program
