"""States that errors change, however these come: in batches, from nodes, all at once."""

import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import hypothesis.strategies as st
import msgspec
from hypothesis import given, settings

from failwell.records import GroupDefinition
from failwell.spool import Counter, FrameKind, SpoolFrame
from failwell.store import Store
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTE = 30_000_001
HASHES = [f"{number:016x}" for number in range(3)]
NODES = 16


def _ship(store: Store, unit: str, hash_: str, n: int, minute: int = MINUTE) -> None:
    """Count errors of a hash, as a unit of its own that ends with that."""
    definition = GroupDefinition(
        hash=hash_,
        application="shop",
        environment="production",
        code="INTERNAL_ERROR",
        type="shop.Error",
        culprit="shop:buy",
    )
    key = unit.encode()[-8:].rjust(8)
    frame = SpoolFrame(FrameKind.DEFINITION, key + msgspec.json.encode(definition), 1)
    store.ingest(unit, [frame], [Counter(0, key, minute, n)], finished=True)


@given(
    wanted=st.integers(1, 60),
    parts=st.lists(
        st.tuples(st.sampled_from(HASHES), st.integers(1, 20), st.booleans()),
        min_size=1,
        max_size=12,
    ),
)
@settings(max_examples=40, deadline=None)
def test_a_muted_group_opens_at_exactly_that_error(
    wanted: int, parts: "Sequence[tuple[str, int, bool]]"
) -> None:
    """However they come: in whatever batches, into which merged group, from which node.

    A part is the fingerprint, how many errors, and whether it is merged in or taken
    apart first.
    """
    clock = ManualClock(now=MINUTE * 60.0)
    with closing(Store("sqlite://", clock=clock)) as store:
        for number, hash_ in enumerate(HASHES):
            _ship(store, f"first-{number}", hash_, 1)
        ids = {group.hash: group.id for group in store.groups()}
        muted = ids[HASHES[0]]
        store.mute([muted], by="ada", more=wanted)
        within, left, opened = {HASHES[0]}, wanted, 0

        for number, (hash_, n, turns) in enumerate(parts):
            if turns and hash_ != HASHES[0]:
                if hash_ in within:
                    store.unmerge(ids[hash_], by="ada")
                else:
                    store.merge([muted, ids[hash_]], by="ada")
                within ^= {hash_}
            _ship(store, f"unit-{number}", hash_, n)
            if hash_ in within and not opened:
                left -= n
                opened = int(left <= 0)

            page = store.group(muted)
            assert page is not None
            assert page.group.state == ("open" if opened else "muted")
            assert page.group.muted_more == (None if opened else left)
        actions = [entry.action for entry in store.history(muted)]
        assert actions.count("unmuted") == opened


def _ship_from_everywhere(url: str, clock: ManualClock, minute: int) -> None:
    """Let 16 nodes with a store of their own count an error at the same moment."""
    ready = threading.Barrier(NODES)
    failures: list[BaseException] = []

    def ship(number: int, store: Store) -> None:
        try:
            ready.wait()
            for turn in range(3):
                _ship(store, f"node-{minute}-{number}-{turn}", HASHES[0], 1, minute)
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    with ExitStack() as opened:
        stores = [
            opened.enter_context(closing(Store(url, clock=clock))) for _ in range(NODES)
        ]
        threads = [
            threading.Thread(target=ship, args=(number, store))
            for number, store in enumerate(stores)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


def test_a_regression_is_one_however_many_nodes_ship_it(
    store_url: str, clock: ManualClock
) -> None:
    """16 nodes ship 48 errors of a resolved group at once: it opens once."""
    minute = int(clock.now() // 60)
    with closing(Store(store_url, clock=clock)) as store:
        _ship(store, "first", HASHES[0], 1, minute)
        (group,) = store.groups()
        store.resolve([group.id], by="ada")
        clock.advance(120)

        _ship_from_everywhere(store_url, clock, minute + 2)

        (group,) = store.groups()
        assert (group.state, group.count) == ("open", 49)
        actions = [entry.action for entry in store.history(group.id)]
        assert actions == ["regressed", "resolved", "appeared"]
        assert _happenings(store) == ["new", "regressed"]


def test_a_mute_ends_once_however_many_nodes_count(
    store_url: str, clock: ManualClock
) -> None:
    """48 errors from 16 nodes at once: the 48th opens the group, none before."""
    minute = int(clock.now() // 60)
    with closing(Store(store_url, clock=clock)) as store:
        _ship(store, "first", HASHES[0], 1, minute)
        (group,) = store.groups()
        store.mute([group.id], by="ada", more=49)
        _ship_from_everywhere(store_url, clock, minute)
        before = store.groups()[0]

        _ship(store, "last", HASHES[0], 1, minute)

        assert (before.state, before.muted_more) == ("muted", 1)
        assert store.groups()[0].state == "open"
        assert _happenings(store) == ["new", "unmuted"]


def _happenings(store: Store) -> list[str]:
    with store._database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT kind FROM happenings ORDER BY id")
        return [row.kind for row in rows]
