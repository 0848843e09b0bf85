"""What an application writes to the spool is what a shipper reads."""

import stat
import threading
from collections import Counter as Multiset
from pathlib import Path

import pytest

from failwell.records import Tally
from failwell.spool import FrameKind, Spool, SpoolDirectory, Unit
from failwell.spool._counters import SLOTS
from failwell.spool._room import SEGMENT_SIZE
from failwell.testing import ManualClock

KEY, OTHER = b"key\0\xff...", b"otherkey"
MINUTE = 1_800_000_000 // 60


def counted(units: list[Unit]) -> Multiset[tuple[bytes, int]]:
    """Return the sums of all counters by key and minute."""
    sums: Multiset[tuple[bytes, int]] = Multiset()
    for unit in units:
        for counter in unit.counters():
            sums[counter.key, counter.minute] += counter.count
    return sums


def records(units: list[Unit]) -> list[bytes]:
    """Return the records of all units."""
    return [
        frame.payload
        for unit in units
        for frame in unit.frames(0)
        if frame.kind is FrameKind.RECORD
    ]


def test_records_and_counts_can_be_read_at_once(
    spool: Spool, directory: SpoolDirectory
) -> None:
    """What was acknowledged is there while the writer lives, in order, once."""
    spool.append(b"one")
    spool.count(KEY, lambda: b"what it is")
    spool.count(KEY, lambda: b"never asked for")
    spool.append(b"two")
    (unit,) = directory.units()

    frames = list(unit.frames(0))

    assert [frame.payload for frame in frames] == [b"one", KEY + b"what it is", b"two"]
    assert [frame.kind.name for frame in frames] == ["RECORD", "DEFINITION", "RECORD"]
    assert frames[-1].end == unit.size()
    assert [frame.payload for frame in unit.frames(frames[1].end)] == [b"two"]
    assert counted([unit]) == {(KEY, MINUTE): 2}
    assert unit.damaged_bytes == 0


def test_counts_belong_to_their_minutes(
    spool: Spool, directory: SpoolDirectory, clock: ManualClock
) -> None:
    """A count stands in the minute of the clock, also when the clock goes back."""
    for step in (0, 59, 1, -60):
        clock.advance(step)
        spool.count(KEY, lambda: b"")

    assert counted(directory.units()) == {(KEY, MINUTE): 3, (KEY, MINUTE + 1): 1}


def test_the_tally_tells_hours_and_minutes(spool: Spool, clock: ManualClock) -> None:
    """The tally counts a key within the hour and within the minute."""
    tallies = [spool.tally(KEY, lambda: b"") for _ in range(2)]
    tallies.append(spool.tally(OTHER, lambda: b""))
    clock.advance(60)
    tallies.append(spool.tally(KEY, lambda: b""))
    clock.advance(3600)
    tallies.append(spool.tally(KEY, lambda: b""))

    assert tallies == [Tally(1, 1), Tally(2, 2), Tally(1, 1), Tally(3, 1), Tally(1, 1)]


def test_a_definition_stands_in_every_unit_that_counts(
    spool: Spool, directory: SpoolDirectory
) -> None:
    """A new unit defines a key again: a shipper may see either unit first."""
    spool.count(KEY, lambda: b"what")
    spool.close()
    spool.count(KEY, lambda: b"what")
    first, second = directory.units()

    assert counted([first]) == counted([second]) == {(KEY, MINUTE): 1}
    for unit in (first, second):
        assert [frame.payload for frame in unit.frames(0)] == [KEY + b"what"]


def test_a_definition_that_fails_counts_nothing(
    spool: Spool, directory: SpoolDirectory
) -> None:
    """An error while a key is defined reaches the caller; the next one counts."""

    def fail() -> bytes:
        raise LookupError

    with pytest.raises(LookupError):
        spool.count(KEY, fail)
    spool.count(KEY, lambda: b"what")

    assert counted(directory.units()) == {(KEY, MINUTE): 1}


def test_a_definition_that_is_too_large_is_refused(
    spool: Spool, directory: SpoolDirectory
) -> None:
    """It could never be written: the caller is told, and nothing waits for it."""
    with pytest.raises(OSError, match="keep it within"):
        spool.count(KEY, lambda: bytes(1024 * 1024))
    spool.count(OTHER, lambda: b"what")
    spool.close()

    assert counted(directory.units()) == {(OTHER, MINUTE): 1}


@pytest.mark.parametrize("key", [b"", b"seven..", b"nine....."])
def test_a_key_of_another_size_is_refused(spool: Spool, key: bytes) -> None:
    """A key that would not fit a slot is a mistake of the caller."""
    with pytest.raises(ValueError, match="it needs 8"):
        spool.count(key, lambda: b"")


def test_a_record_that_is_too_large_is_refused(
    spool: Spool, directory: SpoolDirectory
) -> None:
    """Above 1 MiB nothing is written, and the next record is."""
    with pytest.raises(OSError, match="keep it within"):
        spool.append(bytes(1024 * 1024 + 1))
    spool.append(b"next")

    assert records(directory.units()) == [b"next"]


def test_a_full_segment_is_followed_by_a_new_unit(
    spool: Spool, directory: SpoolDirectory
) -> None:
    """Past 8 MiB a new unit begins; the old one can be adopted while we live."""
    payloads = [bytes([number]) * 1_000_000 for number in range(20)]
    for payload in payloads:
        spool.append(payload)
    spool.close()
    spool.append(b"last")

    units = directory.units()
    adopted = [unit.adopt() for unit in units]
    found = records(units)
    for unit in units:
        unit.release()

    assert found == [*payloads, b"last"]
    assert adopted == [True, True, True, False]
    assert all(unit.size() < SEGMENT_SIZE + 1_000_100 for unit in units)


def test_full_counters_are_followed_by_a_new_unit(
    spool: Spool, directory: SpoolDirectory
) -> None:
    """When the slots are used up a new unit goes on counting; no count is lost."""
    keys = [number.to_bytes(8, "big") for number in range(SLOTS + 10)]
    for key in keys:
        spool.count(key, lambda: b"")
        spool.count(key, lambda: b"")

    units = directory.units()

    assert len(units) == 2
    assert counted(units) == dict.fromkeys([(key, MINUTE) for key in keys], 2)
    assert len(units[1].counters()) == 10


def test_threads_lose_and_double_nothing(
    spool: Spool, directory: SpoolDirectory
) -> None:
    """Eight threads append and count at once; all of it is there, once."""
    keys = [f"key {number:04d}".encode() for number in range(3)]

    def write(name: int) -> None:
        for number in range(1000):
            spool.append(f"{name} {number}".encode())
            spool.count(keys[number % 3], lambda: b"")

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = records(directory.units())
    assert Multiset(found) == dict.fromkeys(
        [f"{name} {number}".encode() for name in range(8) for number in range(1000)], 1
    )
    assert sum(counted(directory.units()).values()) == 8000


def test_a_reader_follows_a_writer(spool: Spool, directory: SpoolDirectory) -> None:
    """Reading on from the watermark while a thread writes gives each record once."""
    done = threading.Event()

    def write() -> None:
        for number in range(3000):
            spool.append(b"%d " % number + b"x" * (number % 700))
        done.set()

    spool.append(b"begin")
    (unit,) = directory.units()
    thread = threading.Thread(target=write)
    thread.start()
    found, watermark, finished = [], 0, False
    while not finished:
        finished = done.is_set()
        for frame in unit.frames(watermark):
            found.append(frame.payload.split()[0])
            watermark = frame.end
    thread.join()

    assert found == [b"begin", *(b"%d" % number for number in range(3000))]
    assert unit.damaged_bytes == 0


def test_a_call_from_within_a_call_is_refused(
    spool: Spool, directory: SpoolDirectory
) -> None:
    """A destructor or signal handler that captures inside of a write cannot hang it."""

    def interrupt() -> bytes:
        with pytest.raises(OSError, match="called again"):
            spool.append(b"inner")
        with pytest.raises(OSError, match="called again"):
            spool.count(OTHER, lambda: b"")
        spool.close()
        return b"what"

    spool.count(KEY, interrupt)

    assert counted(directory.units()) == {(KEY, MINUTE): 1}


def test_only_the_owner_may_read(spool: Spool, folder: Path) -> None:
    """The folder has mode 0700 and each file 0600, whatever the umask says."""
    spool.append(b"secret")
    spool.count(KEY, lambda: b"")

    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes == {0o600}


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path: Path) -> None:
    """Where a file is in the way, making the spool raises OSError."""
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(OSError, match="file"):
        Spool(tmp_path / "file" / "spool")


def test_making_a_spool_leaves_no_unit(spool: Spool, directory: SpoolDirectory) -> None:
    """The trial at the start is cleaned up; the first use makes the first unit."""
    before = directory.units()
    spool.append(b"")

    assert before == []
    assert len(directory.units()) == 1


def test_a_folder_emptied_under_us_is_filled_again(
    spool: Spool, folder: Path, directory: SpoolDirectory
) -> None:
    """Files that somebody deleted are not written for ever: a new unit is begun."""
    spool.append(b"deleted")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()

    for _ in range(1000):
        spool.append(b"again")
        if directory.units():
            break
        threading.Event().wait(0.01)

    spool.close()
    assert records(directory.units())[-1:] == [b"again"]


def test_a_dropped_spool_closes_its_unit(
    folder: Path, directory: SpoolDirectory
) -> None:
    """Without `close` the end of the object leaves the unit to the shippers."""
    spool = Spool(folder)
    spool.append(b"kept")
    del spool
    (unit,) = directory.units()

    adopted = unit.adopt()
    unit.release()

    assert adopted
    assert records([unit]) == [b"kept"]


def test_a_refused_sync_is_said_once(
    spool: Spool, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder moved away under us cannot be synced: one line says so, writing goes on."""
    spool.append(b"1")
    folder.rename(folder.with_name("moved"))

    for number in range(500):
        if caplog.records:
            break
        spool.append(b"%d" % number)
        threading.Event().wait(0.01)
    threading.Event().wait(0.25)

    assert [line.levelname for line in caplog.records] == ["ERROR"]
    assert "power cut" in caplog.text


def test_a_stack_is_written_once_in_front_of_its_first_record(
    spool: Spool, directory: SpoolDirectory
) -> None:
    """Every unit explains what its records refer to."""
    stack = (b"stack..1", b"[]")
    for number in range(3):
        spool.append(b"%d" % number, [stack])
    spool.close()
    spool.append(b"next unit", [stack])

    kinds = [[frame.kind for frame in unit.frames()] for unit in directory.units()]

    assert kinds == [
        [FrameKind.STACK, *[FrameKind.RECORD] * 3],
        [FrameKind.STACK, FrameKind.RECORD],
    ]
