"""Groups that are removed: nothing of them is left but what all errors add up to."""

import threading
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from failwell.exceptions import NotFoundError
from failwell.store import Store
from failwell.store._database._schema import (
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
from failwell.store._errors import ConflictError
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


def _deadlocks(store: Store) -> int:
    """Return how often one of two had to give up."""
    own = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    with store._database.reading() as connection:
        return int(connection.exec_driver_sql(own).scalar_one())


def _move(feed: "Feed", store: Store) -> None:
    """Move what is there, again where a deletion was in the way, as a shipper does."""
    for _ in range(100):
        with suppress(ConflictError):
            feed.move(store)
            return
    feed.move(store)


@pytest.mark.faults
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
        rows, deadlocks = _rows(store), _deadlocks(store)

    assert failures == []
    assert deadlocks == 0
    assert sum(left.values()) + gone == stats.total_errors == 160
    assert rows["groups"] == rows["fingerprints"] == len(left)


def _merge_some(store: Store, turn: int) -> None:
    """Merge a few groups; every other time, take that back."""
    ids = [group.id for group in store.groups()]
    target = store.merge(ids[turn % 3 :][:3], by="ada")
    if turn % 2:
        store.unmerge(target, by="ada")


def _delete_one(store: Store, turn: int) -> None:
    groups = store.groups()
    store.delete([groups[turn % len(groups)].id] if groups else [], by="bob")


def _repeat(
    store: Store, work: "Callable[[Store, int], object]", failures: list[BaseException]
) -> None:
    """Do it sixty times; what it was to be done with may be gone, or in the way."""
    for turn in range(60):
        try:
            work(store, turn)
        except (NotFoundError, ValueError, ConflictError):
            continue
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)


@pytest.mark.faults
def test_nothing_is_left_without_its_group(
    postgresql_url: object,
    clock: ManualClock,
    new_feed: "Callable[[ManualClock], Feed]",
) -> None:
    """Merged, taken apart, deleted and shipped at once: each fingerprint has both."""
    url = postgresql_url.render_as_string(hide_password=False)  # type: ignore[attr-defined] # a URL
    failures: list[BaseException] = []

    def ship(store: Store, turn: int) -> None:
        feed = new_feed(clock)
        feed.unit.id = f"unit-{threading.get_ident()}-{turn}"
        feed.count(hash=f"{turn % 5:016x}")
        _move(feed, store)

    with ExitStack() as opened:
        works = (ship, ship, _merge_some, _merge_some, _delete_one)
        stores = [opened.enter_context(closing(Store(url, clock=clock))) for _ in works]
        stores[0].groups()
        threads = [
            threading.Thread(target=_repeat, args=(store, work, failures))
            for store, work in zip(stores, works, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for turn in range(5):
            ship(stores[0], turn)
        with stores[0]._database.reading() as connection:
            own, home = fingerprints.c.group_id, fingerprints.c.home_group_id
            there = set(connection.scalars(select(groups.c.id)))
            named = {
                *connection.scalars(select(own)),
                *connection.scalars(select(home)),
            }

    assert failures == []
    assert named <= there
