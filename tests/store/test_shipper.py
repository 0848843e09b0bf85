"""The shipper, with a real spool on disk."""

import hashlib
import logging
import os
import sqlite3
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from failwell.spool import Spool, SpoolDirectory
from failwell.store import Shipper, Store, StoreError
from failwell.store._pace import Steady
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from tests.store.conftest import Feed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The spool's folder."""
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path, clock: ManualClock) -> Iterator[Spool]:
    """A spool that this process writes."""
    with closing(Spool(folder, clock=clock)) as opened:
        yield opened


@pytest.fixture
def shipper(folder: Path, store: Store, clock: ManualClock) -> Shipper:
    """A shipper from that folder into the store."""
    return Shipper(SpoolDirectory(folder), store, clock=clock)


def _write(spool: Spool, feed: "Feed", *numbers: int) -> None:
    """Count and keep an error for each number."""
    for number in numbers:
        record = feed.keep(number)
        definition = msgspec.json.encode(feed.define())
        key = hashlib.blake2b(definition, digest_size=8).digest()
        spool.count(key, lambda definition=definition: definition)
        spool.append(msgspec.json.encode(record))


def test_what_is_spooled_is_moved_once(
    shipper: Shipper, spool: Spool, store: Store, feed: "Feed"
) -> None:
    """A pass moves what is there; the next one only what is new."""
    _write(spool, feed, 1, 2)
    first = shipper.ship()
    _write(spool, feed, 3)

    second = shipper.ship()

    assert (first.records, first.counted) == (2, 2)
    assert (second.records, second.counted) == (1, 1)
    assert store.groups()[0].count == 3


def test_counts_without_a_record_are_moved(
    shipper: Shipper, spool: Spool, store: Store, feed: "Feed"
) -> None:
    """Sampled-out errors grow a counter and no segment: they are seen all the same."""
    _write(spool, feed, 1)
    shipper.ship()
    definition = msgspec.json.encode(feed.define())
    for _ in range(5):
        spool.count(
            hashlib.blake2b(definition, digest_size=8).digest(), lambda: definition
        )

    assert shipper.ship().counted == 5
    assert store.groups()[0].count == 6


def test_many_records_are_moved_in_batches(
    shipper: Shipper, spool: Spool, store: Store, feed: "Feed"
) -> None:
    """More than one batch arrives complete, and a pass can be ended between two."""
    _write(spool, feed, *range(5100))

    part = shipper.ship(lambda: False)
    rest = shipper.ship()

    assert 0 < part.records < 5100
    assert part.counted == 0
    assert part.records + rest.records == 5100
    assert store.groups()[0].count == 5100


def test_the_unit_of_an_ended_process_is_finished_and_removed(
    shipper: Shipper, folder: Path, store: Store, feed: "Feed", clock: ManualClock
) -> None:
    """After everything of it is in the store, an orphan leaves the disk."""
    spool = Spool(folder, clock=clock)
    _write(spool, feed, 1, 2)
    (unit,) = SpoolDirectory(folder).units()
    spool.close()

    moved = shipper.ship()

    assert (moved.records, moved.removed) == (2, 1)
    assert SpoolDirectory(folder).units() == []
    assert store.is_finished(unit.id)


def test_a_unit_whose_removal_failed_is_not_read_again(
    shipper: Shipper, folder: Path, store: Store, feed: "Feed", clock: ManualClock
) -> None:
    """What is finished in the store and still on disk is removed and adds nothing."""
    spool = Spool(folder, clock=clock)
    _write(spool, feed, 1)
    spool.close()
    (unit,) = SpoolDirectory(folder).units()
    store.ingest(unit.id, unit.frames(), unit.counters(), finished=True)

    moved = shipper.ship()

    assert moved == (0, 0, 0, 1)
    assert SpoolDirectory(folder).units() == []
    assert store.groups()[0].count == 1


def test_an_outage_is_said_once_and_loses_nothing(
    shipper: Shipper,
    spool: Spool,
    store: Store,
    feed: "Feed",
    path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One CRITICAL line when the store goes away, one INFO line when it is back."""
    caplog.set_level(logging.INFO, logger="failwell")
    path.parent.write_text("a file where the folder should be")
    _write(spool, feed, 1)
    for _ in range(3):
        with pytest.raises(StoreError):
            shipper.ship()
    _write(spool, feed, 2)
    path.parent.unlink()

    moved = shipper.ship()

    levels = [line.levelname for line in caplog.records]
    assert levels == ["CRITICAL", "INFO"]
    assert "store.db" in caplog.text
    assert (moved.records, moved.counted) == (2, 2)
    assert len(store.recent()) == 2


def test_a_unit_that_cannot_be_read_does_not_stop_the_others(
    shipper: Shipper,
    folder: Path,
    feed: "Feed",
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The bad one is named once and kept; the good one behind it is moved."""
    bad = Spool(folder, clock=clock)
    _write(bad, feed, 1)
    bad.close()
    (segment,) = folder.glob("*.seg")
    newer = bytearray(segment.read_bytes())
    newer[4] = 99
    _write_frame_of_version(segment, newer)
    clock.advance(1)
    good = Spool(folder, clock=clock)
    _write(good, feed, 2)
    good.close()

    first, second = shipper.ship(), shipper.ship()

    assert (first.records, first.removed) == (1, 1)
    assert second == (0, 0, 0, 0)
    assert [line.levelname for line in caplog.records] == ["ERROR"]
    assert segment.exists()


def test_a_unit_that_the_store_refuses_does_not_stop_the_others(
    shipper: Shipper,
    folder: Path,
    store: Store,
    feed: "Feed",
    clock: ManualClock,
    path: Path,
) -> None:
    """One refused unit is not yet a store that is away: the next one is tried."""
    for number in (1, 2):
        spool = Spool(folder, clock=clock)
        _write(spool, feed, number)
        spool.close()
        clock.advance(1)
    refused, taken = SpoolDirectory(folder).units()
    store.groups()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON watermarks WHEN "
            f"new.unit_id = '{refused.id}' BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )

    with pytest.raises(StoreError):
        shipper.ship()

    assert [unit.id for unit in SpoolDirectory(folder).units()] == [refused.id]
    assert store.is_finished(taken.id)
    assert [kept.id for kept in store.recent()] == [feed.record_id(2)]


def _write_frame_of_version(segment: Path, content: bytearray) -> None:
    """Write the segment back with its first frame's checksum made right again."""
    length = struct.unpack_from("<I", content, 8)[0]
    payload = bytes(content[24 : 24 + length])
    crc = zlib.crc32(bytes(content[4:20]), zlib.crc32(payload))
    struct.pack_into("<I", content, 20, crc)
    segment.write_bytes(content)


def test_damage_is_said_and_the_rest_is_moved(
    shipper: Shipper,
    folder: Path,
    store: Store,
    feed: "Feed",
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Bytes that rotted on the disk cost their own record and a WARNING."""
    spool = Spool(folder, clock=clock)
    _write(spool, feed, 1, 2, 3)
    spool.close()
    (segment,) = folder.glob("*.seg")
    content = bytearray(segment.read_bytes())
    at = content.index(feed.record_id(2).encode())
    content[at] ^= 1
    segment.write_bytes(content)

    moved = shipper.ship()

    assert (moved.records, moved.counted, moved.removed) == (2, 3, 1)
    assert [line.levelname for line in caplog.records] == ["WARNING"]
    assert len(store.recent()) == 2


def test_run_moves_what_comes_until_it_is_stopped(
    folder: Path, store: Store, spool: Spool, feed: "Feed"
) -> None:
    """The paced loop ships while the process goes on, and ends when told."""
    shipper, stop = Shipper(SpoolDirectory(folder), store), threading.Event()
    _write(spool, feed, *range(250))

    thread = threading.Thread(target=shipper.run, args=(stop,))
    thread.start()
    for _ in range(500):
        if store.groups() and store.groups()[0].count == 250:
            break
        stop.wait(0.02)
    stop.set()
    thread.join(5)

    assert not thread.is_alive()
    assert store.groups()[0].count == 250
    assert len(store.recent(1000)) == 250


def test_run_notices_a_store_that_was_put_back(
    folder: Path, store: Store, spool: Spool, feed: "Feed", path: Path
) -> None:
    """What the new store lacks is moved again, though it was moved before."""
    shipper, stop = Shipper(SpoolDirectory(folder), store), threading.Event()
    thread = threading.Thread(target=shipper.run, args=(stop,))
    _write(spool, feed, 1)
    thread.start()

    for number in (2, 3):
        for _ in range(500):
            if len(store.recent()) == number - 1:
                break
            stop.wait(0.02)
        for file in path.parent.iterdir():
            file.unlink()
        _write(spool, feed, number)
    for _ in range(1000):
        if len(store.recent()) == 3:
            break
        stop.wait(0.02)
    stop.set()
    thread.join(5)

    assert len(store.recent()) == 3


def test_run_goes_on_after_an_outage(
    folder: Path, store: Store, spool: Spool, feed: "Feed", path: Path
) -> None:
    """While the store is locked the loop waits; afterwards it moves everything."""
    store.groups()
    shipper, stop = Shipper(SpoolDirectory(folder), store), threading.Event()
    _write(spool, feed, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        thread = threading.Thread(target=shipper.run, args=(stop,))
        thread.start()
        for _ in range(500):
            if shipper._away:
                break
            stop.wait(0.02)

    shipper.nudge()
    for _ in range(500):
        if store.groups():
            break
        stop.wait(0.02)
    stop.set()
    thread.join(5)

    assert store.groups()[0].count == 1


def test_a_pass_without_news_writes_nothing(
    shipper: Shipper, spool: Spool, feed: "Feed", path: Path
) -> None:
    """Each page of the console asks for a pass: it must not lock or sync the store."""
    _write(spool, feed, 1)
    shipper.ship()

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        moved = shipper.ship()

    assert moved == (0, 0, 0, 0)


def test_an_idle_look_opens_neither_store_nor_files(
    shipper: Shipper, spool: Spool, store: Store, feed: "Feed", path: Path
) -> None:
    """A pass that finds nothing new does not touch the database."""
    _write(spool, feed, 1)
    shipper.ship()
    os.rename(path, path.with_suffix(".away"))  # noqa: PTH104 - as an operator does

    moved = shipper._pass(Steady(), look=True)

    assert moved == (0, 0, 0, 0)
    assert not path.exists()
