"""Many units, bad ones among them: each gets its turn, and a pass can be ended."""

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from failwell.spool import Spool, SpoolDirectory
from failwell.store import Shipper, Store
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from tests.store.conftest import Feed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The spool's folder."""
    return tmp_path / "spool"


@pytest.fixture
def shipper(folder: Path, store: Store, clock: ManualClock) -> Shipper:
    """A shipper from that folder into the store."""
    return Shipper(SpoolDirectory(folder), store, clock=clock)


def _orphan(folder: Path, feed: "Feed", *payloads: bytes) -> None:
    """Leave a unit behind, as a process that has ended does, newer than those before."""
    definition = msgspec.json.encode(feed.define())
    feed.clock.advance(1)
    with closing(Spool(folder, clock=feed.clock)) as spool:
        spool.count(b"12345678", lambda: definition)
        for payload in payloads:
            spool.append(payload)


def test_a_pass_can_be_ended_between_two_units(
    shipper: Shipper, folder: Path, feed: "Feed"
) -> None:
    """After each unit it is asked whether there is time for another one."""
    for _ in range(3):
        _orphan(folder, feed)

    moved = shipper.ship(lambda: False)

    assert moved.removed == 1
    assert len(SpoolDirectory(folder).units()) == 2


def test_a_stopped_shipper_does_not_finish_a_long_list(
    folder: Path, store: Store, feed: "Feed"
) -> None:
    """However many units wait, `run` ends soon after it is told."""
    for _ in range(40):
        _orphan(folder, feed)
    shipper, stop = Shipper(SpoolDirectory(folder), store), threading.Event()

    thread = threading.Thread(target=shipper.run, args=(stop,))
    thread.start()
    while not store.groups():
        stop.wait(0.001)
    stop.set()
    thread.join(10)

    assert not thread.is_alive()
    assert 0 < len(SpoolDirectory(folder).units()) < 40


def test_what_is_set_aside_is_said(
    shipper: Shipper,
    folder: Path,
    feed: "Feed",
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A frame that no store can take costs a WARNING that says where to look."""
    _orphan(folder, feed, b"no record")

    moved = shipper.ship()

    assert moved.rejected == 1
    assert [line.levelname for line in caplog.records] == ["WARNING"]
    assert "quarantine" in caplog.text


@pytest.fixture
def failing_log() -> Iterator[None]:
    """A filter that raises, as one of the application's may."""

    def fail(record: logging.LogRecord) -> bool:
        raise RuntimeError(record.msg)

    logger = logging.getLogger("failwell")
    logger.addFilter(fail)
    yield
    logger.removeFilter(fail)


@pytest.mark.usefixtures("failing_log")
def test_a_log_that_fails_stops_nothing(
    shipper: Shipper, folder: Path, store: Store, feed: "Feed"
) -> None:
    """The bad unit cannot be named, and the good one behind it is moved."""
    _orphan(folder, feed)
    (counters,) = folder.glob("*.cnt")
    counters.write_bytes(b"FWCOUNT\x63" + counters.read_bytes()[8:])
    _orphan(folder, feed, msgspec.json.encode(feed.keep(1)))

    moved = shipper.ship()

    assert (moved.records, moved.removed) == (1, 1)
    assert counters.exists()
    assert store.groups()[0].count == 1


def test_a_folder_that_fails_twice_is_named_twice(
    shipper: Shipper, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each time the spool cannot be read is said once; the shipper goes on."""
    stop = threading.Event()
    for _ in range(2):
        folder.write_text("a file where the folder should be")
        assert not shipper._try_pass(stop, look=True)
        assert not shipper._try_pass(stop, look=True)
        folder.unlink()
        assert shipper._try_pass(stop, look=True)

    assert [line.levelname for line in caplog.records] == ["ERROR", "ERROR"]
