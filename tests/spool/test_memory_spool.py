"""The spool in memory reads like the one on disk."""

import os
import threading

import pytest

from failwell.records import Tally
from failwell.spool import FrameKind, MemorySpool
from failwell.spool._counters import SLOTS
from failwell.testing import ManualClock

KEY = b"some key"


def test_it_gives_what_it_was_given() -> None:
    """Records, definitions and counts come back; offsets are watermarks."""
    clock = ManualClock()
    spool = MemorySpool(clock=clock)
    spool.append(b"one")
    tallies = [spool.tally(KEY, lambda: b"what") for _ in range(2)]
    spool.append(b"two")
    (unit,) = spool.units()

    frames = list(unit.frames(0))
    (counter,) = unit.counters()

    assert [frame.payload for frame in frames] == [b"one", KEY + b"what", b"two"]
    assert frames[1].kind is FrameKind.DEFINITION
    assert [f.payload for f in unit.frames(frames[1].end)] == [b"two"]
    assert unit.size() == frames[-1].end
    assert (counter.key, counter.count) == (KEY, 2)
    assert counter.minute == clock.now() // 60
    assert tallies == [Tally(1, 1), Tally(2, 2)]


def test_the_oldest_records_go_first_and_definitions_stay() -> None:
    """The ring is bounded; what it lost is counted; every count keeps its meaning."""
    spool = MemorySpool(limit=3)
    spool.count(KEY, lambda: b"what")
    for number in range(10):
        spool.append(b"%d" % number)
    (unit,) = spool.units()

    found = [frame.payload for frame in unit.frames(0)]

    assert found == [KEY + b"what", b"7", b"8", b"9"]
    assert spool.dropped == 7


def test_large_records_are_bounded_by_bytes() -> None:
    """However large the records are, no more than 64 MiB are held."""
    spool = MemorySpool()
    for _ in range(70):
        spool.append(bytes(1024 * 1024))

    assert spool.dropped == 6


def test_full_counters_are_followed_by_a_new_unit() -> None:
    """Counts stay exact past the slots of a unit, and the old unit can be removed."""
    spool = MemorySpool()
    for number in range(SLOTS + 5):
        spool.count(number.to_bytes(8, "big"), lambda: b"")

    first, second = spool.units()
    counted = len(first.counters()), len(second.counters())
    adopted = first.adopt(), second.adopt()
    first.remove()

    assert counted == (SLOTS, 5)
    assert adopted == (True, False)
    assert spool.units() == [second]
    with pytest.raises(RuntimeError, match="adopt"):
        second.remove()


def test_units_that_nobody_ships_are_bounded() -> None:
    """Of the units that wait, the last four are kept."""
    spool = MemorySpool()
    spool.append(b"in the oldest")
    for number in range(SLOTS * 5):
        spool.count(number.to_bytes(8, "big"), lambda: b"")

    assert len(spool.units()) == 4
    assert spool.dropped == 1


def test_threads_lose_and_double_nothing() -> None:
    """Eight threads append and count at once; all of it is there, once."""
    spool = MemorySpool()

    def write(name: int) -> None:
        for number in range(500):
            spool.append(f"{name} {number}".encode())
            spool.count(KEY, lambda: b"")

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (unit,) = spool.units()

    found = {f.payload for f in unit.frames(0) if f.kind is FrameKind.RECORD}
    assert len(found) == 4000
    assert unit.counters()[0].count == 4000


def test_one_thread_is_elected() -> None:
    """The right to ship is held by one at a time."""
    spool = MemorySpool()
    first = spool.elect()
    assert first is not None

    second = spool.elect()
    with first:
        pass
    third = spool.elect()

    assert second is None
    assert third is not None


@pytest.mark.parametrize("key", [b"", b"nine....."])
def test_a_key_of_another_size_is_refused(key: bytes) -> None:
    """As on disk."""
    with pytest.raises(ValueError, match="it needs 8"):
        MemorySpool().count(key, lambda: b"")


def test_a_record_that_is_too_large_is_refused() -> None:
    """As on disk."""
    with pytest.raises(OSError, match="keep it within"):
        MemorySpool().append(bytes(1024 * 1024 + 1))


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_child_begins_afresh() -> None:
    """A child has a unit of its own: both ship, and neither under the other's name."""
    spool = MemorySpool()
    spool.append(b"parent")
    (unit,) = spool.units()
    child = os.fork()
    if child == 0:
        (own,) = spool.units()
        os._exit(0 if own.id != unit.id and own.size() == 0 else 1)

    _, status = os.waitpid(child, 0)

    assert status == 0
    assert spool.units() == [unit]
