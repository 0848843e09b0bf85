"""Takes what is damaged out of a unit and lays it aside; what is whole stays in place.

Owns that nothing is lost: damaged bytes are on the disk in the quarantine before they are
written over, and no frame moves, for the store knows by its offset how far it has read.
"""

import os
from pathlib import Path
from typing import NamedTuple

from failwell.spool._folder import make_directory
from failwell.spool._frame import HEADER_SIZE, MAX_PAYLOAD, PADDING, encode
from failwell.spool._platform import (
    PRIVATE,
    READ_WRITE,
    WRITE_NEW,
    sync_data,
    sync_directory,
)
from failwell.spool._reader import Gap
from failwell.spool._unit import Unit

QUARANTINE = "quarantine"
"""The folder in the spool's folder; nothing in it is read again."""


class Repaired(NamedTuple):
    """What was done to a unit."""

    quarantined: tuple[Path, ...]
    """Files with the damaged bytes."""
    left: int
    """Damaged bytes that stay: too few in a place to be written over."""


def repair_unit(unit: Unit, directory: Path) -> Repaired | None:
    """Lay the damage of a unit aside; return None where somebody has the unit.

    A gap in the segment becomes padding of the same size, damage at its end is cut off,
    and counters that are no counters any more are moved away.

    Raises:
        OSError: Something could not be read or written; what is whole is still there.
    """
    if not unit.adopt():
        return None
    try:
        return _repair(unit, directory / QUARANTINE)
    finally:
        unit.release()


def _repair(unit: Unit, quarantine: Path) -> Repaired:
    aside: list[Path] = []
    left = 0
    segment, counters = unit.paths
    before = unit.damaged_bytes
    unit.counters()
    if unit.damaged_bytes > before:
        make_directory(quarantine)
        aside.append(quarantine / counters.name)
        counters.rename(aside[-1])
        sync_directory(quarantine)
    end = max((frame.end for frame in unit.frames()), default=0)
    for gap in unit.gaps:
        if gap.start < end and gap.end - gap.start < HEADER_SIZE:
            left += gap.end - gap.start
            continue
        make_directory(quarantine)
        path = quarantine / f"{unit.id}-{gap.start:x}"
        aside.append(_lay_aside(segment, gap, path, is_tail=gap.start >= end))
    return Repaired(tuple(aside), left)


def _lay_aside(segment: Path, gap: Gap, path: Path, *, is_tail: bool) -> Path:
    fd = os.open(segment, READ_WRITE)
    with os.fdopen(fd, "r+b") as file:
        file.seek(gap.start)
        damaged = file.read(gap.end - gap.start)
        written = _write_safely(path, damaged)
        if is_tail:
            file.truncate(gap.start)
        else:
            file.seek(gap.start)
            file.write(_padding(gap.end - gap.start))
        file.flush()
        sync_data(fd)
    return written


def _write_safely(stem: Path, content: bytes) -> Path:
    """Write a new file whose name begins so; the same place may be damaged again."""
    number = 1
    while (path := stem.with_name(f"{stem.name}.{number}")).exists():
        number += 1
    fd = os.open(path, WRITE_NEW, PRIVATE)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        file.flush()
        sync_data(fd)
    sync_directory(path.parent)
    return path


def _padding(size: int) -> bytes:
    """Return frames that together have exactly `size` bytes, at least a header's."""
    largest = HEADER_SIZE + MAX_PAYLOAD
    frames = []
    while size:
        # What is left for the next one must have room for its header.
        length = size if size <= largest else min(largest, size - HEADER_SIZE)
        frames.append(encode(PADDING, 0, bytes(length - HEADER_SIZE)))
        size -= length
    return b"".join(frames)
