"""The shipper's side: what there is, whose it is, and how it goes away."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from failwell.spool import Spool, SpoolDirectory, Unit
from failwell.spool._frame import FrameKind, encode
from failwell.testing import ManualClock

NAME = "0123456789ab-00000001-000000000001"


def test_a_folder_that_is_not_there_has_no_units(directory: SpoolDirectory) -> None:
    """Before anybody spooled, there is nothing, and that is no error."""
    assert directory.units() == []


def test_foreign_files_are_left_alone(
    spool: Spool, folder: Path, directory: SpoolDirectory, tmp_path: Path
) -> None:
    """Only files named as units count: no others, no links, no folders."""
    spool.append(b"ours")
    (tmp_path / "outside").write_bytes(b"outside")
    (folder / f"{NAME}.seg").symlink_to(tmp_path / "outside")
    (folder / "notes.txt").write_text("foreign")
    (folder / "x.seg").write_text("foreign")
    (folder / "0123456789ab-00000001-000000000002.seg").mkdir()

    (unit,) = directory.units()

    assert [frame.payload for frame in unit.frames(0)] == [b"ours"]


def test_a_link_is_never_followed(folder: Path, tmp_path: Path) -> None:
    """A link that takes the place of a segment after the listing is refused."""
    folder.mkdir()
    (tmp_path / "outside").write_bytes(encode(FrameKind.RECORD, 1, b"outside"))
    (folder / f"{NAME}.seg").symlink_to(tmp_path / "outside")
    unit = Unit(folder, NAME)

    with pytest.raises(OSError, match="symbolic"):
        list(unit.frames(0))
    with pytest.raises(OSError, match="symbolic"):
        unit.adopt()


def test_units_are_listed_in_the_order_they_were_made(
    spool: Spool, directory: SpoolDirectory, clock: ManualClock
) -> None:
    """The oldest unit comes first: what waited longest is shipped first."""
    for number in range(5):
        spool.append(b"%d" % number)
        spool.close()
        clock.advance(1)

    found = [next(unit.frames(0)).payload for unit in directory.units()]

    assert found == [b"0", b"1", b"2", b"3", b"4"]


def test_a_living_unit_cannot_be_adopted(
    spool: Spool, directory: SpoolDirectory
) -> None:
    """Not even the process that writes it can adopt its own unit, or remove it."""
    spool.append(b"alive")
    (unit,) = directory.units()

    assert not unit.adopt()
    with pytest.raises(RuntimeError, match="adopt"):
        unit.remove()


def test_a_unit_is_adopted_by_one(spool: Spool, directory: SpoolDirectory) -> None:
    """An orphan belongs to the first who adopts it, until it is released."""
    spool.append(b"orphan")
    spool.close()
    (mine,), (other,) = directory.units(), directory.units()

    first, second = mine.adopt(), other.adopt()
    mine.release()
    third = other.adopt()
    other.release()

    assert (first, second, third) == (True, False, True)


def test_a_removed_unit_is_gone(
    spool: Spool, folder: Path, directory: SpoolDirectory
) -> None:
    """Nothing of it is left; one who listed it before finds nothing, no error."""
    spool.append(b"done")
    spool.count(b"somekey.", lambda: b"")
    spool.close()
    (unit,), (late,) = directory.units(), directory.units()
    assert unit.adopt()

    unit.remove()

    assert list(folder.iterdir()) == []
    assert not late.adopt()
    assert (late.size(), list(late.frames(0)), late.counters()) == (0, [], [])


@pytest.mark.parametrize("missing", [".cnt", ".seg"])
def test_a_unit_of_which_one_file_is_missing_is_finished(
    spool: Spool, folder: Path, directory: SpoolDirectory, missing: str
) -> None:
    """A crash between two steps leaves one file: what it holds is read and removed."""
    spool.append(b"record")
    spool.count(b"somekey.", lambda: b"")
    spool.close()
    (unit,) = directory.units()
    (folder / (unit.id + missing)).unlink()
    (unit,) = directory.units()

    adopted = unit.adopt()
    found = len(list(unit.frames(0))), len(unit.counters())
    unit.remove()

    assert adopted
    assert found == ((2, 0) if missing == ".cnt" else (0, 1))
    assert directory.units() == []


def test_counters_cut_short_give_the_whole_ones(
    spool: Spool, folder: Path, directory: SpoolDirectory
) -> None:
    """Of a counters' file of any size, the whole slots are read."""
    for number in range(3):
        spool.count(b"key....%d" % number, lambda: b"")
    spool.close()
    (unit,) = directory.units()
    path = folder / f"{unit.id}.cnt"

    found = []
    for size in (24 * 4, 24 * 4 - 1, 24 * 2, 24, 7, 0):
        os.truncate(path, size)
        found.append(len(unit.counters()))

    assert found == [3, 2, 1, 0, 0, 0]


def test_counters_without_their_first_page_give_the_others(
    folder: Path, directory: SpoolDirectory, clock: ManualClock
) -> None:
    """A power cut that took a page takes what was in it, and no more."""
    spool = Spool(folder, clock=clock)
    for number in range(300):
        spool.count(b"%08d" % number, lambda: b"what")
    spool.close()
    (file,) = folder.glob("*.cnt")
    file.write_bytes(bytes(4096) + file.read_bytes()[4096:])
    (unit,) = directory.units()

    cut, *found = unit.counters()

    assert cut.key == bytes(8), "its count lies on the next page; nothing defines it"
    assert [counter.key for counter in found] == [b"%08d" % n for n in range(170, 300)]
    assert unit.damaged_bytes == 0


def test_damaged_counters_are_counted_as_damage(
    folder: Path, directory: SpoolDirectory, clock: ManualClock
) -> None:
    """A file that was never one of counters says nothing, and that is reported."""
    with closing(Spool(folder, clock=clock)) as spool:
        spool.count(b"12345678", lambda: b"what")
    (file,) = folder.glob("*.cnt")
    file.write_bytes(b"something else" * 10)
    (unit,) = directory.units()

    assert unit.counters() == []
    assert unit.damaged_bytes == 140


def test_counters_of_a_newer_version_are_not_thrown_away(
    folder: Path, directory: SpoolDirectory, clock: ManualClock
) -> None:
    """A layout that is not known stops the reading of this unit and says why."""
    with closing(Spool(folder, clock=clock)) as spool:
        spool.count(b"12345678", lambda: b"what")
    (file,) = folder.glob("*.cnt")
    file.write_bytes(b"FWCOUNT\x63" + file.read_bytes()[8:])
    (unit,) = directory.units()

    with pytest.raises(OSError, match="newer failwell"):
        unit.counters()


def test_one_shipper_is_elected(directory: SpoolDirectory) -> None:
    """While one holds the right to ship nobody else gets it, then the next one does."""
    first = directory.elect()
    assert first is not None

    second = directory.elect()
    with first:
        third = directory.elect()
    fourth = directory.elect()
    assert fourth is not None
    fourth.release()

    assert (second, third) == (None, None)
