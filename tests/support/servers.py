"""Real servers for tests: gunicorn in processes of its own, on a free port."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from failwell._clock import SYSTEM_CLOCK

APPS = Path(__file__).parents[1] / "faults" / "apps"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Server:
    """A running server: ask it, or kill one of its processes."""

    url: str
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> Answer:
        """Ask for a path; the body is JSON."""
        try:
            answer = urllib.request.urlopen(self.url + path, timeout=30)  # noqa: S310 - our own server
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Answer(answer.status, answer.headers, json.load(answer))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_port(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        SYSTEM_CLOCK.sleep(0.05)
    raise TimeoutError(port)


@contextmanager
def serve(app: str, *, workers: int = 2, **env: str) -> Iterator[Server]:
    """Run gunicorn with an application of `faults/apps`; end it with the block."""
    port = _free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}"),
        *("--workers", str(workers), "--threads", "4", "--no-control-socket"),
        *("--log-level", "error"),
    ]
    with subprocess.Popen(command, cwd=APPS, env={**os.environ, **env}) as process:
        try:
            _await_port(port)
            yield Server(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()
