"""What is left on the disk when the power fails while three processes write."""

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from loop_disks import copy_disk, make_disk, mounted

from failwell.spool import FrameKind, SpoolDirectory

pytestmark = pytest.mark.faults

Program = Callable[..., "subprocess.Popen[bytes]"]
Told = list[list[int]]

CUTS = 20
CUTS_WITHOUT_SYNC = 5
WINDOW_S = 0.4
"""The 100 ms that are stated, and what this machine's disk may take for the sync."""


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Return the image of an empty disk."""
    image = tmp_path / "empty.img"
    make_disk(image)
    return image


class Cut:
    """One power cut: what was acknowledged before, and what the disk has."""

    def __init__(self, start: Program, empty: Path, mode: str, place: Path) -> None:
        image = copy_disk(empty, place.with_suffix(".img"))
        copy = place.with_suffix(".cut")
        with mounted(image, place):
            self.early, self.late = self._write(start, place / "spool", mode)
            copy_disk(image, copy)
        with mounted(copy, place):
            self.records, self.counts = self._read(SpoolDirectory(place / "spool"))
        image.unlink()
        copy.unlink()

    def _write(self, start: Program, folder: Path, mode: str) -> tuple[Told, Told]:
        process = start("write_and_tell.py", folder, mode)
        assert process.stdin is not None
        assert process.stdout is not None
        early: Told = [[0, 0]]
        while min(map(min, early)) == 0:
            threading.Event().wait(0.05)
            process.stdin.write(b"\n")
            early = json.loads(process.stdout.readline())
        threading.Event().wait(WINDOW_S)
        process.stdin.close()
        late = json.loads(process.stdout.readline())
        assert process.wait() == 0
        return early, late

    def _read(self, directory: SpoolDirectory) -> tuple[list[list[int]], list[int]]:
        records: list[list[int]] = [[], [], []]
        counts = [0, 0, 0]
        for unit in directory.units():
            for counter in unit.counters():
                counts[int(counter.key[-1:])] += counter.count
            for frame in unit.frames():
                if frame.kind is FrameKind.RECORD:
                    place, number, _ = frame.payload.split(b" ", 2)
                    records[int(place)].append(int(number))
        return records, counts

    def lost(self, told: Told) -> int:
        """Return how many records and counts of those acknowledged are missing."""
        lost = 0
        for (records, counts), found, counted in zip(
            told, self.records, self.counts, strict=True
        ):
            lost += len(set(range(records)) - set(found)) + max(0, counts - counted)
            assert sorted(set(found)) == sorted(found), "doubled"
        return lost

    def acknowledged(self) -> int:
        """Return how much was acknowledged in all."""
        return sum(map(sum, self.late))


def cuts(
    start: Program, empty: Path, tmp_path: Path, mode: str, times: int
) -> list[Cut]:
    """Cut the power that often."""
    return [Cut(start, empty, mode, tmp_path / f"disk{n}") for n in range(times)]


def test_power_loses_nothing(start: Program, empty: Path, tmp_path: Path) -> None:
    """Every record and every tally that was acknowledged is on the disk."""
    found = cuts(start, empty, tmp_path, "power", CUTS)

    assert [cut.lost(cut.late) for cut in found] == [0] * CUTS
    assert min(cut.acknowledged() for cut in found) > 50


def test_process_loses_the_stated_window_at_most(
    start: Program, empty: Path, tmp_path: Path
) -> None:
    """What was acknowledged earlier than the window before the cut is on the disk."""
    found = cuts(start, empty, tmp_path, "process", CUTS)

    assert [cut.lost(cut.early) for cut in found] == [0] * CUTS
    assert min(cut.acknowledged() for cut in found) > 500


def test_without_any_sync_it_is_lost(
    start: Program, empty: Path, tmp_path: Path
) -> None:
    """The arm that must lose: it shows that these tests can."""
    found = cuts(start, empty, tmp_path, "none", CUTS_WITHOUT_SYNC)

    assert all(cut.lost(cut.early) > 0 for cut in found)
