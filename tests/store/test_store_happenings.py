"""What happened to groups waits in the store, until alerts take it away."""

from typing import TYPE_CHECKING

from failwell.store import Deployment, Happening, Store
from failwell.store._bulk import Transaction
from failwell.store._happenings import add_happenings, take_happenings

if TYPE_CHECKING:
    from tests.store.conftest import Feed

SHOP = Deployment("shop", "production")
DAY_S = 86_400


def _take(store: Store, whose: Deployment = SHOP, limit: int = 100) -> list[Happening]:
    with store._database.writing() as connection:
        return take_happenings(connection, whose, limit)


def _add(store: Store, kind: str, *group_ids: int) -> None:
    with store._database.writing() as connection:
        add_happenings(Transaction(connection), kind, group_ids, 7)  # type: ignore[arg-type] # one of three


def test_a_group_is_new_once(each_store: Store, feed: "Feed") -> None:
    """With what it is, however often it is met afterwards."""
    feed.count(2)
    feed.move(each_store)
    feed.count(3)
    feed.keep()
    feed.move(each_store)

    (happening,) = _take(each_store)

    assert happening.kind == "new"
    assert (happening.type, happening.code) == (
        "shop.errors.OutOfStock",
        "INTERNAL_ERROR",
    )
    assert _take(each_store) == []


def test_a_new_fingerprint_of_a_known_group_is_not_new(
    each_store: Store, feed: "Feed"
) -> None:
    """The algorithm may change; the group is the same one."""
    feed.count()
    feed.move(each_store)
    _take(each_store)

    feed.count(hash="f" * 16, algorithm="fw2", aliases={"fw1": "0123456789abcdef"})
    feed.move(each_store)

    assert _take(each_store) == []


def test_what_happened_to_a_merged_group_happened_to_the_other(
    each_store: Store, feed: "Feed"
) -> None:
    """Whoever is told of it finds it where it is now."""
    for number in (1, 2):
        feed.count(hash=f"{number:016x}")
        feed.move(each_store)
    first, second = sorted(group.id for group in each_store.groups())
    _take(each_store)
    each_store.merge([first, second], by="ada")

    _add(each_store, "regressed", second)

    (happening,) = _take(each_store)
    assert (happening.kind, happening.group_id) == ("regressed", first)


def test_it_belongs_to_the_environment_of_the_newest_error(
    each_store: Store, feed: "Feed"
) -> None:
    """A group may be met in several; whoever had it last is told."""
    feed.count(ago=600, environment="staging")
    feed.move(each_store)
    feed.count()
    feed.move(each_store)

    staging = _take(each_store, Deployment("shop", "staging"))
    other = _take(each_store, Deployment("bar", "production"))

    assert (staging, other) == ([], [])
    assert len(_take(each_store)) == 1


def test_they_are_taken_in_order_a_few_at_a_time(
    each_store: Store, feed: "Feed"
) -> None:
    """What is left comes next."""
    feed.count()
    feed.move(each_store)
    for kind in ("regressed", "unmuted"):
        _add(each_store, kind, 1)

    taken = [_take(each_store, limit=2), _take(each_store, limit=2)]

    assert [[h.kind for h in part] for part in taken] == [
        ["new", "regressed"],
        ["unmuted"],
    ]


def test_where_nobody_takes_them_they_go(each_store: Store, feed: "Feed") -> None:
    """After a day; an application without alerts does not fill its store."""
    feed.count()
    feed.move(each_store)
    for _ in each_store.prune():
        pass
    kept = each_store.alert_book(SHOP).is_awaited()

    feed.clock.advance(DAY_S + 1)
    for _ in each_store.prune():
        pass

    assert kept
    assert not each_store.alert_book(SHOP).is_awaited()
