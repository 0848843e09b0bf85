"""Retention in the pauses of the shipper."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from failwell.spool import Spool, SpoolDirectory
from failwell.store import Retention, Shipper, Store
from failwell.store._shipping._housekeeping import Housekeeper
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from tests.store.conftest import Feed

DAY = 86_400


@pytest.fixture
def store(path: Path, clock: ManualClock) -> Iterator[Store]:
    """A store that keeps three days."""
    retention = Retention(days=3)
    url = f"sqlite:///{path}"
    with closing(Store(url, clock=clock, retention=retention)) as opened:
        yield opened


def test_a_store_is_pruned_once_a_minute(store: Store, feed: "Feed") -> None:
    """Not before, and what it began it ends, however often it is interrupted."""
    for number in range(1_000):
        feed.keep(number, timestamp=feed.clock.now() - 10 * DAY + number)
    feed.count()
    feed.move(store)
    housekeeper = Housekeeper(store, feed.clock)
    housekeeper.work(lambda: True)
    assert len(store.recent(2_000)) == 1_000

    feed.clock.advance(61)
    left = []
    for _ in range(8):
        housekeeper.work(lambda: False)
        left.append(len(store.recent(2_000)))

    assert left[0] < 1_000
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    assert len(store.events(1)) == 2


def test_a_store_that_is_away_is_pruned_later(
    store: Store, feed: "Feed", path: Path
) -> None:
    """What fails is left for the next minute; the shipper does not hear of it."""
    feed.keep(1, timestamp=feed.clock.now() - 10 * DAY)
    feed.count()
    feed.move(store)
    housekeeper = Housekeeper(store, feed.clock)
    feed.clock.advance(61)
    away = path.rename(path.with_name("away"))
    path.mkdir()

    housekeeper.work(lambda: True)

    path.rmdir()
    away.rename(path)
    feed.clock.advance(61)
    housekeeper.work(lambda: True)
    assert store.recent() == []


def test_the_shipper_keeps_house(
    store: Store, feed: "Feed", tmp_path: Path, clock: ManualClock
) -> None:
    """While it runs, and only the one that was elected does."""
    spool = Spool(tmp_path / "spool", clock=clock)
    spool.append(b"not a record")
    feed.keep(1, timestamp=clock.now() - 10 * DAY)
    feed.count()
    feed.move(store)
    shipper = Shipper(SpoolDirectory(tmp_path / "spool"), store, clock=clock)
    clock.advance(61)
    stop = threading.Event()
    runs = threading.Thread(target=shipper.run, args=(stop,))
    runs.start()

    while store.recent():
        stop.wait(0.01)

    stop.set()
    runs.join()
    assert len(store.events(1)) == 1
