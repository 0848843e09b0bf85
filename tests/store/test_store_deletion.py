"""Groups that are removed: nothing of them is left but what all errors add up to."""

import threading
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from failwell.store import Store
from failwell.store._errors import ConflictError
from failwell.store._schema import (
    events,
    facets,
    fingerprint_hours,
    fingerprint_minutes,
    fingerprint_totals,
    fingerprint_users,
    fingerprints,
    groups,
    landmarks,
)
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.store.conftest import Feed

TABLES = (
    *(events, facets, fingerprint_hours, fingerprint_minutes, fingerprint_totals),
    *(fingerprint_users, fingerprints, groups, landmarks),
)


def _rows(store: Store) -> dict[str, int]:
    with store._database.reading() as connection:
        return {
            table.name: connection.execute(
                select(func.count()).select_from(table)
            ).scalar_one()
            for table in TABLES
        }


@pytest.fixture
def filled(each_store: Store, feed: "Feed") -> Store:
    """A store with the groups `a`, `b` and `c`, of which `a` has landmarks too."""
    for number, hash_ in enumerate("abc", 1):
        feed.count(number, hash=hash_, release="1.0")
        feed.keep(number, group=hash_, tags={"x": "y"}, user_id="ada")
        feed.move(each_store)
    feed.clock.advance(100 * 86_400)
    for _ in each_store.prune():
        pass
    for number, hash_ in enumerate("abc", 1):
        feed.count(number, hash=hash_, release="1.0")
        feed.keep(number + 10, group=hash_, tags={"x": "y"})
    feed.move(each_store)
    return each_store


def _id(store: Store, hash_: str) -> int:
    return next(group.id for group in store.groups() if group.hash == hash_)


def test_nothing_of_a_deleted_group_is_left(filled: Store, feed: "Feed") -> None:
    """Nor of those merged into it; statistics, the others and the history stay."""
    a, b, c = (_id(filled, hash_) for hash_ in "abc")
    now = datetime.fromtimestamp(feed.clock.now() + 60, UTC)
    stats = filled.stats(datetime(2020, 1, 1, tzinfo=UTC), now)
    filled.merge([a, b], by="ada")
    before = _rows(filled)

    assert filled.delete([b], by="ada") == [a]

    after = _rows(filled)
    assert {name: after[name] * 3 for name in after} == before
    assert [group.id for group in filled.groups()] == [c]
    assert filled.group(a) is None
    assert filled.find("a-0000000000000001") is None
    assert {record.group for record in filled.recent()} == {"c"}
    assert filled.stats(datetime(2020, 1, 1, tzinfo=UTC), now) == stats
    newest = filled.history(a)[0]
    assert (newest.action, newest.details["type"]) == (
        "deleted",
        "shop.errors.OutOfStock",
    )


def test_what_comes_later_begins_a_new_life(filled: Store, feed: "Feed") -> None:
    """Under a number that no group ever had, also where the last one was deleted."""
    ids = [_id(filled, hash_) for hash_ in "abc"]
    filled.resolve(ids, by="ada")
    filled.delete(ids, by="ada")

    feed.count(hash="c", release="1.0")
    feed.move(filled)

    (group,) = filled.groups()
    assert group.id > max(ids)
    assert (group.count, group.state, group.hash) == (1, "open", "c")
    assert [entry.action for entry in filled.history(group.id)] == ["appeared"]


def _move(feed: "Feed", store: Store) -> None:
    """Move what is there, again where a deletion was in the way, as a shipper does."""
    done = False
    while not done:
        with suppress(ConflictError):
            feed.move(store)
            done = True


def test_a_deletion_does_not_stop_those_who_ship(
    postgresql_url: object,
    clock: ManualClock,
    new_feed: "Callable[[ManualClock], Feed]",
) -> None:
    """Four nodes ship errors of the group while it is deleted again and again."""
    url = postgresql_url.render_as_string(hide_password=False)  # type: ignore[attr-defined] # a URL
    failures: list[BaseException] = []

    def ship(number: int) -> None:
        feed = new_feed(clock)
        feed.unit.id = f"unit-{number}"
        try:
            with closing(Store(url, clock=clock)) as store:
                for turn in range(40):
                    feed.count(hash=f"{turn % 2:016x}")
                    feed.keep(turn, group=f"{turn % 2:016x}")
                    _move(feed, store)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    with closing(Store(url, clock=clock)) as store:
        store.groups()
        threads = [threading.Thread(target=ship, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for group in store.groups():
                store.delete([group.id], by="ada")
        for thread in threads:
            thread.join()
        left = {group.id: group.count for group in store.groups()}
        stats = store.stats(
            datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
        )
        gone = sum(entry.details["count"] for entry in store.audit(limit=10_000))
        rows = _rows(store)

    assert failures == []
    assert sum(left.values()) + gone == stats.total_errors == 160
    assert rows["groups"] == rows["fingerprints"] == len(left)
