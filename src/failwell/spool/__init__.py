"""Records and counts on the local disk until a shipper has moved them to the store.

Owns the form of what lies there, who may write and remove it, and what is read after a
crash. A process writes one *unit* at a time: a segment of frames and a file of counters.
Refuses to know what the payloads mean, and any SQL.
"""

from failwell.spool._counter_image import KEY_SIZE, Counter, CounterImage
from failwell.spool._directory import SpoolDirectory
from failwell.spool._election import ShipperLock
from failwell.spool._frame import FrameKind, SpoolFrame
from failwell.spool._inspection import UnitReport, inspect_unit
from failwell.spool._memory import MemorySpool
from failwell.spool._repair import Repaired, repair_unit
from failwell.spool._room import Usage, measure
from failwell.spool._spool import Spool
from failwell.spool._unit import Unit

__all__ = [
    "KEY_SIZE",
    "Counter",
    "CounterImage",
    "FrameKind",
    "MemorySpool",
    "Repaired",
    "ShipperLock",
    "Spool",
    "SpoolDirectory",
    "SpoolFrame",
    "Unit",
    "UnitReport",
    "Usage",
    "inspect_unit",
    "measure",
    "repair_unit",
]
