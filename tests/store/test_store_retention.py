"""What goes by age, number and size, what stays, and the room that is given back."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from written import written

from failwell.records import ErrorRecord, Frame
from failwell.spool import FrameKind, SpoolFrame
from failwell.store import Pruned, Retention, Store
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from tests.store.conftest import Feed

DAY = 86_400
Open = Callable[..., Store]


@pytest.fixture
def keeping(store_url: str, clock: ManualClock) -> Iterator[Open]:
    """Return what opens a store, in each database in turn, with limits."""
    opened: list[Store] = []

    def open_(**limits: int) -> Store:
        unlimited = {"days": 0, "events": 0, "bytes": 0}
        retention = Retention(**unlimited | limits)
        opened.append(Store(store_url, clock=clock, retention=retention))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


def _pruned(store: Store) -> Pruned:
    total = Pruned()
    for done in store.prune():
        total = total.plus(done)
    return total


def _numbers(store: Store) -> list[int]:
    group_id = store.groups()[0].id
    return [int(event.id[-4:], 16) for event in store.events(group_id, 10_000)]


def _fill(feed: "Feed", days: int, each_day: int = 3) -> None:
    """Keep and count some errors on each of the last days, the oldest first."""
    for number in range(days * each_day):
        ago = DAY * (days - number // each_day) - 60.0 * (number % each_day)
        feed.count(ago=ago)
        feed.keep(number, timestamp=feed.clock.now() - ago)


def test_events_go_by_age_but_for_the_first_and_the_last(
    keeping: Open, feed: "Feed"
) -> None:
    """Totals stay, statistics too; whole days go at once where days have partitions."""
    store = keeping(days=3)
    _fill(feed, days=8)
    feed.move(store)

    removed = _pruned(store)

    kept = _numbers(store)
    assert kept[-1] == 0
    assert kept[:9] == list(range(23, 14, -1))
    assert set(kept[9:-1]) <= {12, 13, 14}, "at most one day more"
    assert removed.events == 24 - len(kept) + removed.landmarks
    assert removed.landmarks == 1
    page = store.group(store.groups()[0].id)
    assert page is not None
    assert page.first is not None
    assert page.first.id == feed.record_id(0)
    assert page.group.count == 24
    assert _pruned(store) == Pruned()


def test_a_group_that_was_not_seen_again_keeps_two(keeping: Open, feed: "Feed") -> None:
    """Its first and its last, with their stacks, found by their ids as ever."""
    store = keeping(days=3)
    _fill(feed, days=2)
    feed.move(store, finished=True)
    page = store.group(1)
    assert page is not None
    first, last = page.events[-1], page.events[0]
    feed.clock.advance(10 * DAY)

    removed = _pruned(store)

    assert removed.stacks == 1
    page = store.group(1)
    assert page is not None
    assert page.events == (last, first)
    assert page.first == first
    found = store.find(last.id)
    assert found is not None
    assert found[1] == last
    assert first.exceptions[0].frames


def test_landmarks_move_on_with_their_group(keeping: Open, feed: "Feed") -> None:
    """A last one that is the last no more goes when what followed it goes."""
    store = keeping(days=3)
    for number in range(4):
        feed.keep(number)
        feed.move(store)
        feed.clock.advance(10 * DAY)
        _pruned(store)

    feed.count()
    feed.move(store)

    assert _numbers(store) == [3, 0]


def test_the_newest_of_a_number_stay(keeping: Open, feed: "Feed") -> None:
    """However old they are, and however many share a day."""
    store = keeping(events=7)
    _fill(feed, days=2, each_day=20)
    feed.move(store)

    removed = _pruned(store)

    assert removed.events == 33
    assert _numbers(store) == [*range(39, 32, -1), 0]
    assert store.groups()[0].count == 40


def test_a_store_becomes_no_larger_than_allowed(keeping: Open, feed: "Feed") -> None:
    """The oldest go until it fits; what is being filled now does not in PostgreSQL."""
    room = 3 * 1024 * 1024
    store = keeping(bytes=room)
    for number in range(2_000):
        ago = DAY * (20 - number // 100)
        request_id = f"{number}" * 1_000
        feed.keep(number, timestamp=feed.clock.now() - ago, request_id=request_id)
    feed.count(2_000)
    feed.move(store)

    removed = _pruned(store)

    assert 0 < removed.events < 2_000
    assert _numbers(store)[0] == 1_999
    assert _numbers(store)[-1] == 0
    with store._database.reading() as connection:
        from failwell.store._database._room import used_bytes  # noqa: PLC0415 - needs SQLAlchemy

        assert used_bytes(connection) <= room
    assert not _pruned(store).events


def test_the_file_of_sqlite_shrinks(path: Path, feed: "Feed") -> None:
    """What was removed is the file system's again."""
    retention = Retention(days=3)
    url = f"sqlite:///{path}"
    with closing(Store(url, clock=feed.clock, retention=retention)) as store:
        for number in range(1_000):
            feed.keep(number, request_id="x" * 3_000)
        feed.move(store)
        before = path.stat().st_size
        feed.clock.advance(10 * DAY)

        removed = _pruned(store)

    assert before > 3_000_000
    assert path.stat().st_size < before / 4
    assert removed.freed > before / 2


def test_narrow_counts_go_and_wide_ones_stay(keeping: Open, feed: "Feed") -> None:
    """Statistics of an old edge take its whole hour then; totals never change."""
    store = keeping(days=3)
    feed.count(5, ago=600)
    feed.count(7, ago=1200)
    feed.move(store)
    now = store.groups()[0].last_seen
    edge = now + timedelta(minutes=-5), now + timedelta(hours=3)
    assert store.stats(*edge).total_errors == 5
    assert store.series(*edge, "minute").complete

    feed.clock.advance(500 * DAY)
    removed = _pruned(store)

    assert removed.counts > 0
    assert store.stats(*edge).total_errors == 12
    assert not store.series(*edge, "minute").complete
    group_id = store.groups()[0].id
    of_group = store.series(*edge, group_id=group_id)
    assert sum(n for _, n in of_group.points) == 0
    assert not of_group.complete
    assert sum(n for _, n in store.series(*edge).points) == 12
    assert store.groups()[0].count == 12


def test_a_stack_that_a_kept_event_refers_to_stays(keeping: Open, feed: "Feed") -> None:
    """However long ago it was stored first."""
    store = keeping(days=3)
    feed.keep(0, timestamp=feed.clock.now() - 10 * DAY)
    feed.keep(1)
    feed.count()
    feed.move(store)

    assert _pruned(store).stacks == 0

    frames = store.recent()[0].exceptions[0].frames
    assert frames[0] == Frame("flask.app", "dispatch", "/lib/flask/app.py", 10)


def test_a_stack_that_a_unit_may_refer_to_again_stays(
    keeping: Open, kept_record: ErrorRecord, clock: ManualClock
) -> None:
    """A process describes a stack once, and may have its error again a year later."""
    store = keeping(days=3)
    (info,) = kept_record.exceptions
    _, [(key, frames)] = written(kept_record)
    described = SpoolFrame(FrameKind.STACK, key + frames, 100)

    def record(number: int) -> SpoolFrame:
        made = msgspec.structs.replace(
            kept_record,
            id=f"{kept_record.group}-{number:016x}",
            timestamp=clock.now(),
        )
        return SpoolFrame(FrameKind.RECORD, written(made)[0], 100 + number)

    store.ingest("unit", [described, record(1)], [], finished=False)
    clock.advance(300 * DAY)
    assert _pruned(store).stacks == 0

    store.ingest("unit", [record(2)], [], finished=True)

    assert store.recent()[0].exceptions[0].frames == info.frames
    clock.advance(300 * DAY)
    assert _pruned(store).stacks == 1


def test_without_limits_everything_stays(keeping: Open, feed: "Feed") -> None:
    """Zero is no limit."""
    store = keeping()
    _fill(feed, days=5)
    feed.move(store)
    feed.clock.advance(300 * DAY)

    removed = _pruned(store)

    assert removed.events == removed.landmarks == removed.stacks == 0
    assert len(_numbers(store)) == 15


def test_a_step_is_short_and_others_work_between(keeping: Open, feed: "Feed") -> None:
    """What comes while the store is pruned is stored, and stays."""
    store = keeping(days=3, events=0)
    for number in range(1_500):
        feed.keep(number, timestamp=feed.clock.now() - 10 * DAY + number)
    feed.count()
    feed.move(store)
    steps = store.prune()

    first = next(steps)
    feed.keep(2_000)
    feed.move(store)
    rest = list(steps)

    assert first.events
    assert sum(step.events for step in rest) + first.events == 1_500
    assert _numbers(store)[0] == 2_000
