"""The folder stays within its quota, and what goes first is what was said."""

import errno
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from failwell.records import NotSyncedError
from failwell.spool import FrameKind, Spool, SpoolDirectory
from failwell.spool._room import LOOK_INTERVAL_S, measure
from failwell.testing import ManualClock

MIB = 1024 * 1024
QUOTA = 16 * MIB
SCARCE_SEGMENT_SIZE = QUOTA // 4 // 8
OLD, NEW = b"old key.", b"new key."
Fill = Callable[[float], None]


@pytest.fixture
def spool(folder: Path, clock: ManualClock) -> Spool:
    """Return a spool with a quota of 16 MiB."""
    return Spool(folder, clock=clock, quota=QUOTA)


@pytest.fixture
def fill(folder: Path, clock: ManualClock) -> Fill:
    """Return what makes the folder that full, as other processes would."""

    def fill(part: float) -> None:
        filler = folder / "filler"
        filler.unlink(missing_ok=True)
        size = int(part * QUOTA) - measure(folder).used
        with filler.open("wb") as file:
            file.truncate(size)
        clock.advance(LOOK_INTERVAL_S)

    return fill


def attempt(spool: Spool, key: bytes, times: int) -> int:
    """Tally and append; return how many records were kept."""
    kept = 0
    for _ in range(times):
        spool.tally(key, lambda: b"what")
        kept += is_kept(spool, key)
    return kept


def is_kept(spool: Spool, key: bytes = b"") -> bool:
    """Append; return whether the quota let it in."""
    try:
        spool.append(b"x" * 100, (), key)
    except OSError as error:
        if error.errno != errno.EDQUOT:
            raise
        return False
    return True


def counted(directory: SpoolDirectory) -> dict[bytes, int]:
    """Return the counts on the disk by key."""
    sums: dict[bytes, int] = {}
    for unit in directory.units():
        for counter in unit.counters():
            sums[counter.key] = sums.get(counter.key, 0) + counter.count
    return sums


def test_while_there_is_room_all_is_kept(spool: Spool, fill: Fill) -> None:
    """Below three quarters nothing is refused."""
    spool.append(b"first use")
    fill(0.7)

    assert attempt(spool, OLD, 200) == 200


@pytest.mark.parametrize(
    ("part", "kept"), [(0.76, (0, 10, 30)), (0.9, (0, 1, 30)), (0.95, (0, 0, 0))]
)
def test_what_goes_first(
    spool: Spool,
    fill: Fill,
    directory: SpoolDirectory,
    part: float,
    kept: tuple[int, int, int],
) -> None:
    """Repeats of known groups, then what is not a group's first, at last all records.

    What stands for itself is kept as long as the first of a group, and counts always.
    """
    attempt(spool, OLD, 20)
    fill(part)
    spool.close()
    repeats, new = attempt(spool, OLD, 30), attempt(spool, NEW, 30)
    alone = sum(is_kept(spool) for _ in range(30))

    assert (repeats, new, alone) == kept
    assert counted(directory) == {OLD: 50, NEW: 30}


def test_users_are_given_up_with_the_last_records(spool: Spool, fill: Fill) -> None:
    """However many users meet an error, they take none of the room that counts need."""
    fill(0.95)
    spool.tally(OLD, lambda: b"what")

    with pytest.raises(OSError, match="quota") as refused:
        spool.note_user(OLD, b"the user")

    assert refused.value.errno == errno.EDQUOT


def test_counts_that_wait_in_memory_are_not_called_durable(
    folder: Path, clock: ManualClock, fill: Fill
) -> None:
    """With `power`, past the quota, a new kind of error says so."""
    spool = Spool(folder, clock=clock, quota=QUOTA, durability="power")
    fill(1.01)
    spool.tally(OLD, lambda: b"what")

    with pytest.raises(NotSyncedError, match="wait in memory"):
        spool.sync()


def test_past_the_quota_new_counts_wait_in_memory(
    spool: Spool, fill: Fill, folder: Path, clock: ManualClock
) -> None:
    """Known keys go on counting, new ones are written when there is room again."""
    directory = SpoolDirectory(folder)
    fill(0.8)
    attempt(spool, OLD, 5)
    fill(1.01)
    attempt(spool, OLD, 5)
    attempt(spool, NEW, 5)
    while_full = counted(directory)
    (folder / "filler").unlink()
    clock.advance(LOOK_INTERVAL_S)
    spool.close()

    assert while_full == {OLD: 10}
    assert counted(directory) == {OLD: 10, NEW: 5}


def test_it_goes_on_when_there_is_room_again(
    spool: Spool, fill: Fill, folder: Path, clock: ManualClock
) -> None:
    """A second after others made room everything is kept as before."""
    fill(0.8)
    attempt(spool, OLD, 20)
    fill(0.99)
    refused = attempt(spool, OLD, 1)
    (folder / "filler").unlink()
    at_once = attempt(spool, OLD, 1)
    clock.advance(LOOK_INTERVAL_S)

    assert (refused, at_once) == (0, 0)
    assert attempt(spool, OLD, 5) == 5


def test_what_is_shipped_is_handed_in_when_room_is_scarce(
    spool: Spool, fill: Fill, directory: SpoolDirectory
) -> None:
    """A living unit can only be removed whole: it is given up early, without a record."""
    fill(0.76)
    for number in range(500):
        spool.append(b"%04d" % number + bytes(1000))
    (large,) = directory.units()
    while large.size() < SCARCE_SEGMENT_SIZE:
        spool.count(large.size().to_bytes(8, "big"), lambda: bytes(1000))
    while not large.adopt():
        spool.count(OLD, lambda: b"wakes the thread")
        threading.Event().wait(0.01)

    found = [f for f in large.frames() if f.kind is FrameKind.RECORD]

    assert len(found) == 500
    large.remove()
    spool.close()


def test_a_finished_unit_keeps_no_room_for_counters(
    spool: Spool, folder: Path, directory: SpoolDirectory
) -> None:
    """Of its counters only those in use are left, and they read the same."""
    attempt(spool, OLD, 3)
    attempt(spool, NEW, 4)
    spool.close()

    (path,) = folder.glob("*.cnt")
    assert path.stat().st_size == 24 * 3
    assert counted(directory) == {OLD: 3, NEW: 4}


def test_a_folder_that_cannot_be_measured_stops_nobody(
    spool: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was known before holds on."""

    def refuse(path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr("os.scandir", refuse)

    assert attempt(spool, OLD, 150) == 150
