"""A full disk refuses cleanly, breaks nothing, and loses no count."""

import contextlib
import errno
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_disks import make_small_disk, remove_small_disk

from failwell.spool import FrameKind, Spool, SpoolDirectory, Unit
from failwell.testing import ManualClock

Program = Callable[..., "subprocess.Popen[bytes]"]
KEY, NEW_KEY = b"knownkey", b"new key."


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a file system of 1 MiB."""
    place = tmp_path / "disk"
    make_small_disk(place)
    yield place
    remove_small_disk(place)


def fill(place: Path) -> Path:
    """Take all the room there is; return the file to delete for having it back."""
    path = place / "filler"
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return path


def append_until_refused(spool: Spool) -> int:
    """Return how many records were acknowledged."""
    for kept in range(10_000):
        try:
            spool.append(b"%d " % kept + b"x" * 1500)
        except OSError:
            return kept
    pytest.fail("the disk is never full")


def numbers(units: list[Unit]) -> list[int]:
    """Return the numbers of the records, and see that nothing is damaged."""
    found = [
        int(frame.payload.split()[0])
        for unit in units
        for frame in unit.frames(0)
        if frame.kind is FrameKind.RECORD
    ]
    assert sum(unit.damaged_bytes for unit in units) == 0
    return found


def sums(units: list[Unit]) -> dict[bytes, int]:
    """Return the counts by key, each of which must be defined in its unit."""
    found: dict[bytes, int] = {}
    for unit in units:
        counters = unit.counters()
        frames = list(unit.frames(0))
        defined = {f.payload[:8] for f in frames if f.kind is FrameKind.DEFINITION}
        for counter in counters:
            assert counter.key in defined
            found[counter.key] = found.get(counter.key, 0) + counter.count
    return found


def test_a_full_disk_refuses_whole_frames(small_disk: Path) -> None:
    """What fits in part is taken back; the spool goes on when there is room again."""
    spool = Spool(small_disk / "spool")
    spool.append(b"-1")
    filler = fill(small_disk)
    kept = append_until_refused(spool)
    again = append_until_refused(spool)
    filler.unlink()
    spool.append(b"-2")
    spool.close()
    (unit,) = SpoolDirectory(small_disk / "spool").units()

    assert kept > 0
    assert again == 0
    assert numbers([unit]) == [-1, *range(kept), -2]
    assert unit.size() == [frame.end for frame in unit.frames(0)][-1]


def test_counts_wait_for_room(small_disk: Path) -> None:
    """On a full disk known keys go on, new ones wait in memory; none is lost."""
    clock = ManualClock()
    spool = Spool(small_disk / "spool", clock=clock)
    directory = SpoolDirectory(small_disk / "spool")
    spool.tally(KEY, lambda: b"known")
    filler = fill(small_disk)
    append_until_refused(spool)
    tallies = [spool.tally(key, lambda: b"x" * 5000) for key in (KEY, NEW_KEY) * 3]
    clock.advance(60)
    spool.count(NEW_KEY, lambda: b"x" * 5000)
    while_full = sums(directory.units())
    filler.unlink()
    spool.close()

    assert [tally.in_hour for tally in tallies] == [2, 1, 3, 2, 4, 3]
    assert while_full == {KEY: 4}
    assert sums(directory.units()) == {KEY: 4, NEW_KEY: 4}


def test_the_last_of_a_disk_is_for_what_is_counted(small_disk: Path) -> None:
    """Records are refused while there is room for the counts of new kinds of errors."""
    clock = ManualClock()
    spool = Spool(small_disk / "spool", clock=clock)
    directory = SpoolDirectory(small_disk / "spool")
    filler = small_disk / "filler"
    filler.write_bytes(bytes(100_000))
    kept = append_until_refused(spool)
    with pytest.raises(OSError, match="only counts are kept") as refused:
        spool.append(b"-1")
    keys = [b"new %04d" % number for number in range(20)]
    for key in keys:
        spool.tally(key, lambda: b"x" * 1000)
    on_disk = sums(directory.units())
    filler.unlink()
    clock.advance(2)
    spool.append(b"%d" % kept)
    spool.close()

    assert refused.value.errno == errno.ENOSPC
    assert kept > 100
    assert on_disk == dict.fromkeys(keys, 1)
    assert numbers(directory.units()) == list(range(kept + 1))


def test_waiting_counts_are_written_without_being_asked(small_disk: Path) -> None:
    """When there is room again the thread writes what waits, soon and once."""
    spool = Spool(small_disk / "spool")
    directory = SpoolDirectory(small_disk / "spool")
    filler = fill(small_disk)
    for _ in range(5):
        spool.count(KEY, lambda: b"what")
    filler.unlink()

    for _ in range(1000):
        if sums(directory.units()):
            break
        threading.Event().wait(0.01)

    assert sums(directory.units()) == {KEY: 5}
    spool.close()
    assert sums(directory.units()) == {KEY: 5}


def test_a_disk_that_is_full_from_the_first_use(small_disk: Path) -> None:
    """No unit can be made: records are refused, counts wait, nothing is left behind."""
    spool = Spool(small_disk / "spool")
    filler = fill(small_disk)
    kept = append_until_refused(spool)
    for _ in range(7):
        spool.count(KEY, lambda: b"what")
    left_behind = SpoolDirectory(small_disk / "spool").units()
    filler.unlink()
    spool.append(b"1")
    spool.close()
    units = SpoolDirectory(small_disk / "spool").units()

    assert (kept, left_behind) == (0, [])
    assert numbers(units) == [1]
    assert sums(units) == {KEY: 7}


def test_a_spool_cannot_be_made_on_a_full_disk(small_disk: Path) -> None:
    """It is told at the start, so that the caller can keep things in memory."""
    fill(small_disk)

    with pytest.raises(OSError, match="No space"):
        Spool(small_disk / "spool")


def test_a_limit_on_file_sizes_is_like_a_full_disk(
    start: Program, directory: SpoolDirectory, folder: Path
) -> None:
    """The frame that crosses the limit is taken back whole; the others are there."""
    process = start("write_within_limit.py", folder)
    assert process.stdout is not None
    kept = int(process.stdout.read())
    (unit,) = directory.units()

    assert kept > 100
    assert numbers([unit]) == list(range(kept))
    assert unit.size() == [frame.end for frame in unit.frames(0)][-1]
