"""What other processes wrote survives their end, whichever way they end."""

import os
import select
import subprocess
from collections import Counter as Multiset
from collections.abc import Callable
from pathlib import Path

import pytest

from failwell.spool import FrameKind, SpoolDirectory, Unit

Program = Callable[..., "subprocess.Popen[bytes]"]
PATIENCE_S = 20


def said(process: "subprocess.Popen[bytes]", count: int = 1) -> bytes:
    """Return the next bytes that a program writes, after at most 20 seconds."""
    assert process.stdout is not None
    text = b""
    while len(text) < count:
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
        assert ready, "the program says nothing"
        more = os.read(process.stdout.fileno(), count - len(text))
        assert more, "the program has ended"
        text += more
    return text


def read_finished(units: list[Unit]) -> tuple[list[bytes], Multiset[bytes], int]:
    """Adopt all units; return records, sums by key and damaged bytes; remove them."""
    records: list[bytes] = []
    sums: Multiset[bytes] = Multiset()
    damaged = 0
    for unit in units:
        assert unit.adopt(), "a dead process holds its unit"
        counters = unit.counters()
        frames = list(unit.frames(0))
        defined = {f.payload[:8] for f in frames if f.kind is FrameKind.DEFINITION}
        records += [f.payload for f in frames if f.kind is FrameKind.RECORD]
        for counter in counters:
            assert counter.key in defined
            sums[counter.key] += counter.count
        damaged += unit.damaged_bytes
        unit.remove()
    return records, sums, damaged


def kill_writers(start: Program, directory: SpoolDirectory, folder: Path) -> None:
    """Kill four writers while they write; hold what is left against their acks."""
    names = ["a", "b", "c", "d"]
    writers = [start("write_until_killed.py", folder, name) for name in names]
    acknowledged = [Multiset(said(writer, 600)) for writer in writers]
    for writer in writers:
        writer.kill()
    for writer, acks in zip(writers, acknowledged, strict=True):
        assert writer.stdout is not None
        acks.update(writer.stdout.read())
        writer.wait()

    records, sums, damaged = read_finished(directory.units())

    for name, acks in zip(names, acknowledged, strict=True):
        found = [
            int(record.split()[1])
            for record in records
            if record.startswith(name.encode())
        ]
        assert found == list(range(len(found))), "lost, doubled or out of order"
        assert acks[ord("r")] <= len(found) <= acks[ord("r")] + 1
        counts = sums[name.encode().rjust(8, b".")]
        assert acks[ord("c")] <= counts <= acks[ord("c")] + 1
    assert damaged == 0


def test_kill_loses_nothing_acknowledged(
    start: Program, directory: SpoolDirectory, folder: Path
) -> None:
    """After kill -9 every acknowledged record is there once, and counts are exact."""
    kill_writers(start, directory, folder)


@pytest.mark.faults
def test_many_kills_lose_nothing_acknowledged(
    start: Program, directory: SpoolDirectory, folder: Path
) -> None:
    """The same, many times over."""
    for _ in range(25):
        kill_writers(start, directory, folder)


def test_a_child_that_ends_at_once_loses_nothing(
    start: Program, directory: SpoolDirectory, folder: Path
) -> None:
    """`os._exit` right after append, in a forked child: the record is there."""
    assert start("end_at_once.py", folder, 20).wait(PATIENCE_S) == 0

    records, sums, damaged = read_finished(directory.units())

    assert Multiset(records) == {b"%d" % number: 1 for number in range(20)}
    assert sums == {b"children": 20}
    assert damaged == 0


@pytest.mark.parametrize("way", ["bare", "hooked"])
@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_child_writes_a_unit_of_its_own(
    start: Program, directory: SpoolDirectory, folder: Path, durability: str, way: str
) -> None:
    """Parent and child share no segment, also where no hook of Python's tells of it."""
    process = start("fork_after_use.py", folder, durability, way)
    said(process, 2)
    found = {
        frozenset(f.payload for f in unit.frames(0) if f.kind is FrameKind.RECORD)
        for unit in directory.units()
    }

    assert found == {
        frozenset({b"parent before", b"parent after"}),
        frozenset({b"child"}),
    }


@pytest.mark.parametrize("child", ["silent", "writing"])
def test_a_dead_parents_unit_can_be_adopted_while_its_child_lives(
    start: Program, directory: SpoolDirectory, folder: Path, child: str
) -> None:
    """The child holds no lock of the parent, whether it uses the spool or not."""
    process = start("fork_after_use.py", folder, child)
    said(process, 2)
    process.kill()
    process.wait()

    adopted = []
    for unit in directory.units():
        if unit.adopt():
            adopted += [frame.payload for frame in unit.frames(0)]
            unit.remove()

    assert b"parent before" in adopted
    assert b"parent after" in adopted
    assert b"child" not in adopted
    assert len(directory.units()) == (child == "writing")


def test_the_next_shipper_takes_over_from_a_killed_one(
    start: Program, directory: SpoolDirectory, folder: Path
) -> None:
    """One of two processes is elected; when it is killed the right is free again."""
    first = start("elected.py", folder)
    answers = said(first)
    answers += said(start("elected.py", folder))
    while_held = directory.elect()
    first.kill()
    first.wait()
    after_kill = directory.elect()
    assert after_kill is not None
    after_kill.release()

    assert answers == b"yn"
    assert while_held is None


def test_a_child_does_not_keep_the_right_to_ship(
    start: Program, directory: SpoolDirectory, folder: Path
) -> None:
    """A shipper's forked child lives on: still another one can take over."""
    shipper = start("elected.py", folder, "fork")
    answers = said(shipper, 2)
    shipper.kill()
    shipper.wait()

    taken = directory.elect()
    assert taken is not None
    taken.release()

    assert answers == b"yf"
