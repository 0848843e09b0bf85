"""The spool against a simple model: whatever happens to it, what was promised arrives.

Processes that are killed, torn ends, flipped bits, repairs, and a shipper that comes at
any time; the model is a list of what each unit was told, and which bits are flipped.
"""

import shutil
import tempfile
from collections import Counter as Multiset
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from failwell.spool import FrameKind, Spool, SpoolDirectory, Unit, repair_unit
from failwell.spool._frame import encode
from failwell.testing import ManualClock

KEYS = [b"key 0...", b"key 1..."]
MOST_FLIPS = 3
"""A CRC-32 notices up to three flipped bits in frames of this size without fail."""


@dataclass
class Told:
    """What a unit was told, and what was done to it."""

    records: list[bytes] = field(default_factory=list)
    counts: Multiset[bytes] = field(default_factory=Multiset)
    flips: set[int] = field(default_factory=set)
    is_placed: bool = False
    places: list[tuple[int, int, FrameKind, bytes]] = field(default_factory=list)
    """Begin, end, kind and payload of its frames, once its process has ended."""

    def is_hit(self, begin: int, end: int) -> bool:
        """Return whether a bit between is flipped."""
        return any(begin * 8 <= bit < end * 8 for bit in self.flips)


class SpoolModel(RuleBasedStateMachine):
    """Processes, a shipper, and a disk that damages what lies on it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.directory = SpoolDirectory(self.folder)
        self.clock = ManualClock()
        self.spools: list[Spool] = []
        self.told: dict[str, Told] = {}
        self.watermarks: Multiset[str] = Multiset()
        self.arrived: dict[str, list[bytes]] = {}
        self.counted: dict[str, Multiset[bytes]] = {}
        self.defined: dict[str, set[bytes]] = {}
        self.number = 0

    @precondition(lambda self: len(self.spools) < 3)
    @rule()
    def start(self) -> None:
        """Start a process."""
        self.spools.append(Spool(self.folder, clock=self.clock))

    @precondition(lambda self: self.spools)
    @rule(choice=st.integers(0), size=st.integers(0, 60))
    def append(self, choice: int, size: int) -> None:
        """Append a record of its own."""
        spool = self._one(choice)
        payload = b"%d " % self.number + b"\xfeFW\xff"[: size % 5] + b"x" * size
        self.number += 1
        spool.append(payload)
        self._told_of(spool).records.append(payload)

    @precondition(lambda self: self.spools)
    @rule(choice=st.integers(0), key=st.sampled_from(KEYS))
    def count(self, choice: int, key: bytes) -> None:
        """Count, and say who met it."""
        spool = self._one(choice)
        spool.tally(key, lambda: b"what")
        self._told_of(spool).counts[key] += 1
        spool.note_user(key, b"the user")

    @precondition(lambda self: self.spools)
    @rule(choice=st.integers(0))
    def kill(self, choice: int) -> None:
        """Kill a process: its files are closed, and nothing more is done to them."""
        spool = self.spools.pop(choice % len(self.spools))
        writer = spool._writers.get()
        writer._lock.take()
        unit, writer._unit = writer._unit, None
        writer._lock.give_back()
        if unit is not None:
            with writer._syncer._round:
                unit.close()
        spool.close()

    @precondition(lambda self: self.spools)
    @rule(choice=st.integers(0))
    def close(self, choice: int) -> None:
        """End a process in order."""
        self.spools.pop(choice % len(self.spools)).close()

    @rule(choice=st.integers(0), size=st.integers(1, 40))
    def tear(self, choice: int, size: int) -> None:
        """Leave a begun frame at the end of a unit whose process has ended."""
        unit = self._an_orphan(choice)
        if unit is not None:
            with unit.paths[0].open("ab") as file:
                file.write(encode(FrameKind.RECORD, 99, b"never told " * 3)[:size])

    @rule(choice=st.integers(0), bit=st.integers(0))
    def flip(self, choice: int, bit: int) -> None:
        """Flip a bit of a frame of a unit whose process has ended."""
        unit = self._an_orphan(choice)
        if unit is None:
            return
        told = self.told[unit.id]
        if len(told.flips) == MOST_FLIPS or not unit.size():
            return
        bit %= unit.size() * 8
        told.flips ^= {bit}
        content = bytearray(unit.paths[0].read_bytes())
        content[bit // 8] ^= 1 << bit % 8
        unit.paths[0].write_bytes(content)

    @rule()
    def ship(self) -> None:
        """Move all there is, as the shipper does."""
        for unit in self.directory.units():
            adopted = unit.adopt()
            for counter in unit.counters():
                counted = self.counted.setdefault(unit.id, Multiset())
                counted[counter.key] = max(counted[counter.key], counter.count)
            for frame in unit.frames(self.watermarks[unit.id]):
                self._arrive(unit.id, frame.kind, frame.payload)
                self.watermarks[unit.id] = frame.end
            if adopted:
                self._check(unit.id)
                unit.remove()

    @rule(choice=st.integers(0))
    def repair(self, choice: int) -> None:
        """Lay the damage of a unit aside: it changes nothing that is whole."""
        unit = self._an_orphan(choice)
        if unit is not None:
            repair_unit(unit, self.folder)
            # What was damaged is padding now: other bits of it may flip.
            told = self.told[unit.id]
            for place in list(told.places):
                if told.is_hit(place[0], place[1]):
                    self._lose(unit.id, place)
                    told.places.remove(place)
            told.flips.clear()

    def teardown(self) -> None:
        """End all processes; what is left must arrive."""
        while self.spools:
            self.kill(0)
        self.ship()
        left = self.directory.units()
        shutil.rmtree(self.folder)
        assert left == []

    def _one(self, choice: int) -> Spool:
        return self.spools[choice % len(self.spools)]

    def _told_of(self, spool: Spool) -> Told:
        unit = spool._writers.get()._unit
        assert unit is not None
        name = unit._paths[1].name.removesuffix(".seg")
        return self.told.setdefault(name, Told())

    def _an_orphan(self, choice: int) -> Unit | None:
        orphans = []
        for unit in self.directory.units():
            if unit.adopt():
                orphans.append(unit)
                self._place(unit)
                unit.release()
        return orphans[choice % len(orphans)] if orphans else None

    def _place(self, unit: Unit) -> None:
        """Note where the frames are, while nothing is damaged yet."""
        told = self.told[unit.id]
        if not told.is_placed:
            told.is_placed = True
            begin = 0
            for frame in unit.frames():
                told.places.append((begin, frame.end, frame.kind, frame.payload))
                begin = frame.end

    def _lose(self, unit: str, place: tuple[int, int, FrameKind, bytes]) -> None:
        """Take from the model what damage has taken before it could arrive."""
        begin, _, kind, payload = place
        if begin < self.watermarks[unit]:
            return
        if kind is FrameKind.RECORD:
            with suppress(ValueError):
                self.told[unit].records.remove(payload)
        elif kind is FrameKind.DEFINITION:
            self.told[unit].counts.pop(payload[:8], None)

    def _arrive(self, unit: str, kind: FrameKind, payload: bytes) -> None:
        if kind is FrameKind.RECORD:
            self.arrived.setdefault(unit, []).append(payload)
        elif kind is FrameKind.DEFINITION:
            self.defined.setdefault(unit, set()).add(payload[:8])
        else:
            assert (kind, payload[8:]) == (FrameKind.USER, b"the user")

    def _check(self, unit: str) -> None:
        """Hold what arrived of a whole unit against what it was told."""
        told = self.told.get(unit, Told())
        arrived = self.arrived.get(unit, [])
        defined = self.defined.get(unit, set())
        counted = self.counted.get(unit, Multiset())
        hit = {p[3] for p in told.places if told.is_hit(p[0], p[1])}
        must = [payload for payload in told.records if payload not in hit]
        rest = iter(told.records)
        assert [payload for payload in arrived if payload in must] == must
        assert all(payload in rest for payload in arrived), (
            "untrue, doubled, disordered"
        )
        for key, count in told.counts.items():
            if key + b"what" not in hit:
                assert key in defined
                assert counted[key] == count


def test_the_spool_keeps_what_it_promises() -> None:
    """Nothing acknowledged is missing but what damage took, and nothing is doubled."""
    run_state_machine_as_test(
        SpoolModel,
        settings=settings(
            max_examples=50,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
