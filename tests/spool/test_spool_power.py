"""With `durability="power"` an acknowledgement means that the disk has it."""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from failwell._settings import read_settings
from failwell.records import NotSyncedError, Recorder
from failwell.spool import FrameKind, Spool, SpoolDirectory
from failwell.spool._syncer import PATIENCE_S
from failwell.testing import ManualClock

KEY = b"some key"


class Disk:
    """Stands between the spool and the kernel's syncs, and knows what was synced."""

    def __init__(self, sync: Callable[[int], None]) -> None:
        self._sync = sync
        self.syncs = 0
        self.safe: dict[str, int] = {}
        """Bytes of each file that the disk has."""
        self.refusal: OSError | None = None
        self.is_asked = False
        """Whether somebody has asked it while it did not answer."""
        self.answers = threading.Event()
        self.answers.set()

    def fdatasync(self, fd: int) -> None:
        """Take what there is now to the disk, if it answers and does not refuse."""
        size = os.fstat(fd).st_size
        self.is_asked = not self.answers.is_set()
        self.answers.wait()
        if self.refusal is not None:
            raise self.refusal
        self._sync(fd)
        self.syncs += 1
        name = str(Path(f"/proc/self/fd/{fd}").readlink())
        self.safe[name] = max(size, self.safe.get(name, 0))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """Return what the kernel's syncs go through."""
    disk = Disk(os.fdatasync)
    monkeypatch.setattr(os, "fdatasync", disk.fdatasync)
    yield disk
    disk.answers.set()


@pytest.fixture
def spool(folder: Path, clock: ManualClock, disk: Disk) -> Iterator[Spool]:
    """Return a spool that waits for the disk."""
    spool = Spool(folder, clock=clock, durability="power")
    yield spool
    spool.close()


def record_count(directory: SpoolDirectory) -> int:
    """Return how many records can be read."""
    return sum(
        frame.kind is FrameKind.RECORD
        for unit in directory.units()
        for frame in unit.frames()
    )


def test_what_is_acknowledged_is_on_the_disk(
    spool: Spool, directory: SpoolDirectory, folder: Path, disk: Disk
) -> None:
    """When `append` and `sync` return, one has covered all that is in the files."""
    for number in range(20):
        spool.append(b"x" * number)
        (unit,) = directory.units()
        assert disk.safe[str(folder / f"{unit.id}.seg")] == unit.size()
        spool.tally(KEY, lambda: b"what")
        before = disk.syncs
        spool.sync()
        assert disk.syncs > before


def test_threads_share_their_syncs(spool: Spool, disk: Disk) -> None:
    """Of many that wait while the disk works, all are served by the next sync."""
    disk.answers.clear()
    threads = [
        threading.Thread(target=spool.append, args=(b"%d" % number,))
        for number in range(30)
    ]
    for thread in threads:
        thread.start()
    while len(spool._writers.get()._syncer._waiting) < 25:
        threading.Event().wait(0.01)
    disk.answers.set()
    for thread in threads:
        thread.join()

    assert disk.syncs < 15


def test_a_new_unit_is_synced_with_the_one_before(
    spool: Spool, directory: SpoolDirectory, folder: Path, disk: Disk
) -> None:
    """Where a segment is followed by another one, both are on the disk."""
    for _ in range(20):
        spool.append(bytes(1_000_000))

    units = directory.units()

    assert len(units) == 3
    for unit in units:
        assert disk.safe[str(folder / f"{unit.id}.seg")] == unit.size()


def test_a_refused_sync_is_told_to_whom_it_concerns(
    spool: Spool, directory: SpoolDirectory, disk: Disk
) -> None:
    """What was written is there, but it is not called durable; the next but one is again.

    What the next one counted may have been lost with the round that failed.
    """
    spool.append(b"before")
    disk.refusal = OSError(errno.EIO, "made up")
    with pytest.raises(NotSyncedError, match="refused"):
        spool.append(b"refused")
    spool.tally(KEY, lambda: b"what")
    with pytest.raises(NotSyncedError, match="refused"):
        spool.sync()
    disk.refusal = None
    with pytest.raises(NotSyncedError, match="refused"):
        spool.append(b"next")
    spool.append(b"behind")

    assert record_count(directory) == 4


def test_what_is_only_counted_does_not_wait(spool: Spool, disk: Disk) -> None:
    """The answers below 500 never wait for a disk, nor does an error wait twice."""
    disk.answers.clear()

    for _ in range(100):
        spool.count(KEY, lambda: b"what")
        spool.tally(KEY, lambda: b"what")

    assert disk.syncs == 0
    disk.answers.set()


def test_a_disk_that_hangs_keeps_the_first_ones_only(
    spool: Spool, directory: SpoolDirectory, disk: Disk
) -> None:
    """After 2 seconds it is said aloud; until the disk answers nobody waits again."""
    spool.append(b"before")
    disk.answers.clear()
    with pytest.raises(NotSyncedError, match=f"within {PATIENCE_S:g} seconds"):
        spool.append(b"first")
    for _ in range(1000):
        with pytest.raises(NotSyncedError, match="at present"):
            spool.append(b"next")
    disk.answers.set()
    while spool._writers.get()._syncer._is_late:
        threading.Event().wait(0.01)
    spool.append(b"behind")

    assert record_count(directory) == 1003


def test_what_is_not_durable_is_counted_as_such_and_kept(
    spool: Spool, directory: SpoolDirectory, disk: Disk, tmp_path: Path
) -> None:
    """The caller of the recorder gets its id all the same."""
    settings = read_settings({}, import_name="app", instance_path=tmp_path, environ={})
    recorder = Recorder(settings, spool)
    disk.refusal = OSError(errno.EIO, "made up")

    ids = [recorder.capture(ValueError("no")) for _ in range(3)]

    assert len(set(ids)) == 3
    assert recorder.dropped == {"not synced": 3}
    assert record_count(directory) == 3


def test_an_error_that_is_only_counted_waits_once(
    spool: Spool, disk: Disk, tmp_path: Path
) -> None:
    """What is sampled out is on the disk, too, when its answer is sent."""
    settings = read_settings({}, import_name="app", instance_path=tmp_path, environ={})
    recorder = Recorder(settings, spool)
    for _ in range(100):
        recorder.capture(ValueError("kept"))
    waits = spool._writers.get()._syncer._waiting
    disk.answers.clear()
    thread = threading.Thread(target=recorder.capture, args=(ValueError("counted"),))
    thread.start()
    while not waits and not disk.is_asked:
        threading.Event().wait(0.01)
    is_waiting = thread.is_alive()
    disk.answers.set()
    thread.join()

    assert is_waiting
    assert recorder.dropped == {}


def test_leaving_syncs_what_is_waited_for(
    spool: Spool, directory: SpoolDirectory, disk: Disk
) -> None:
    """A spool that is closed under those who wait serves them first."""
    spool.append(b"before")
    disk.answers.clear()
    told: list[str] = []

    def append() -> None:
        spool.append(b"waits")
        told.append("it is on the disk")

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    while record_count(directory) < 5:
        threading.Event().wait(0.01)
    threading.Timer(0.1, disk.answers.set).start()
    spool.close()
    for thread in threads:
        thread.join()

    assert told == ["it is on the disk"] * 4
