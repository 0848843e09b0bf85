"""A store is copied from one database into another, and what comes meanwhile follows."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from failwell.records import LossDefinition
from failwell.spool import FrameKind, SpoolFrame
from failwell.store import CircuitOrder, Deployment, Posted, Store, StoreError
from failwell.store._database._schema import metadata
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from tests.store.conftest import Feed

LOSS = LossDefinition(application="shop", environment="p", reason="quota")


def _silent(_table: str, _done: int, _total: int) -> None:
    """Report nothing."""


@pytest.fixture
def other_url(store_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of the other kind."""
    if store_url.startswith("postgresql"):
        return f"sqlite:///{tmp_path / 'copy.db'}"
    url: sa.URL = request.getfixturevalue("postgresql_url")
    return url.render_as_string(hide_password=False)


@pytest.fixture
def store(each_store: Store) -> Store:
    """Each kind of database is copied into the other one."""
    return each_store


@pytest.fixture
def copy(other_url: str, clock: ManualClock) -> Iterator[Store]:
    """The store that is copied into."""
    with closing(Store(other_url, clock=clock)) as opened:
        yield opened


def _fill(store: Store, feed: "Feed") -> None:
    """Put something into every table that ingest fills."""
    for number in range(20):
        feed.count(3, hash=f"{number:016x}", release=f"{number % 3}")
        feed.keep(number, group=f"{number:016x}", tags={"a": "b\N{SNOWMAN}"})
    feed.keep(99, timestamp=5.0)
    feed.count_answer(2)
    feed.count_loss(LOSS, 4)
    feed.unit.append(b"poison", [(b"stackkey", b"[]")])
    frames = list(feed.unit.frames())
    met = feed.unit.counters()[0].key + b"one user"
    frames.append(SpoolFrame(FrameKind.USER, met, frames[-1].end + 1))
    feed.unit._end += 1
    store.ingest(feed.unit.id, frames, feed.unit.counters(), finished=False)
    store.use_once("token", 9e9)
    store.merge([group.id for group in store.groups()][:2], by="ada")
    whose, now = Deployment("shop", "p"), datetime(2027, 1, 15, tzinfo=UTC)
    order = CircuitOrder(name="mail", override=None, set_by="ada", set_at=now)
    store.order_circuit(whose, order)
    store.report_circuits(whose, "a:1", "{}", keep_s=90)
    alerts = store.alert_book(whose)
    alerts.write_rule("spikes", None, by="ada")
    with alerts.judging() as judging:
        assert judging is not None
        judging.remember({"spikes": "{}"}, ())
        judging.post([Posted("alert-1", "spikes", "Title", "{}", ["mail"])])


def _contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store._database.reading() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(sa.select(table))), key=repr
            )
            for table in metadata.sorted_tables
        }


def test_a_copy_is_the_same_in_every_table(
    store: Store, copy: Store, other_url: str, feed: "Feed"
) -> None:
    """Row for row; and no table that matters was empty."""
    _fill(store, feed)

    store.copy_to(other_url, _silent, close=False)

    before, after = _contents(store), _contents(copy)
    assert before == after
    assert [name for name, rows in before.items() if not rows] == ["landmarks"]


def test_what_comes_after_the_copy_goes_on_where_it_ended(
    store: Store, copy: Store, other_url: str, feed: "Feed"
) -> None:
    """The closed store takes nothing more, the copy takes it once, with new numbers."""
    _fill(store, feed)
    before = sum(group.count for group in store.groups())
    store.copy_to(other_url, _silent)
    feed.count(5, hash="f" * 16)
    feed.keep(50, group="f" * 16)

    with pytest.raises(StoreError) as closed:
        feed.move(store)
    moved = feed.move(copy)

    assert "FAILWELL_STORE_URL" in closed.value.reason
    assert (moved.records, moved.counted) == (1, 5)
    assert sum(group.count for group in copy.groups()) == before + 5
    assert sum(group.count for group in store.groups()) == before


def test_a_closed_store_can_be_opened_again(
    store: Store, copy: Store, other_url: str, feed: "Feed"
) -> None:
    """For whoever decides to stay."""
    feed.count()
    feed.move(store)
    store.copy_to(other_url, _silent)
    feed.count(2)

    opened, again = store.open_to_shippers(), store.open_to_shippers()
    feed.move(store)

    assert (opened, again) == (True, False)
    assert store.groups()[0].count == 3


def test_a_target_with_something_in_it_is_refused(
    store: Store, copy: Store, other_url: str, feed: "Feed"
) -> None:
    """Both stay as they were, and the store stays open."""
    copy.use_once("token", 9e9)
    feed.count()
    feed.move(store)

    with pytest.raises(StoreError) as refused:
        store.copy_to(other_url, _silent)

    assert "not empty" in refused.value.reason
    assert "used_tokens" in refused.value.reason
    assert len(copy.groups()) == 0
    feed.count()
    assert feed.move(store).counted == 1


def test_a_store_is_not_copied_onto_itself(store: Store, store_url: str) -> None:
    """Said before anything is locked."""
    with pytest.raises(StoreError) as refused:
        store.copy_to(store_url, _silent)

    assert "onto itself" in refused.value.reason


def test_a_copy_that_fails_leaves_nothing(
    store: Store, copy: Store, other_url: str, feed: "Feed"
) -> None:
    """Whatever ends it half-way: the target is as empty as before."""
    _fill(store, feed)

    def fail(table: str, done: int, _total: int) -> None:
        if table == "groups" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.copy_to(other_url, fail)

    assert not any(_contents(copy).values())
    feed.count()
    assert feed.move(store).counted == 1


def test_progress_is_told_for_every_table(
    store: Store, other_url: str, feed: "Feed"
) -> None:
    """From nothing to all of its rows."""
    _fill(store, feed)
    told: list[tuple[str, int, int]] = []

    store.copy_to(other_url, lambda *step: told.append(step))

    ends = {table: (done, total) for table, done, total in told}
    assert set(ends) == set(metadata.tables)
    assert all(done == total for done, total in ends.values())
