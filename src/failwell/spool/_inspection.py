"""What a person wants to know of a unit: who writes it, what is in it, what is damaged.

Owns looking without touching: no file is changed, and a lock is held while one is read.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from failwell.spool._frame import FrameKind
from failwell.spool._reader import Gap
from failwell.spool._unit import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitReport:
    """A unit as it was found."""

    unit: str
    began_at: float
    """When its process began it, in seconds since 1970-01-01 UTC."""
    pid: int
    """The process that writes or wrote it."""
    is_live: bool
    """Whether somebody has it: its process, or a shipper that moves it."""
    segment_bytes: int
    counters_bytes: int
    records: int
    definitions: int
    stacks: int
    users: int
    counted: int
    """The sum of its counters: errors and answers."""
    damaged_bytes: int
    gaps: Sequence[Gap]
    """Where in the segment they are."""
    problem: str
    """Why it cannot be read to its end; empty where it can."""


def inspect_unit(unit: Unit) -> UnitReport:
    """Read a unit to its end and say what is in it. Never raises for its state."""
    began, pid, _ = unit.id.split("-")
    kinds: Counter[FrameKind] = Counter()
    counted, problem, is_live = 0, "", True
    try:
        is_live = not unit.adopt()
        counted = sum(counter.count for counter in unit.counters())
        kinds.update(frame.kind for frame in unit.frames())
    except OSError as error:
        problem = error.strerror or str(error)
    finally:
        unit.release()
    return UnitReport(
        unit=unit.id,
        began_at=int(began, 16) / 1000,
        pid=int(pid, 16),
        is_live=is_live,
        segment_bytes=unit.size(),
        counters_bytes=unit.counters_size(),
        records=kinds[FrameKind.RECORD],
        definitions=kinds[FrameKind.DEFINITION],
        stacks=kinds[FrameKind.STACK],
        users=kinds[FrameKind.USER],
        counted=counted,
        damaged_bytes=unit.damaged_bytes,
        gaps=tuple(unit.gaps),
        problem=problem,
    )
