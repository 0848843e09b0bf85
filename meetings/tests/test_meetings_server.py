"""The backend as `make run` starts it: real processes, real HTTP, real signals."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from meetings_api import at

pytestmark = pytest.mark.faults

CLIENTS = 16
TRIES = 600


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "meetings", *arguments]


def _environ(folder: Path, port: int | str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FAILWELL_")}
    return {
        **kept,
        "PORT": str(port),
        "MEETINGS_INSTANCE_DIR": str(folder / "instance"),
        "PYTHONUNBUFFERED": "1",
    }


class Backend:
    """A started `python -m meetings serve`, and what it has printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.environ = _environ(folder, self.port)
        self.output = folder / "output.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                _command("serve"),
                cwd=folder,
                env=self.environ,
                stdout=output,
                stderr=output,
            )
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=30
        )

    def wait_for(self, text: str, times: int = 1) -> str:
        """Return the output as soon as it holds `text` so often."""
        pause = threading.Event()
        for _ in range(TRIES):
            printed = self.output.read_text()
            if printed.count(text) >= times:
                return printed
            pause.wait(0.1)
        raise TimeoutError(self.output.read_text())

    def children(self) -> dict[str, int]:
        """Return the processes that serve started, by a word of their command."""
        listed = subprocess.run(
            ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.process.pid)],  # noqa: S607 - found in PATH
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        return {
            word: int(line.split()[0])
            for line in listed.splitlines()
            for word in ("gunicorn", "failwell ship")
            if word in line
        }

    def end(self) -> int:
        """Ask it to stop and return its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Backend]:
    """Return a backend that answers."""
    started = Backend(tmp_path)
    started.wait_for("stop           Ctrl-C")
    yield started
    if started.process.poll() is None:
        started.end()
    started.client.close()


def _gone(pid: int) -> bool:
    pause = threading.Event()
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        pause.wait(0.1)
    return False


def test_sixteen_clients_and_one_slot(backend: Backend) -> None:
    """Over real HTTP: one 201, fifteen 409 that list the winner, none 500."""
    kept = json.loads((backend.folder / "instance" / "first-admin.json").read_text())
    answer = backend.client.post("/api/v1/auth/token", json=kept)
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    room = backend.client.post(
        "/api/v1/rooms", json={"name": "Hall", "capacity": 9}, headers=headers
    )
    body = {**at(9), "room_id": room.json()["id"]}
    barrier = threading.Barrier(CLIENTS)

    def book(number: int) -> httpx.Response:
        with httpx.Client(trust_env=False, timeout=30) as client:
            barrier.wait()
            return client.post(
                f"http://127.0.0.1:{backend.port}/api/v1/meetings",
                json={**body, "title": f"client {number}"},
                headers=headers,
            )

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(book, range(CLIENTS)))

    assert Counter(a.status_code for a in answers) == {201: 1, 409: CLIENTS - 1}
    winner = next(a.json() for a in answers if a.status_code == 201)
    for refused in (a.json()["error"] for a in answers if a.status_code == 409):
        assert refused["code"] == "MEETING_CONFLICT"
        listed = refused["details"]["conflicting_meetings"]
        assert [entry["title"] for entry in listed] == [winner["title"]]


def test_the_demo_gets_the_answers_it_expects_twice(backend: Backend) -> None:
    """Every request of the demo is answered as it should be, in a second run too."""
    for _ in range(2):
        demo = subprocess.run(
            _command("demo"),
            cwd=backend.folder,
            env=backend.environ,
            capture_output=True,
            text=True,
            check=False,
        )

        assert demo.returncode == 0, demo.stdout + demo.stderr
        assert "Not expected" not in demo.stdout
        assert "/failwell/signin?token=" in demo.stdout


def test_the_greeting_leads_somewhere(backend: Backend) -> None:
    """The addresses that are printed answer, and the folder is closed to others."""
    printed = backend.wait_for("stop")

    page = backend.client.get("/docs")
    link = re.search(r"http://\S+/signin\S+", printed)
    assert page.status_code == 200
    assert link is not None
    assert backend.client.get(link[0]).status_code < 400
    assert "first-admin.json" in printed
    assert (backend.folder / "instance").stat().st_mode & 0o077 == 0


def test_stopping_ends_every_process(backend: Backend) -> None:
    """After Ctrl-C neither the server nor the shipper is left."""
    children = backend.children()

    status = backend.end()

    assert set(children) == {"gunicorn", "failwell ship"}
    assert status == 0
    assert all(_gone(pid) for pid in children.values())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children")
def test_nothing_is_left_behind_by_a_kill(backend: Backend) -> None:
    """The server and the shipper end with the process that started them."""
    children = backend.children().values()

    backend.process.kill()
    backend.process.wait()

    assert len(children) == 2
    assert all(_gone(pid) for pid in children)


def test_a_killed_shipper_is_started_again(backend: Backend) -> None:
    """Recording goes on, and somebody ships again."""
    backend.wait_for("Shipper of")
    first = backend.children()["failwell ship"]

    os.kill(first, signal.SIGKILL)
    backend.wait_for("starting it again")
    backend.wait_for("Shipper of", times=2)

    assert backend.children()["failwell ship"] != first


def test_a_dead_server_ends_everything(backend: Backend) -> None:
    """Without a server there is nothing to wait for: a status that is no success."""
    children = backend.children()

    os.kill(children["gunicorn"], signal.SIGKILL)

    assert backend.process.wait(30) != 0
    assert _gone(children["failwell ship"])


def test_a_taken_port_is_named(backend: Backend, tmp_path: Path) -> None:
    """The second start says which port, and how to take another."""
    second = subprocess.run(
        _command("serve"),
        cwd=tmp_path,
        env=backend.environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert second.returncode == 1
    assert f"Port {backend.port} is taken" in second.stderr
    assert f"PORT={backend.port + 1}" in second.stderr


@pytest.mark.parametrize("command", ["serve", "demo"])
@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "٣", "9" * 5_000])
def test_a_bad_port_is_refused(tmp_path: Path, command: str, port: str) -> None:
    """A sentence with what is allowed, and nothing is made."""
    refused = subprocess.run(
        _command(command, "--port", port),
        cwd=tmp_path,
        env=_environ(tmp_path, 5000),
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert "PORT is no port; allowed: a number from 1 to 65535" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unusable_database_is_refused(tmp_path: Path) -> None:
    """The sentence names the setting and what the database said."""
    refused = subprocess.run(
        _command("serve"),
        cwd=tmp_path,
        env=_environ(tmp_path, _free_port())
        | {"DATABASE_URL": f"sqlite:///{tmp_path}/missing/meetings.db"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert "DATABASE_URL cannot be used: unable to open" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_demo_without_a_server_says_what_to_do(tmp_path: Path) -> None:
    """Neither an empty folder nor a silent port is a traceback."""
    environ = _environ(tmp_path, _free_port())

    def demo() -> str:
        done = subprocess.run(
            _command("demo"),
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        return done.stderr

    nothing_made = demo()
    (tmp_path / "instance").mkdir()
    kept = '{"email": "a@b.example", "password": "x"}'
    (tmp_path / "instance" / "first-admin.json").write_text(kept)
    nobody_there = demo()

    assert "make run" in nothing_made
    assert "No answer from http://127.0.0.1" in nobody_there
    assert f"make run PORT={environ['PORT']}" in nobody_there
    assert "Traceback" not in nothing_made + nobody_there
