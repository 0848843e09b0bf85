"""What an operator and a machine do to a shipper, with real processes and disks."""

import logging
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from small_disks import make_small_disk, remove_small_disk

from failwell.spool import Spool, SpoolDirectory
from failwell.store import Shipper, Store, StoreError

if TYPE_CHECKING:
    from tests.store.conftest import Feed

pytestmark = pytest.mark.faults

KEY = b"12345678"
WRITE = """
import sys
from failwell.spool import Spool
spool = Spool(sys.argv[1])
record, definition = sys.stdin.buffer.read().split(b"\\n")
for n in range(int(sys.argv[2]), int(sys.argv[2]) + 1000):
    spool.count(b"12345678", lambda: definition)
    spool.append(record.replace(b"0000000000000001", b"%016x" % n))
print("written", flush=True)
sys.stdin.close()
import signal; signal.pause()
"""
SHIP = """
import sys
from failwell.spool import SpoolDirectory
from failwell.store import Shipper, Store, StoreError
shipper = Shipper(SpoolDirectory(sys.argv[1]), Store(sys.argv[2]))
while True:
    try:
        shipper.ship()
    except (StoreError, OSError):
        pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The spool's folder."""
    return tmp_path / "spool"


def _write(spool: Spool, feed: "Feed", *numbers: int) -> None:
    definition = msgspec.json.encode(feed.define())
    for number in numbers:
        spool.count(KEY, lambda: definition)
        spool.append(msgspec.json.encode(feed.keep(number)))


def _until(condition: Callable[[], bool], seconds: int = 30) -> None:
    for _ in range(seconds * 20):
        if condition():
            return
        threading.Event().wait(0.05)
    assert condition()


def _count(store: Store) -> int:
    try:
        return sum(group.count for group in store.groups())
    except StoreError:
        return -1


@contextmanager
def _running(folder: Path, store: Store) -> Iterator[Shipper]:
    shipper, stop = Shipper(SpoolDirectory(folder), store), threading.Event()
    thread = threading.Thread(target=shipper.run, args=(stop,))
    thread.start()
    try:
        yield shipper
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def test_two_shippers_at_once_double_nothing(
    folder: Path, store: Store, path: Path, feed: "Feed"
) -> None:
    """Three shippers that nobody elected, killed writers: each error is there once."""
    command = [sys.executable, "-c"]
    store.groups()
    shippers = [
        subprocess.Popen([*command, SHIP, str(folder), f"sqlite:///{path}"])
        for _ in range(3)
    ]
    record = msgspec.json.encode(feed.keep(1))
    try:
        for number in range(6):
            with subprocess.Popen(
                [*command, WRITE, str(folder), str(number * 1000)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            ) as writer:
                assert writer.stdin is not None
                assert writer.stdout is not None
                writer.stdin.write(record + b"\n" + msgspec.json.encode(feed.define()))
                writer.stdin.close()
                assert writer.stdout.readline()
                writer.kill()
        _until(lambda: not SpoolDirectory(folder).units(), 60)
    finally:
        for shipper in shippers:
            shipper.kill()
            shipper.wait()

    ids = {record.id for record in store.recent(10_000)}
    assert ids == {feed.record_id(number) for number in range(6000)}
    assert store.groups()[0].count == 6000


def test_a_full_disk_under_the_store_loses_nothing(
    tmp_path: Path, folder: Path, feed: "Feed", caplog: pytest.LogCaptureFixture
) -> None:
    """One CRITICAL line; when there is room again everything arrives, once."""
    caplog.set_level(logging.INFO, logger="failwell")
    disk = tmp_path / "disk"
    make_small_disk(disk)
    try:
        store = Store(f"sqlite:///{disk / 'store.db'}")
        with closing(store), closing(Spool(folder, clock=feed.clock)) as spool:
            store.groups()
            filler = disk / "filler"
            filler.write_bytes(bytes(600_000))
            _write(spool, feed, *range(400))
            with _running(folder, store) as shipper:
                _until(lambda: shipper._away)
                _write(spool, feed, 400)
                filler.unlink()
                shipper.nudge()
                _until(lambda: _count(store) == 401)

            assert len(store.recent(1000)) == 401
    finally:
        remove_small_disk(disk)

    assert [line.levelname for line in caplog.records] == ["CRITICAL", "INFO"]


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def test_an_older_store_put_back_is_brought_up_to_date(
    folder: Path, store: Store, path: Path, feed: "Feed"
) -> None:
    """A backup restored under a running shipper gets what it does not have, once."""
    with closing(Spool(folder, clock=feed.clock)) as spool, _running(folder, store):
        _write(spool, feed, 1)
        _until(lambda: _count(store) == 1)
        backup = path.with_suffix(".backup")
        _until(lambda: not _log_of(path).exists())
        shutil.copy(path, backup)
        _write(spool, feed, 2, 3)
        _until(lambda: _count(store) == 3)
        _until(lambda: not _log_of(path).exists())

        backup.replace(path)

        assert _count(store) == 1
        _until(lambda: _count(store) == 3)
        assert len(store.recent()) == 3


def test_a_deleted_store_is_made_anew_of_what_is_still_spooled(
    folder: Path, store: Store, path: Path, feed: "Feed"
) -> None:
    """Files removed under a running shipper: living units are read from their start."""
    with closing(Spool(folder, clock=feed.clock)) as spool, _running(folder, store):
        _write(spool, feed, 1, 2)
        _until(lambda: _count(store) == 2)

        for file in path.parent.glob("store.db*"):
            file.unlink()

        _until(lambda: _count(store) == 2)
        assert len(store.recent()) == 2
