"""Stores that an older failwell made are brought up to date, on a live system."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from races import race

from failwell.records import ErrorRecord
from failwell.store import GroupQuery, Store, StoreError
from failwell.store._database._alembic import config
from failwell.store._database._version import HEAD
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from tests.store.conftest import Feed

HOUR = 500_000
"""What the clock of these tests says."""
OLD_TABLES = Path(__file__).parents[2] / "src/failwell/store/migrations/tables_0001.sql"


@pytest.fixture
def old_store(path: Path, kept_record: ErrorRecord) -> Path:
    """A store as the first version made and filled it, with 3 groups and 60 events."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.executescript(OLD_TABLES.read_text())
        _fill(database, kept_record)
        database.commit()
    return path


def _fill(database: sqlite3.Connection, record: ErrorRecord) -> None:
    for group in (1, 2, 3):
        hash_ = f"{group:016x}"
        first = HOUR * 3600_000_000 + group
        database.execute(
            "INSERT INTO groups VALUES (?, 'shop', ?, 'C', ?, 'shop:buy', 'Öl', ?, ?, ?)",
            (group, hash_, f"shop.E{group}", first, first + 3600_000_000, group * 20),
        )
        database.execute(
            "INSERT INTO group_hashes VALUES (?, 'shop', 'fw1', ?)", (hash_, group)
        )
        for release in ("1", "2"):
            for hour in (HOUR, HOUR + 1):
                where = (group, hour, "production", release, group * 5)
                database.execute(
                    "INSERT INTO group_hours VALUES (?, ?, ?, ?, ?)", where
                )
                minute = (hour * 60 + 7, group, "production", release, group * 5)
                database.execute(
                    "INSERT INTO group_minutes VALUES (?, ?, ?, ?, ?)", minute
                )
        for number in range(20):
            kept = msgspec.structs.replace(
                record, id=f"{hash_}-{number:016x}", group=hash_, release="1"
            )
            payload = msgspec.json.encode(kept)[:-1] + b',"request":{"route":"/buy"}}'
            database.execute(
                "INSERT INTO events VALUES (?, ?, ?, 'production', '1', ?, 'u', 'r', ?)",
                (kept.id, group, first + number, f"shop.E{group}", payload),
            )
    database.execute(
        "INSERT INTO answers VALUES (1, 'shop', 'production', '', 'C', 404, 'GET', '/')"
    )
    database.execute("INSERT INTO answer_hours VALUES (1, ?, 4)", (HOUR,))
    database.execute("INSERT INTO watermarks VALUES ('old-unit', 77, 0, 1)")


def test_what_an_old_store_holds_is_all_there(
    old_store: Path, store: Store, clock: ManualClock
) -> None:
    """Groups with their ids, counts, events, statistics, answers and watermarks."""
    clock.advance(2 * 3600)

    groups = {group.id: group for group in store.groups()}
    page = store.group(2)

    assert {id_: group.count for id_, group in groups.items()} == {1: 20, 2: 40, 3: 60}
    assert {group.hash for group in groups.values()} == {f"{n:016x}" for n in (1, 2, 3)}
    assert sum(groups[3].hourly) == 60
    assert page is not None
    assert [(found.value, found.count) for found in page.environments] == [
        ("production", 40)
    ]
    assert {found.value for found in page.releases} == {"1", "2"}
    assert len(page.events) == 20
    assert page.events[0].request is not None
    assert store.answers()[0].count == 4
    assert store.watermark("old-unit") == 77
    start, end = clock.now() - 2 * 3600, clock.now()
    stats = store.stats(
        datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
    )
    assert stats.error_types == {"shop.E1": 20, "shop.E2": 40, "shop.E3": 60}
    assert [group.id for group in store.groups(GroupQuery(text="öl", limit=2))] == [
        3,
        2,
    ]
    assert len(store.groups(GroupQuery(route="/buy"))) == 3


def test_ingest_goes_on_in_a_store_that_was_upgraded(
    old_store: Path, store: Store, feed: "Feed"
) -> None:
    """A hash from before leads to its group."""
    feed.count(5, hash=f"{2:016x}", code="C", type="shop.E2", release="2")
    feed.keep(1, group=f"{2:016x}")

    feed.move(store)

    page = store.group(2)
    assert page is not None
    assert page.group.count == 45
    assert len(page.events) == 20
    assert len(store.groups()) == 3


def test_an_upgraded_store_is_as_a_new_one(
    old_store: Path, tmp_path: Path, clock: ManualClock
) -> None:
    """The same tables, columns, keys and indexes, to the letter."""
    with closing(Store(f"sqlite:///{old_store}", clock=clock)) as upgraded:
        upgraded.groups()
    with closing(Store(f"sqlite:///{tmp_path / 'new.db'}", clock=clock)) as new:
        new.groups()

    assert _shape(old_store) == _shape(tmp_path / "new.db")


def _shape(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as database:
        found = database.execute("SELECT name, sql FROM sqlite_master WHERE sql <> ''")
        return {name: "".join(sql.split()).replace('"', "") for name, sql in found}


def test_the_newest_version_is_known() -> None:
    """A new store is marked with the version that Alembic would bring it to."""
    assert ScriptDirectory.from_config(config()).get_current_head() == HEAD


def test_a_newer_store_is_refused_with_a_sentence(
    store_url: str, clock: ManualClock
) -> None:
    """An older failwell neither reads it wrongly nor changes it."""
    with closing(Store(store_url, clock=clock)) as newer:
        newer.groups()
        with newer._database.writing() as connection:
            connection.exec_driver_sql("UPDATE failwell_version SET version_num = '9'")

    with (
        closing(Store(store_url, clock=clock)) as store,
        pytest.raises(StoreError) as refused,
    ):
        store.groups()

    assert "version 9" in refused.value.reason
    assert "newer" in refused.value.reason


def test_tables_of_something_else_are_left_alone(
    store_url: str, clock: ManualClock, path: Path
) -> None:
    """A database that an application keeps its own groups in is refused."""
    path.parent.mkdir()
    engine = sa.create_engine(store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE groups (id int)")
    engine.dispose()

    with (
        closing(Store(store_url, clock=clock)) as store,
        pytest.raises(StoreError) as refused,
    ):
        store.groups()

    assert "groups" in refused.value.reason
    assert "a database of its own" in refused.value.reason


def test_racing_processes_upgrade_once(old_store: Path) -> None:
    """Four processes open an old store at the same moment."""
    ended = race(
        "from failwell.store import Store\nimport sqlalchemy",
        "assert len(Store(sys.argv[1]).groups()) == 3",
        [(f"sqlite:///{old_store}",)] * 4,
    )

    assert ended == [0, 0, 0, 0]


def test_readers_and_a_shipper_go_on_while_a_store_is_upgraded(
    old_store: Path, feed: "Feed", clock: ManualClock
) -> None:
    """Whoever comes first upgrades; nobody sees half of it, and nothing is lost."""
    url = f"sqlite:///{old_store}"
    feed.count(7)
    done = threading.Event()
    seen: set[int] = set()

    def read() -> None:
        with closing(Store(url, clock=clock)) as store:
            while not done.is_set():
                seen.add(len(store.groups()))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    with closing(Store(url, clock=clock)) as store:
        moved = feed.move(store)
        groups = store.groups()
    done.set()
    for reader in readers:
        reader.join()

    assert moved.counted == 7
    assert sum(group.count for group in groups) == 127
    assert seen <= {3, 4}


def test_an_upgraded_store_knows_its_releases(
    old_store: Path, store: Store, clock: ManualClock, feed: "Feed"
) -> None:
    """In the order of their first errors: what is resolved now, was in the newest."""
    clock.advance(2 * 3600)
    feed.count(hash="new", release="3")
    feed.move(store)

    store.resolve([1], by="ada")

    with store._database.reading() as connection:
        known = connection.exec_driver_sql("SELECT release FROM releases")
        assert {row.release for row in known} == {"1", "2", "3"}
    page = store.group(1)
    assert page is not None
    assert page.group.resolved_in == "3"
    assert [entry.action for entry in store.history(1)] == ["resolved", "appeared"]
