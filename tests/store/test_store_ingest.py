"""What moves into the store, exactly once, whatever is in it."""

from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failwell.store import Store
from failwell.store._errors import BehindError
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.store.conftest import Feed

    Rows = Callable[[str], list[tuple[Any, ...]]]

HOUR = 3600.0


@pytest.fixture
def store(each_store: Store) -> Store:
    """Every test of this module runs on both databases."""
    return each_store


def test_a_group_has_its_event_and_its_count(store: Store, feed: "Feed") -> None:
    """One counted and kept error gives one group with one event."""
    feed.count()
    kept = feed.keep(1)

    moved = feed.move(store)

    (group,) = store.groups()
    page = store.group(group.id)
    assert moved == (1, 1, 0)
    assert (group.count, group.type) == (1, "shop.errors.OutOfStock")
    assert group.culprit == "shop.views:buy"
    assert page is not None
    assert [event.id for event in page.events] == [kept.id]


def test_moving_the_same_again_changes_nothing(store: Store, feed: "Feed") -> None:
    """Frames below the watermark and counts already counted are passed over."""
    feed.count(3)
    feed.keep(1)
    feed.move(store)

    again = feed.move(store)

    assert again == (0, 0, 0)
    assert store.groups()[0].count == 3
    assert len(store.recent()) == 1
    assert store.watermark(feed.unit.id) == feed.unit.size()


def test_a_finished_unit_takes_nothing_more(store: Store, feed: "Feed") -> None:
    """A unit whose removal failed and which is read again adds nothing."""
    feed.count()
    feed.move(store, finished=True)
    feed.count()
    feed.keep(1)

    again = feed.move(store)

    assert again == (0, 0, 0)
    assert store.is_finished(feed.unit.id)
    assert store.groups()[0].count == 1


def test_frames_behind_a_gap_are_refused(store: Store, feed: "Feed") -> None:
    """A store that was put back must not skip what it does not have any more."""
    feed.keep(1)
    feed.keep(2)
    *_, second = feed.unit.frames()

    with pytest.raises(BehindError):
        store.ingest(feed.unit.id, [second], (), finished=False, since=second.end - 1)

    assert store.watermark(feed.unit.id) == 0
    assert feed.move(store).records == 2


def test_definitions_below_the_watermark_are_still_known(
    store_url: str, feed: "Feed"
) -> None:
    """Another shipper counts with the definitions that the first one read."""
    feed.count()
    feed.move(Store(store_url, clock=feed.clock))
    feed.count(4)

    second = Store(store_url, clock=feed.clock)
    second.ingest(feed.unit.id, [], feed.unit.counters(), finished=False)

    assert second.groups()[0].count == 5


def test_a_counter_waits_for_its_definition(store: Store, feed: "Feed") -> None:
    """What was counted before its definition arrived is counted when it does."""
    feed.count(2)
    store.ingest(feed.unit.id, [], feed.unit.counters(), finished=False)
    assert not store.groups()

    feed.move(store)

    assert store.groups()[0].count == 2


@settings(max_examples=12, deadline=None)
@given(
    readings=st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 50)), min_size=1, max_size=30
    )
)
def test_repeated_and_late_readings_count_the_highest(
    readings: list[tuple[int, int]], new_feed: "type[Feed]"
) -> None:
    """Whatever the order in which counters are read, each counts its highest value."""
    feed = new_feed(ManualClock())
    for minute in range(4):
        feed.count(ago=60.0 * minute)
    slots = feed.unit.counters()

    with closing(Store("sqlite://", clock=feed.clock)) as store:
        for minute, value in readings:
            reading = msgspec.structs.replace(slots[minute], count=value)
            store.ingest("unit-1", feed.unit.frames(), [reading], finished=False)
        (group,) = store.groups()

    highest = [max((v for m, v in readings if m == n), default=0) for n in range(4)]
    assert group.count == sum(highest)


def test_counts_land_in_the_hour_in_which_they_were_counted(
    store: Store, feed: "Feed"
) -> None:
    """What a store that was away for hours missed is charted where it belongs."""
    for hours_ago, n in ((0, 1), (1, 2), (5, 3), (23, 4), (24, 5)):
        feed.count(n, ago=hours_ago * HOUR)

    feed.move(store)

    (group,) = store.groups()
    assert group.count == 15
    assert group.hourly[-1] == 1
    assert group.hourly[-2] == 2
    assert group.hourly[-6] == 3
    assert group.hourly[0] == 4
    assert sum(group.hourly) == 10


def test_events_say_when_and_minutes_where_there_is_no_event(
    store: Store, feed: "Feed"
) -> None:
    """First and last seen are exact with an event, else the minute's beginning."""
    feed.count()
    kept = feed.keep(1)
    feed.count(ago=-600)

    feed.move(store)

    (group,) = store.groups()
    assert group.first_seen.timestamp() == kept.timestamp
    assert group.last_seen.timestamp() == feed.clock.now() + 600


def test_an_event_without_a_definition_makes_its_group(
    store: Store, feed: "Feed"
) -> None:
    """A record whose definition was lost says itself what its group is."""
    feed.keep(1)

    feed.move(store)

    (group,) = store.groups()
    assert (group.culprit, group.code) == ("shop.views:buy", "INTERNAL_ERROR")


POISON = {
    "no JSON": b"\x00\xff",
    "deep": b'{"id":' + b"[" * 20_000,
    "huge number": b'{"timestamp": 1e400000}',
    "another shape": b'{"id": 7}',
    "empty": b"",
}


@pytest.mark.parametrize("payload", POISON.values(), ids=POISON.keys())
def test_poison_is_set_aside_and_the_rest_goes_on(
    store: Store, feed: "Feed", rows: "Rows", payload: bytes
) -> None:
    """A payload that cannot be read costs nothing but itself."""
    feed.keep(1)
    feed.unit.append(payload)
    feed.unit.count(b"poisoned", 1, lambda: payload)
    feed.keep(2)

    moved = feed.move(store)

    assert moved == (2, 0, 2)
    assert len(store.recent()) == 2
    assert store.watermark(feed.unit.id) == feed.unit.size()
    assert rows("SELECT payload FROM quarantine")[0] == (payload,)


@pytest.mark.parametrize(
    "facts",
    [
        {"exceptions": ()},
        {"timestamp": -1.0},
        {"timestamp": 1e30},
        {"id": ""},
        {"id": "a\0b"},
        {"id": "x" * 301},
    ],
    ids=str,
)
def test_impossible_facts_are_set_aside(
    store: Store, feed: "Feed", rows: "Rows", facts: dict[str, Any]
) -> None:
    """A record that no page could show is kept aside with the reason."""
    feed.keep(1, **facts)

    assert feed.move(store).rejected == 1
    assert rows("SELECT length(reason) > 10 FROM quarantine") == [(1,)]


def test_an_answer_with_an_impossible_status_is_set_aside(
    store: Store, feed: "Feed"
) -> None:
    """A number that no column holds stops neither its unit nor the others."""
    feed.count_answer(status=10**30)
    feed.count_answer(2)

    moved = feed.move(store)

    assert (moved.counted, moved.rejected) == (2, 1)


def test_a_torn_counter_is_not_counted(store: Store, feed: "Feed") -> None:
    """Numbers that cannot be do not reach the database."""
    feed.count(2)
    (good,) = feed.unit.counters()
    torn = [
        msgspec.structs.replace(good, slot=2, count=2**64 - 1),
        msgspec.structs.replace(good, slot=3, minute=2**64 - 1),
    ]

    counters = [good, *torn]
    moved = store.ingest("unit-1", feed.unit.frames(), counters, finished=False)

    assert moved.counted == 2


def test_a_row_that_the_database_refuses_is_found_and_set_aside(
    store: Store, feed: "Feed", refuse_user: "Callable[[str], None]"
) -> None:
    """Of a batch that fails as a whole, all but the bad record are stored."""
    refuse_user("x")
    good = [feed.keep(1), feed.keep(3)]
    feed.keep(2, user_id="x")

    moved = feed.move(store)

    assert moved == (2, 0, 1)
    assert {kept.id for kept in store.recent()} == {kept.id for kept in good}


def test_strange_text_is_stored_as_harmless_text(store: Store, feed: "Feed") -> None:
    """A NUL or a very long text in a name is bounded, and the record is kept."""
    strange = {"type": "a\0b", "culprit": "c" * 5000, "message": "m\0" * 5000}
    feed.count(**strange)
    feed.keep(1, user_id="u\0" * 500)

    assert feed.move(store) == (1, 1, 0)
    (group,) = store.groups()
    assert group.type == "a\N{REPLACEMENT CHARACTER}b"
    assert (len(group.culprit), len(group.message)) == (300, 1000)


def test_the_quarantine_is_bounded(store: Store, feed: "Feed", rows: "Rows") -> None:
    """A flood of poison keeps the last thousand, each at most 64 KiB."""
    for _ in range(1100):
        feed.unit.append(b"{")
    feed.unit.append(b"[" * 100_000)

    feed.move(store)

    rows = rows("SELECT count(*), max(length(payload)) FROM quarantine")
    assert rows == [(1000, 64 * 1024)]


def test_two_applications_with_one_hash_are_two_groups(
    store: Store, feed: "Feed"
) -> None:
    """Applications that share a store never share a group."""
    feed.count(application="shop")
    feed.count(application="post")

    feed.move(store)

    assert {group.application for group in store.groups()} == {"shop", "post"}
