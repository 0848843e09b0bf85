"""Child processes: started, kept alive, ended.

Each child leads a process group of its own, so that a Ctrl-C in the terminal reaches
only the parent, which then ends them in order.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Protocol, Self

from meetings.server import _tied

_GRACE_S = 15.0
_PACE_S = 0.25


class Say(Protocol):
    """Where a line for the person goes."""

    def __call__(self, line: str, /) -> None:
        """Show the line."""


class Child:
    """One child process, which runs no longer than the `with` block, nor than its parent.

    Args:
        command: The program, by its path, and its arguments.
        environ: Its whole environment.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._command = list(command)
        self._environ = dict(environ)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def start(self) -> None:
        """Start it, again if it has ended."""
        # As a file: to import its package would take as long as the program itself.
        tied = [sys.executable, "-P", _tied.__file__, str(os.getpid())]
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [*tied, *self._command], env=self._environ, process_group=0
        )

    @property
    def exit_code(self) -> int | None:
        """What it ended with, None while it runs."""
        return None if self._process is None else self._process.poll()

    def _end(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class StopSignals:
    """Whether somebody asked this process to end: Ctrl-C, TERM, or a closed terminal."""

    def __init__(self) -> None:
        self.seen = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._remember)
        self._never = threading.Event()

    def pause(self) -> bool:
        """Wait a quarter of a second; return whether to go on."""
        self._never.wait(_PACE_S)
        return not self.seen

    def _remember(self, _number: int, _frame: FrameType | None) -> None:
        # Nothing but this: a handler that takes a lock can meet itself.
        self.seen = True


def supervise(server: Child, shipper: Child, stop: StopSignals, say: Say) -> int:
    """Keep the shipper alive until the server ends or a signal comes.

    Returns:
        0 after a signal, else what the server ended with.
    """
    while stop.pause():
        if server.exit_code is not None:
            say(f"The server ended by itself with {server.exit_code}.")
            return server.exit_code or 1
        if shipper.exit_code is not None:
            say(f"The shipper ended with {shipper.exit_code}; starting it again.")
            _wait_a_little(stop)
            shipper.start()
    return 0


def _wait_a_little(stop: StopSignals) -> None:
    # A shipper that cannot start must not be started without a pause.
    for _ in range(8):
        if not stop.pause():
            return
