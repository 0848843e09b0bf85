"""In which order units are moved, when much waits and more is written meanwhile."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from failwell.spool import ShipperLock, Spool, SpoolDirectory
from failwell.spool._memory_unit import MemoryUnit
from failwell.store import Shipper, Store, StoreError
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from tests.store.conftest import Feed

HOURS = 24


class Units:
    """A source of units in memory: some that were left behind, and one that is written.

    Args:
        feed: Makes records.
        left: How many.
        frames: How many records each of them holds.
    """

    def __init__(self, feed: "Feed", left: int, frames: int) -> None:
        self._feed = feed
        self.left = [self._unit(f"unit-{number}", frames) for number in range(left)]
        for unit in self.left:
            unit.is_live = False
        self.live = MemoryUnit("unit-live", 100_000)

    def _unit(self, name: str, frames: int) -> MemoryUnit:
        unit = MemoryUnit(name, 100_000)
        for number in range(frames):
            self.write(unit, f"{name}-{number}")
        return unit

    def write(self, unit: MemoryUnit, error_id: str) -> None:
        """Append a record of that id."""
        unit.append(msgspec.json.encode(self._feed.keep(id=error_id)))

    def units(self) -> list[MemoryUnit]:
        """Return them, the oldest first."""
        return [unit for unit in (*self.left, self.live) if not unit.is_removed]

    def elect(self) -> ShipperLock | None:
        """Let anybody ship."""
        return ShipperLock(lambda: None)


@pytest.fixture
def store(clock: ManualClock) -> Iterator[Store]:
    """A store in memory."""
    with closing(Store("sqlite://", clock=clock)) as opened:
        yield opened


def _is_stored(store: Store, error_id: str) -> bool:
    found = store._database
    with found.reading() as connection:
        query = f"SELECT count(*) FROM events WHERE id = '{error_id}'"  # noqa: S608
        return bool(connection.exec_driver_sql(query).scalar())


def test_what_is_written_now_comes_before_what_waits(
    store: Store, feed: "Feed", clock: ManualClock
) -> None:
    """After one batch the newest error can be read, though thousands are older."""
    source = Units(feed, left=10, frames=20)
    source.write(source.live, "now")

    Shipper(source, store, clock=clock).ship(lambda: False)

    assert _is_stored(store, "now")
    assert not _is_stored(store, "unit-0-0")


def test_what_is_written_meanwhile_does_not_wait_for_the_rest(
    store: Store, feed: "Feed", clock: ManualClock
) -> None:
    """It is there a few batches later, and the rest is moved all the same."""
    source = Units(feed, left=20, frames=10)
    steps = 0
    waited: list[int] = []

    def proceed() -> bool:
        nonlocal steps
        if steps % 10 == 0:
            source.write(source.live, f"live-{steps}")
        last = steps // 10 * 10
        if _is_stored(store, f"live-{last}") and len(waited) == last // 10:
            waited.append(steps - last)
        steps += 1
        return True

    moved = Shipper(source, store, clock=clock).ship(proceed)

    assert moved.removed == 20
    assert len(waited) >= 2
    assert max(waited) <= 4


def test_what_waits_goes_on_however_much_is_written(
    store: Store, feed: "Feed", clock: ManualClock
) -> None:
    """Errors that never stop do not keep those of yesterday from the store."""
    source = Units(feed, left=6, frames=10)
    written = 0

    def proceed() -> bool:
        nonlocal written
        written += 1
        source.write(source.live, f"live-{written}")
        return True

    moved = Shipper(source, store, clock=clock).ship(proceed)

    assert moved.removed == 6
    assert _is_stored(store, "unit-5-9")


def test_after_a_day_without_a_store_everything_is_there(
    tmp_path: Path, path: Path, clock: ManualClock, feed: "Feed"
) -> None:
    """Each error in the hour in which it happened; the newest before the others."""
    path.parent.write_text("a file where the folder should be")
    store = Store(f"sqlite:///{path}", clock=clock)
    source = SpoolDirectory(tmp_path / "spool")
    shipper = Shipper(source, store, clock=clock)
    definition = msgspec.json.encode(feed.define())
    for hour in range(HOURS):
        with closing(Spool(tmp_path / "spool", clock=clock)) as spool:
            for number in range(5):
                spool.count(b"12345678", lambda: definition)
                record = feed.keep(0, id=f"{hour}-{number}", timestamp=clock.now())
                spool.append(msgspec.json.encode(record))
        with pytest.raises(StoreError):
            shipper.ship()
        clock.advance(3600)
    path.parent.unlink()
    with closing(Spool(tmp_path / "spool", clock=clock)) as spool:
        spool.append(msgspec.json.encode(feed.keep(0, id="today")))
        shipper.ship(lambda: False)
        first = [record.id for record in store.recent()]
        shipper.ship()

    (group,) = store.groups()
    assert first == ["today"]
    assert group.count == HOURS * 5
    assert group.hourly == (*[5] * (HOURS - 1), 0)
    assert len(store.recent(1000)) == HOURS * 5 + 1
