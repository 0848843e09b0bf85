"""Reading one's own errors: the thread that ships, its election, and waiting for it."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from failwell.spool import MemorySpool, Spool, SpoolDirectory
from failwell.store import ShipperThread, Store

if TYPE_CHECKING:
    from tests.store.conftest import Feed


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """A spool that this process writes."""
    with closing(Spool(tmp_path / "spool")) as opened:
        yield opened


@pytest.fixture
def source(tmp_path: Path) -> SpoolDirectory:
    """The reading side of that spool."""
    return SpoolDirectory(tmp_path / "spool")


def _write(spool: Spool | MemorySpool, feed: "Feed", number: int) -> None:
    definition = msgspec.json.encode(feed.define())
    spool.count(b"12345678", lambda: definition)
    spool.append(msgspec.json.encode(feed.keep(number)))


def test_memory_is_settled_on_the_calling_thread(feed: "Feed") -> None:
    """Under TESTING, without any thread, what was recorded can be read at once."""
    before = _shippers()
    spool = MemorySpool(clock=feed.clock)
    with closing(Store("sqlite://", clock=feed.clock)) as store:
        shipping = ShipperThread(spool, store, clock=feed.clock)
        _write(spool, feed, 1)

        assert shipping.settle()
        assert store.groups()[0].count == 1
        _write(spool, feed, 2)
        assert shipping.settle()
        assert store.groups()[0].count == 2
        assert _shippers() == before


def test_settle_ships_where_nobody_does(
    spool: Spool, source: SpoolDirectory, store: Store, feed: "Feed"
) -> None:
    """Without a thread the reader itself moves what is spooled, and lets go again."""
    _write(spool, feed, 1)

    assert ShipperThread(source, store).settle()
    assert len(store.recent()) == 1
    lock = source.elect()
    assert lock is not None
    lock.release()


def test_settle_waits_for_the_thread(
    spool: Spool, source: SpoolDirectory, store: Store, feed: "Feed"
) -> None:
    """With the thread elected, settle returns once the thread has moved it."""
    before = _shippers()
    shipping = ShipperThread(source, store)
    shipping.start()
    shipping.start()
    _wait_until_elected(source)
    assert _shippers() == before + 1

    for number in range(5):
        _write(spool, feed, number)
        assert shipping.settle(timeout_s=10)
        assert store.groups()[0].count == number + 1

    shipping.stop()
    assert _shippers() == before


def test_settle_does_not_wait_for_the_clock_beside_its_own_thread(
    feed: "Feed",
) -> None:
    """With a clock that stands still and the thread elected, it is settled at once."""
    spool = MemorySpool(clock=feed.clock)
    with closing(Store("sqlite://", clock=feed.clock)) as store:
        shipping = ShipperThread(spool, store, clock=feed.clock)
        shipping.start()
        while not shipping._process().is_elected:
            threading.Event().wait(0.01)
        before = feed.clock.monotonic()

        for number in range(20):
            _write(spool, feed, number)
            assert shipping.settle()
            assert store.groups()[0].count == number + 1

        shipping.stop()
        assert feed.clock.monotonic() == before


def test_settle_gives_up_in_time(
    spool: Spool, source: SpoolDirectory, store: Store, feed: "Feed"
) -> None:
    """Where another process is elected and does nothing, False comes after the time."""
    shipping = ShipperThread(source, store, clock=feed.clock)
    _write(spool, feed, 1)
    lock = source.elect()
    assert lock is not None
    before = feed.clock.monotonic()

    settled = shipping.settle(timeout_s=2.0)

    lock.release()
    assert not settled
    assert 2.0 <= feed.clock.monotonic() - before < 2.1


def test_settle_does_not_raise_while_the_store_is_away(
    spool: Spool,
    source: SpoolDirectory,
    store: Store,
    feed: "Feed",
    path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The reader learns that it is not settled; the operator gets the one line."""
    path.parent.write_text("a file where the folder should be")
    _write(spool, feed, 1)
    shipping = ShipperThread(source, store)

    with caplog.at_level(logging.INFO, logger="failwell"):
        first, second = shipping.settle(), shipping.settle()

    assert (first, second) == (False, False)
    assert [line.levelname for line in caplog.records] == ["CRITICAL"]


def test_one_of_two_threads_ships_and_the_other_takes_over(
    spool: Spool, source: SpoolDirectory, store: Store, feed: "Feed"
) -> None:
    """When the elected one stops, the next is elected within seconds."""
    first, second = ShipperThread(source, store), ShipperThread(source, store)
    first.start()
    _wait_until_elected(source)
    second.start()
    first.stop()
    _write(spool, feed, 1)

    settled = second.settle(timeout_s=10)

    second.stop()
    assert settled
    assert store.groups()[0].count == 1


def test_a_forked_child_starts_its_own_thread(
    spool: Spool, source: SpoolDirectory, store: Store, feed: "Feed"
) -> None:
    """After a fork, `start` works in the child although the parent had started."""
    shipping = ShipperThread(source, store)
    shipping.start()
    shipping.stop()
    _write(spool, feed, 1)

    child = os.fork()
    if child == 0:
        shipping.start()
        threads = _shippers()
        settled = shipping.settle(timeout_s=10)
        shipping.stop()
        os._exit(0 if (threads, settled) == (1, True) else 1)
    _, status = os.waitpid(child, 0)

    assert status == 0
    assert store.groups()[0].count == 1


def test_settle_moves_the_rest_where_a_unit_cannot_be_read(
    tmp_path: Path, source: SpoolDirectory, store: Store, feed: "Feed"
) -> None:
    """One unit of a newer version keeps nobody from reading the others."""
    _leave_unit(tmp_path / "spool", feed, 1)
    _make_newer(tmp_path / "spool")
    feed.clock.advance(1)
    _leave_unit(tmp_path / "spool", feed, 2)

    settled = ShipperThread(source, store).settle()

    assert not settled
    assert [kept.id for kept in store.recent()] == [feed.record_id(2)]


def test_settle_does_not_wait_for_a_unit_that_cannot_be_read(
    tmp_path: Path, source: SpoolDirectory, store: Store, feed: "Feed"
) -> None:
    """Where another process ships, no page waits for what nobody can move."""
    _leave_unit(tmp_path / "spool", feed, 1)
    _make_newer(tmp_path / "spool")
    lock = source.elect()
    assert lock is not None
    before = feed.clock.monotonic()

    settled = ShipperThread(source, store, clock=feed.clock).settle()

    lock.release()
    assert not settled
    assert feed.clock.monotonic() == before


def test_settle_does_not_wait_for_a_damaged_end(
    tmp_path: Path,
    spool: Spool,
    source: SpoolDirectory,
    store: Store,
    feed: "Feed",
) -> None:
    """Behind the last whole frame of a living unit there is nothing to wait for."""
    _write(spool, feed, 1)
    (segment,) = (tmp_path / "spool").glob("*.seg")
    with segment.open("ab") as file:
        file.write(bytes(100))
    shipping = ShipperThread(source, store, clock=feed.clock)
    before = feed.clock.monotonic()

    first = shipping.settle()
    lock = source.elect()
    assert lock is not None
    second = shipping.settle()

    lock.release()
    assert (first, second) == (True, True)
    assert feed.clock.monotonic() == before
    assert len(store.recent()) == 1


def test_a_thread_that_cannot_be_had_is_tried_again(
    source: SpoolDirectory, store: Store
) -> None:
    """At the machine's limit the request goes on; the next one starts the thread."""
    before = _shippers()
    shipping = ShipperThread(source, store)
    usual = threading.stack_size(2**46)
    try:
        shipping.start()
    finally:
        threading.stack_size(usual)
    without = _shippers()
    shipping.start()
    started = _shippers()

    shipping.stop()
    assert (without, started) == (before, before + 1)


def _leave_unit(folder: Path, feed: "Feed", number: int) -> None:
    with closing(Spool(folder, clock=feed.clock)) as spool:
        _write(spool, feed, number)


def _make_newer(folder: Path) -> None:
    (counters,) = folder.glob("*.cnt")
    counters.write_bytes(b"FWCOUNT\x63" + counters.read_bytes()[8:])


def _wait_until_elected(source: SpoolDirectory | MemorySpool) -> None:
    for _ in range(500):
        lock = source.elect()
        if lock is None:
            return
        lock.release()
        threading.Event().wait(0.01)
    pytest.fail("nobody was elected")


def _shippers() -> int:
    return [thread.name for thread in threading.enumerate()].count("failwell-shipper")
