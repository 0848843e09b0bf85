"""What is particular to PostgreSQL: nodes at once, partitions, sessions, its end."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import databases
import msgspec
import pytest
import sqlalchemy as sa

from failwell._clock import SYSTEM_CLOCK
from failwell.spool import Spool, SpoolDirectory
from failwell.store import Shipper, Store, StoreError
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from tests.store.conftest import Feed

DAY = 86400.0


@pytest.fixture
def url(postgresql_url: sa.URL) -> str:
    """The URL of an empty database."""
    return postgresql_url.render_as_string(hide_password=False)


@pytest.fixture
def store(url: str, clock: ManualClock) -> Iterator[Store]:
    """A store in PostgreSQL."""
    with closing(Store(url, clock=clock)) as opened:
        yield opened


def _partitions(store: Store) -> set[str]:
    query = "SELECT relid::regclass::text FROM pg_partition_tree('events') WHERE isleaf"
    with store._database.reading() as connection:
        return set(connection.exec_driver_sql(query).scalars())


def test_nodes_that_ship_at_once_count_exactly(
    url: str, new_feed: "Callable[[ManualClock], Feed]"
) -> None:
    """Four of them, each with the same 30 groups, which none of them knows yet."""
    hashes = [f"{number:016x}" for number in range(30)]

    def ship(node: int) -> None:
        feed = new_feed(ManualClock())
        feed.unit.id = f"unit-{node}"
        # In another order in each node: whoever locked in this order would deadlock.
        order = hashes if node % 2 else hashes[::-1]
        with closing(Store(url, clock=feed.clock)) as store:
            for turn in range(5):
                for number, hash_ in enumerate(order):
                    feed.count(2, hash=hash_, release=f"{turn}")
                    own = f"{hash_}-{node:08x}{turn * 30 + number:08x}"
                    feed.keep(number, id=own, group=hash_, release=f"{turn}")
                feed.move(store)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ship, range(4)))

    with closing(Store(url, clock=ManualClock())) as store:
        groups = store.groups()
        assert len(groups) == 30
        assert {group.count for group in groups} == {4 * 5 * 2}
        assert len({record.id for record in store.recent(10_000)}) == 4 * 5 * 30


def test_each_day_has_its_partition(store: Store, feed: "Feed") -> None:
    """Made when its first event comes, late or early; a clock gone mad has two more."""
    now = feed.clock.now()
    for number, at in enumerate((now, now - 200 * DAY, now + 2 * DAY, 0.0, 9e10)):
        feed.keep(number, timestamp=at)

    moved = feed.move(store)

    assert moved == (5, 0, 0)
    assert _partitions(store) == {
        "events_20270115",
        "events_20260629",
        "events_20270116",
        "events_20270117",
        "events_before_2020",
        "events_from_2100",
    }
    assert len(store.recent()) == 5


def test_tomorrow_is_made_ahead(store: Store, feed: "Feed") -> None:
    """The first error of a day finds its partition made, and no index to build."""
    feed.count()
    feed.move(store)

    assert _partitions(store) == {"events_20270116"}


def test_a_partition_that_was_dropped_is_made_again(
    store: Store, url: str, feed: "Feed"
) -> None:
    """What retention removed does not keep a late record from the store."""
    feed.keep(1)
    feed.move(store)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE events_20270115")
    engine.dispose()
    feed.keep(2)

    assert feed.move(store) == (1, 0, 0)
    assert [record.id for record in store.recent()] == [feed.record_id(2)]


def test_a_database_without_tables_gets_them_again(
    store: Store, url: str, feed: "Feed"
) -> None:
    """Emptied under a running process: one call fails, the next one finds a new store."""
    feed.count()
    feed.move(store)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    engine.dispose()

    with pytest.raises(StoreError):
        feed.move(store)
    feed.move(store)

    assert store.groups()[0].count == 1


def test_a_connection_that_was_ended_is_replaced(
    store: Store, url: str, feed: "Feed"
) -> None:
    """An administrator's cut costs one call at most, and nothing of the data."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    feed.count()
    with store.kept_open():
        feed.move(store)
        with engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        feed.count(2)
        with pytest.raises(StoreError, match="cannot be used"):
            feed.move(store)
        feed.move(store)
    engine.dispose()

    assert store.groups()[0].count == 3


def test_parent_and_child_use_connections_of_their_own(
    store: Store, feed: "Feed"
) -> None:
    """What is open is not shared across a fork."""
    store.groups()

    child = os.fork()
    if child == 0:
        feed.count()
        feed.move(store)
        os._exit(0)
    _, status = os.waitpid(child, 0)

    assert status == 0
    assert store.groups()[0].count == 1


def test_commits_wait_for_the_disk_whatever_the_server_says(
    store: Store, url: str
) -> None:
    """What was moved leaves the spool, so no default may trade it for speed."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        name = connection.engine.url.database
        connection.exec_driver_sql(
            f"ALTER DATABASE {name} SET synchronous_commit = off"
        )
    engine.dispose()

    with store._database.writing() as connection:
        setting = connection.exec_driver_sql("SHOW synchronous_commit").scalar()

    assert setting == "on"


@pytest.mark.parametrize(
    "url",
    ["mysql+pymysql://localhost/x", "postgresql+psycopg2://localhost/x", "nonsense"],
)
def test_other_databases_are_refused(url: str) -> None:
    """With a sentence that says what is allowed."""
    with pytest.raises(StoreError) as refused:
        Store(url).groups()

    assert "SQLite" in refused.value.reason
    assert "PostgreSQL" in refused.value.reason


@pytest.fixture
def own_server() -> Iterator[databases.DatabaseServer]:
    """A server that a test may stop."""
    with databases._offered(databases._run_postgresql) as server:
        yield server


def _write(folder: Path, stop: threading.Event, feed: "Feed", node: int) -> list[str]:
    """Record as fast as it goes until told to stop; return the ids."""
    written: list[str] = []
    definition = msgspec.json.encode(feed.define())
    record = msgspec.json.encode(feed.keep(0, id="NUMBER", timestamp=1_800_000_000.0))
    with closing(Spool(folder)) as spool:
        while not stop.wait(0.001):
            own = f"{node}-{len(written)}"
            spool.count(b"12345678", lambda: definition)
            spool.append(record.replace(b"NUMBER", own.encode()))
            written.append(own)
    return written


@pytest.mark.faults
def test_a_server_stopped_at_once_in_mid_ingest_loses_and_doubles_nothing(
    own_server: databases.DatabaseServer, tmp_path: Path, feed: "Feed"
) -> None:
    """Six times, with recovery after a crash, while three processes' worth is written."""
    process = own_server.process
    writing, shipping = threading.Event(), threading.Event()
    store = Store(own_server.url.render_as_string(hide_password=False))
    shippers = [
        Shipper(SpoolDirectory(tmp_path / f"spool-{node}"), store) for node in range(3)
    ]
    with ThreadPoolExecutor(6) as pool, closing(store):
        writers = [
            pool.submit(_write, tmp_path / f"spool-{node}", writing, feed, node)
            for node in range(3)
        ]
        running = [pool.submit(shipper.run, shipping) for shipper in shippers]
        for _ in range(6):
            SYSTEM_CLOCK.sleep(1.5)
            process.send_signal(signal.SIGQUIT)
            process.wait()
            SYSTEM_CLOCK.sleep(0.2)
            process = subprocess.Popen(process.args, cwd="/")
        SYSTEM_CLOCK.sleep(2.0)
        writing.set()
        written = [own for writer in writers for own in writer.result()]
        shipping.set()
        for shipper in running:
            shipper.result()
        for shipper in shippers:
            shipper.ship()

        with store._database.reading() as connection:
            ids = list(connection.exec_driver_sql("SELECT id FROM events").scalars())
        (group,) = store.groups()
        assert len(written) > 1000
        assert sorted(ids) == sorted(written)
        assert group.count == len(written)
    process.send_signal(signal.SIGINT)
    process.wait()
