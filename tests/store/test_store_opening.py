"""How a store is made and opened, and how it fails."""

import gc
import os
import pickle
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from races import race

from failwell.store import Store, StoreError
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from tests.store.conftest import Feed


def test_importing_the_room_does_not_import_sqlalchemy() -> None:
    """SQLAlchemy costs 100 ms, which an application pays at its first error at most."""
    script = (
        "import sys; from failwell.store import Store, ShipperThread;"
        "Store('sqlite://'); sys.exit('sqlalchemy' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_memory_store_that_nobody_closes_is_closed() -> None:
    """Python 3.13 warns of connections left open, in the tests of every application."""
    store = Store("sqlite://")
    store.groups()
    connection = store._database.backend.engine.raw_connection().driver_connection
    assert connection is not None

    del store
    gc.collect()

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_folder_and_files_are_private(store: Store, path: Path, feed: "Feed") -> None:
    """The folder has mode 0700, every file of the store 0600, whatever the umask."""
    previous = os.umask(0)
    try:
        feed.count()
        feed.move(store)
    finally:
        os.umask(previous)

    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert modes == {0o600}


def test_commits_survive_a_power_cut_by_mode(store: Store, path: Path) -> None:
    """The file is in WAL mode; the writer's connection syncs each commit in full."""
    store.groups()

    with closing(sqlite3.connect(path)) as connection:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    with store._database.writing() as writer:
        full = writer.exec_driver_sql("PRAGMA synchronous").scalar()
    assert (mode, full) == ("wal", 2)


def test_a_locked_store_fails_without_a_change(
    store: Store, path: Path, feed: "Feed"
) -> None:
    """Another writer's lock gives a StoreError; reading goes on meanwhile."""
    feed.count()
    store.groups()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreError) as failure:
            feed.move(store)

        assert "locked" in failure.value.reason
        assert not store.groups()

    feed.move(store)
    assert store.groups()[0].count == 1


def test_a_reader_does_not_stop_the_writer(
    store: Store, path: Path, feed: "Feed"
) -> None:
    """While a page is being read, records are moved."""
    store.groups()
    feed.count()
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM groups").fetchall()

        feed.move(store)

    assert store.groups()[0].count == 1


def test_writers_wait_for_each_other(
    store: Store, new_feed: "Callable[[ManualClock], Feed]"
) -> None:
    """Four at once, each of which reads before it writes: none finds it busy."""
    feeds = [new_feed(ManualClock()) for _ in range(4)]
    store.groups()

    def work(number: int) -> None:
        feed = feeds[number]
        feed.unit.id = f"unit-{number}"
        for _ in range(10):
            feed.count()
            feed.move(store)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert store.groups()[0].count == 40


def test_a_folder_that_cannot_be_made_fails_and_recovers(
    store: Store, path: Path, feed: "Feed"
) -> None:
    """What stands in the way is named to operators, and nothing to clients."""
    path.parent.write_text("a file where the folder should be")
    feed.count()

    with pytest.raises(StoreError) as failure:
        feed.move(store)

    assert str(path) in failure.value.describe()
    assert str(path.parent) not in failure.value.message
    path.parent.unlink()
    feed.move(store)
    assert store.groups()[0].count == 1


def _write_as_nobody(store: Store) -> int:
    """Return the exit status of a process without rights that writes to a store."""
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setuid(65534)
        try:
            store.use_once("t", 9e9)
        except StoreError as error:
            os._exit(0 if "readonly" in error.reason else 2)
        os._exit(1)
    return os.waitpid(child, 0)[1]


def test_a_read_only_folder_fails_and_stays_as_it_is(clock: ManualClock) -> None:
    """A store that may only be read refuses what is moved into it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(f"sqlite:///{folder / 'store.db'}", clock=clock)
        store.groups()
        (folder / "store.db").chmod(0o444)
        folder.chmod(0o555)

        status = _write_as_nobody(store)

        folder.chmod(0o755)
        assert status == 0
        assert store.use_once("t", 9e9)


def test_a_password_is_not_shown() -> None:
    """A URL that is no store's is refused without the secret in it."""
    store = Store("sqlite://someone:hunter2@/proc/nowhere/x.db")

    with pytest.raises(StoreError) as failure:
        store.groups()

    assert "hunter2" not in failure.value.describe()


def test_a_file_deleted_while_running_is_made_again(
    store: Store, path: Path, feed: "Feed"
) -> None:
    """After the file is gone, everything the spool still has is moved anew."""
    feed.count()
    feed.move(store)
    for file in path.parent.iterdir():
        file.unlink()

    assert store.watermark(feed.unit.id) == 0
    feed.move(store)

    assert store.groups()[0].count == 1
    assert path.exists()


def test_a_file_that_is_no_database_fails(store: Store, path: Path) -> None:
    """A file of something else is left as it is."""
    path.parent.mkdir()
    path.write_bytes(b"not a database " * 100)

    with pytest.raises(StoreError):
        store.groups()

    assert path.read_bytes().startswith(b"not a database")


def test_racing_processes_make_the_tables_once(path: Path) -> None:
    """Four processes open a store that does not exist at the same moment."""
    ended = race(
        "from failwell.store import Store\nimport sqlalchemy",
        "assert Store(sys.argv[1]).use_once(sys.argv[2], 9e9)",
        [(f"sqlite:///{path}", str(n)) for n in range(4)],
    )

    assert ended == [0, 0, 0, 0]


def test_a_store_is_used_on_both_sides_of_a_fork(
    store: Store, feed: "Feed", path: Path
) -> None:
    """Nothing that is open is inherited: parent and child both go on."""
    store.groups()

    child = os.fork()
    if child == 0:
        feed.count()
        feed.move(store)
        os._exit(0)
    _, status = os.waitpid(child, 0)

    assert status == 0
    assert store.groups()[0].count == 1


def test_a_store_in_memory_is_shared_by_threads(
    new_feed: "Callable[[ManualClock], Feed]",
) -> None:
    """Under TESTING one connection serves all threads, one at a time."""
    feed = new_feed(ManualClock())
    feed.count(5)
    with closing(Store("sqlite://", clock=feed.clock)) as store:
        with ThreadPoolExecutor(4) as pool:
            moved = list(pool.map(lambda _: feed.move(store), range(8)))

        assert sum(counted for _, counted, _ in moved) == 5
        assert store.groups()[0].count == 5


def test_a_store_error_survives_pickling() -> None:
    """It passes through process pools and task queues like every AppError."""
    error = pickle.loads(pickle.dumps(StoreError("sqlite:///x.db", "locked")))  # noqa: S301 - our own bytes

    assert error.describe() == "error store sqlite:///x.db: locked"
    assert error.status_code == 503


def test_a_token_is_used_once(store: Store, clock: ManualClock) -> None:
    """The second use, a use after the end, and a use long after are refused."""
    end = clock.now() + 60

    first, second = store.use_once("a", end), store.use_once("a", end)
    clock.advance(61)

    assert (first, second) == (True, False)
    assert not store.use_once("a", end)
    assert not store.use_once("b", end)


def test_a_connection_kept_open_follows_an_exchanged_file(
    store: Store, path: Path, feed: "Feed"
) -> None:
    """Transactions that share a connection see the file that is there now."""
    with store.kept_open():
        feed.keep(1)
        feed.move(store)
        for file in path.parent.iterdir():
            file.unlink()
        feed.keep(2)
        feed.move(store)

        assert len(store.recent()) == 2
    assert len(store.recent()) == 2
