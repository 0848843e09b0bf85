"""The whole journey under faults: what a client was told about is found afterwards."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from servers import APPS, Answer, serve

from failwell._clock import SYSTEM_CLOCK
from failwell.store import Store

pytestmark = pytest.mark.faults

ROUNDS = 20


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """Return an instance folder of its own."""
    return tmp_path / "instance"


def _ship(instance: Path) -> None:
    command = [sys.executable, "-m", "flask", "--app", "crashing", "failwell", "ship"]
    environ = {**os.environ, "CRASHING_INSTANCE": str(instance)}
    subprocess.run([*command, "--once"], cwd=APPS, env=environ, check=True)


def _stored(instance: Path) -> dict[str, str]:
    store = Store(f"sqlite:///{instance / 'failwell' / 'store.db'}")
    try:
        return {record.id: record.message for record in store.recent(1000)}
    finally:
        store.close()


def _await_stored(instance: Path, answer: Answer) -> None:
    for _ in range(200):
        if (instance / "failwell" / "store.db").exists() and answer.body["error"][
            "id"
        ] in _stored(instance):
            return
        SYSTEM_CLOCK.sleep(0.05)
    pytest.fail("the shipper's thread did not ship")


def _total(instance: Path) -> int:
    store = Store(f"sqlite:///{instance / 'failwell' / 'store.db'}")
    try:
        return sum(group.count for group in store.groups())
    finally:
        store.close()


def test_error_answered_is_stored_although_its_worker_is_killed(
    instance: Path,
) -> None:
    """A worker killed -9 right after a 500 came back, 20 times: each error is kept."""
    told: dict[str, str] = {}

    with serve("crashing:app", CRASHING_INSTANCE=str(instance)) as server:
        for number in range(ROUNDS):
            answer = server.get(f"/crash/{number}")
            os.kill(int(answer.headers["X-Worker"]), signal.SIGKILL)
            told[answer.body["error"]["id"]] = f"crash number {number}"
    with serve("crashing:app", CRASHING_INSTANCE=str(instance)) as server:
        last = server.get("/crash/1000")
        told[last.body["error"]["id"]] = "crash number 1000"
    _ship(instance)

    assert len(told) == ROUNDS + 1
    assert _stored(instance) == told
    assert _total(instance) == ROUNDS + 1


@contextmanager
def _locked(store: Path) -> Iterator[None]:
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def _moved_away(store: Path) -> Iterator[None]:
    aside = store.with_name("aside")
    aside.mkdir()
    for file in store.parent.glob("store.db*"):
        file.rename(aside / file.name)
    yield
    for file in store.parent.glob("store.db*"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    for file in aside.iterdir():
        file.rename(store.parent / file.name)


@contextmanager
def _garbage(store: Path) -> Iterator[None]:
    with _moved_away(store):
        store.write_bytes(b"this is no database, and never was one. " * 100)
        yield


@contextmanager
def _folder(store: Path) -> Iterator[None]:
    with _moved_away(store):
        store.mkdir()
        yield


def _shape(answer: Answer) -> tuple[int, frozenset[str], str]:
    error = answer.body["error"]
    return answer.status, frozenset(error), error["code"]


@pytest.mark.parametrize("broken", [_locked, _garbage, _folder])
def test_answers_do_not_depend_on_the_store(
    instance: Path, broken: Callable[[Path], AbstractContextManager[None]]
) -> None:
    """Whatever happens to the store, the client sees the same, and nothing is lost."""
    with serve("crashing:app", CRASHING_INSTANCE=str(instance)) as server:
        before = server.get("/crash/1")
        _await_stored(instance, before)
        with broken(instance / "failwell" / "store.db"):
            during = [server.get("/crash/2") for _ in range(10)]
        after = server.get("/crash/3")
    _ship(instance)

    told = {answer.body["error"]["id"] for answer in (before, *during, after)}
    members = frozenset({"code", "message", "details", "id"})
    assert {_shape(answer) for answer in (before, *during, after)} == {
        (500, members, "INTERNAL_ERROR")
    }
    assert set(_stored(instance)) == told
    assert _total(instance) == len(told) == 12
