"""What is kept of errors beside their counts: users, tags, aliases, losses, states."""

from typing import TYPE_CHECKING

import pytest

from failwell.records import LossDefinition
from failwell.spool import FrameKind, SpoolFrame
from failwell.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from tests.store.conftest import Feed

    Rows = Callable[[str], list[tuple[Any, ...]]]

DAY = 24 * 3600.0


@pytest.fixture
def store(each_store: Store) -> Store:
    """Every test of this module runs on both databases."""
    return each_store


def _meet(
    store: Store, feed: "Feed", users: "Iterable[int]", *, key: bytes | None = None
) -> None:
    """Have users meet what the unit counted first."""
    frames = list(feed.unit.frames())
    key = key or feed.unit.counters()[0].key
    end = max(frames[-1].end, store.watermark(feed.unit.id))
    met = [
        SpoolFrame(FrameKind.USER, key + user.to_bytes(8, "big"), end + number)
        for number, user in enumerate(users, 1)
    ]
    store.ingest(feed.unit.id, [*frames, *met], feed.unit.counters(), finished=False)


def test_a_user_counts_once_however_often(store: Store, feed: "Feed") -> None:
    """In a batch, in the next one, and on another day."""
    feed.count(30)
    _meet(store, feed, [1, 2, 3, 2, 1])
    feed.clock.advance(DAY)
    _meet(store, feed, [3, 4])

    (group,) = store.groups()
    assert group.users == 4


def test_many_users_are_estimated(store: Store, feed: "Feed", rows: "Rows") -> None:
    """Within five percent, in a kilobyte a day."""
    feed.count()
    _meet(store, feed, (n * 0x9E3779B97F4A7C15 % 2**64 for n in range(5000)))

    assert abs(store.groups()[0].users - 5000) < 250
    sizes = rows("SELECT length(sketch) FROM fingerprint_users")
    assert len(sizes) == 2
    assert max(sizes)[0] < 1200


def test_users_of_merged_groups_are_united(store: Store, feed: "Feed") -> None:
    """Who met both is one user of the group that they became."""
    feed.count(hash="a" * 16)
    feed.count(hash="b" * 16)
    first, second = (counter.key for counter in feed.unit.counters())
    _meet(store, feed, [1, 2, 3], key=first)
    _meet(store, feed, [3, 4], key=second)

    merged = store.merge([group.id for group in store.groups()], by="ada")

    page = store.group(merged)
    assert page is not None
    assert page.group.users == 4


def test_users_of_what_nobody_defined_are_passed_over(
    store: Store, feed: "Feed"
) -> None:
    """A definition that was lost takes its users with it, and nothing else."""
    feed.count()
    feed.count_answer()
    _, answer = (counter.key for counter in feed.unit.counters())

    _meet(store, feed, [1], key=b"\xffnobody\0")
    _meet(store, feed, [1], key=answer)

    assert store.groups()[0].users == 0


def test_routes_and_tags_are_counted(store: Store, feed: "Feed", rows: "Rows") -> None:
    """Over several batches, each value with how often it was kept."""
    for number, region in enumerate(("eu", "eu", "us")):
        feed.keep(number, tags={"region": region, "a\0": "\0"})
        feed.move(store)

    found = rows("SELECT name, value, n FROM facets ORDER BY name, value")

    nul = "\N{REPLACEMENT CHARACTER}"
    assert found == [(f"a{nul}", nul, 3), ("region", "eu", 2), ("region", "us", 1)]


def test_tags_that_never_repeat_take_a_bounded_room(
    store: Store, feed: "Feed", rows: "Rows"
) -> None:
    """A hundred values of a name and fifty names; the rest is counted together."""
    for number in range(130):
        feed.keep(number, tags={"order": str(number), f"name-{number}": "x"})
    feed.move(store)
    feed.keep(200, tags={"order": "1", "more": "of it"})
    feed.keep(201, tags={"order": "new"})
    feed.move(store)

    values = dict(rows("SELECT value, n FROM facets WHERE name = 'order'"))
    names = rows("SELECT DISTINCT name FROM facets WHERE name <> '…'")
    ((rest,),) = rows("SELECT n FROM facets WHERE name = '…'")
    assert len(values) == 101
    assert values["…"] == 31
    assert sum(values.values()) == 132
    assert len(names) == 50
    assert rest == 130 + 1 - 49


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["old first", "new first"])
def test_a_change_of_the_algorithm_splits_no_group(
    store: Store, feed: "Feed", order: tuple[int, int], rows: "Rows"
) -> None:
    """An old and a new process each write their own hash of the same error."""
    old = {"hash": "a" * 16, "algorithm": "fw1"}
    new = {
        "hash": "b" * 16,
        "algorithm": "fw2",
        "aliases": {"fw1": "a" * 16, "fw0": "c" * 16},
        "parts": ("INTERNAL_ERROR", "shop.views:buy"),
    }
    for which in order:
        feed.count(2 + which, **(old, new)[which])
        feed.move(store)

    (group,) = store.groups()
    assert group.count == 5
    hashes = rows("SELECT algorithm, hash FROM fingerprints ORDER BY algorithm")
    assert hashes == [("fw0", "c" * 16), ("fw1", "a" * 16), ("fw2", "b" * 16)]
    parts = rows("SELECT parts FROM fingerprints WHERE algorithm = 'fw2'")
    assert parts == [('["INTERNAL_ERROR","shop.views:buy"]',)]


def test_losses_are_counted_by_reason(store: Store, feed: "Feed", rows: "Rows") -> None:
    """By the hour, apart from errors and answers."""
    loss = LossDefinition(
        application="shop", environment="production", reason="sampled out"
    )
    feed.count_loss(loss, 3)
    feed.count_loss(loss, 4, ago=3600.0)

    moved = feed.move(store)

    assert moved.counted == 7
    found = rows(
        "SELECT reason, n FROM loss_hours JOIN losses ON losses.id = loss_id ORDER BY n"
    )
    assert found == [("sampled out", 3), ("sampled out", 4)]


def test_a_resolved_group_opens_with_the_next_error(store: Store, feed: "Feed") -> None:
    """What happened before it was resolved and comes late does not open it."""
    feed.count()
    feed.move(store)
    (group,) = store.groups()
    store.resolve([group.id], by="ada")
    feed.count(ago=120.0)
    feed.move(store)
    late = store.groups()[0].state

    feed.clock.advance(90)
    feed.count()
    feed.move(store)

    assert late == "resolved"
    assert store.groups()[0].state == "open"


def test_a_stack_is_marked_with_the_day_of_its_newest_event(
    store: Store, feed: "Feed", rows: "Rows"
) -> None:
    """So that one which no kept event refers to can be found."""
    today = int(feed.clock.now() // DAY)
    for number, ago in enumerate((2, 0, 1)):
        feed.keep(number, timestamp=feed.clock.now() - ago * DAY)
        feed.move(store)

    assert rows("SELECT DISTINCT last_used FROM stacks") == [(today,)]
