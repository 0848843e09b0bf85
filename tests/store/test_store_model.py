"""Counts, merges, retention and statistics against the simplest model there is."""

import math
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import hypothesis.strategies as st
import msgspec
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from failwell.records import ErrorRecord, ExceptionInfo, GroupDefinition
from failwell.spool import Counter as SpoolCounter
from failwell.spool import FrameKind, SpoolFrame
from failwell.store import GroupQuery, Retention, Store
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from databases import DatabaseServer

DAYS = 2
HASHES = tuple(f"{number:016x}" for number in range(1, 5))
TYPES = ("shop.A", "shop.B")
RELEASES = ("1.0", "2.0")
_HOUR = 3600


class Counted(NamedTuple):
    """Errors of one minute, as the model remembers them."""

    hash: str
    type: str
    release: str
    minute: int
    n: int


class StoreAgainstModel(RuleBasedStateMachine):
    """A store, and a list of all that was ever counted."""

    unit_s = 1
    """What events go by when they are too old."""

    def __init__(self, url: str = "sqlite://") -> None:
        super().__init__()
        self.clock = ManualClock(now=1_800_000_000.0)
        self.store = Store(url, clock=self.clock, retention=Retention(days=DAYS))
        self.counted: list[Counted] = []
        self.kept: dict[str, list[float]] = {}
        self.homes: dict[str, int] = {}
        self.places: dict[str, int] = {}
        self.vague_hours: set[int] = set()
        self.units = 0

    def teardown(self) -> None:
        """Close the store."""
        self.store.close()

    @rule(
        hash_=st.sampled_from(HASHES),
        type_=st.sampled_from(TYPES),
        release=st.sampled_from(RELEASES),
        ago=st.integers(0, 5 * 24 * 60),
        n=st.integers(1, 5),
        kept=st.booleans(),
    )
    def count(
        self, *, hash_: str, type_: str, release: str, ago: int, n: int, kept: bool
    ) -> None:
        """An error happens `n` times in a minute, and is kept in full or not."""
        minute = int(self.clock.now() // 60) - ago
        self._ingest(Counted(hash_, type_, release, minute, n), kept=kept)

    @rule(hours=st.integers(1, 30), minutes=st.integers(0, 59))
    def wait(self, hours: int, minutes: int) -> None:
        """Time passes."""
        self.clock.advance(hours * _HOUR + minutes * 60)

    @rule()
    def prune(self) -> None:
        """What is too old goes, but for counts by the hour, firsts and lasts."""
        for _ in self.store.prune():
            pass
        oldest = int(self.clock.now()) - DAYS * 24 * _HOUR
        oldest_event = oldest // self.unit_s * self.unit_s
        self.vague_hours |= {
            c.minute // 60 for c in self.counted if c.minute // 60 < oldest // _HOUR
        }
        for hash_, moments in self.kept.items():
            ends = {min(moments), max(moments)}
            left = [at for at in moments if at in ends or at >= oldest_event]
            self.kept[hash_] = left

    @precondition(lambda self: len(set(self.places.values())) > 1)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        """Two groups become one."""
        groups = sorted(set(self.places.values()))
        some = st.lists(st.sampled_from(groups), min_size=2, unique=True)
        target, *others = data.draw(some)

        assert self.store.merge([target, *others], by="ada") == target

        for hash_, place in self.places.items():
            self.places[hash_] = target if place in others else place

    @precondition(lambda self: self.places != self.homes)
    @rule(data=st.data())
    def unmerge(self, data: st.DataObject) -> None:
        """One that was merged comes back."""
        away = [
            home for hash_, home in self.homes.items() if self.places[hash_] != home
        ]
        home = data.draw(st.sampled_from(sorted(away)))

        assert self.store.unmerge(home, by="ada") == [home]

        for hash_, own in self.homes.items():
            if own == home:
                self.places[hash_] = home

    @rule(first=st.integers(0, 6 * 24 * 60), length=st.integers(0, 3 * 24 * 60))
    def ask(self, first: int, length: int) -> None:
        """Statistics of any range are what the list says, to the minute where kept."""
        now = int(self.clock.now() // 60)
        begin, end = now - first, now - first + length

        stats = self.store.stats(_moment(begin), _moment(end))

        begin, end = self._outward(begin, end)
        within = [c for c in self.counted if begin <= c.minute < end]
        assert stats.error_types == _sum((c.type, c.n) for c in within)
        assert stats.releases == _sum((c.release, c.n) for c in within)
        assert stats.total_errors == sum(c.n for c in within)

    @invariant()
    def totals_are_those_of_the_model(self) -> None:
        """Groups have what their hashes were counted, whatever was merged or pruned."""
        totals = _sum((self.places[c.hash], c.n) for c in self.counted)

        groups = self.store.groups(GroupQuery(limit=10))

        assert {group.id: group.count for group in groups} == totals
        for group in groups:
            own = [c for c in self.counted if self.places[c.hash] == group.id]
            first = min(c.minute for c in own)
            assert int(group.first_seen.timestamp() // 60) == first
            last = max(c.minute for c in own)
            assert int(group.last_seen.timestamp() // 60) == last

    @invariant()
    def events_are_those_of_the_model(self) -> None:
        """What is not too old is there, and the first and last of each hash."""
        for group_id in set(self.places.values()):
            kept = sorted(
                at
                for hash_, place in self.places.items()
                if place == group_id
                for at in self.kept.get(hash_, ())
            )
            shown = [event.timestamp for event in self.store.events(group_id)]
            assert shown[::-1] == kept

    def _ingest(self, counted: Counted, *, kept: bool) -> None:
        self.units += 1
        definition = GroupDefinition(
            hash=counted.hash,
            application="shop",
            environment="production",
            release=counted.release,
            code="INTERNAL_ERROR",
            type=counted.type,
            culprit="shop.views:buy",
        )
        key = self.units.to_bytes(8, "big")
        frames = [
            SpoolFrame(FrameKind.DEFINITION, key + msgspec.json.encode(definition), 100)
        ]
        # A moment of its own in its minute: nothing else tells events apart here.
        at = counted.minute * 60 + 60 * (self.units % 1009) / 1009
        if kept:
            frames.append(SpoolFrame(FrameKind.RECORD, self._record(counted, at), 200))
            self.kept.setdefault(counted.hash, []).append(at)
        counter = SpoolCounter(0, key, counted.minute, counted.n)
        self.store.ingest(f"unit-{self.units}", frames, [counter], finished=True)
        self.counted.append(counted)
        if counted.hash not in self.homes:
            found = self.store.find(counted.hash)
            assert found is not None
            self.homes[counted.hash] = self.places[counted.hash] = found[0].group.id

    def _record(self, counted: Counted, at: float) -> bytes:
        record = ErrorRecord(
            id=f"{counted.hash}-{self.units:016x}",
            group=counted.hash,
            timestamp=at,
            application="shop",
            environment="production",
            release=counted.release,
            code="INTERNAL_ERROR",
            exceptions=(ExceptionInfo(counted.type, ""),),
        )
        return msgspec.json.encode(record)

    def _outward(self, begin: int, end: int) -> tuple[int, int]:
        """Widen the edges that lie in hours whose minutes are gone."""
        if begin < end and begin // 60 in self.vague_hours:
            begin = begin // 60 * 60
        if begin < end and (end - 1) // 60 in self.vague_hours:
            end = math.ceil(end / 60) * 60
        return begin, end


def _moment(minute: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)


def _sum(pairs: Iterable[tuple[object, int]]) -> dict[object, int]:
    sums: Counter[object] = Counter()
    for name, n in pairs:
        sums[name] += n
    return dict(sums)


def test_a_store_counts_and_forgets_as_the_model_does() -> None:
    """Whatever is counted, merged, taken apart and pruned, in whatever order."""
    few = settings(max_examples=15, stateful_step_count=20, deadline=None)

    run_state_machine_as_test(StoreAgainstModel, settings=few)


def test_so_does_one_in_postgresql(postgresql: "DatabaseServer") -> None:
    """Where whole days of events go at once."""
    few = settings(max_examples=4, stateful_step_count=15, deadline=None)
    with ExitStack() as databases:

        def machine() -> StoreAgainstModel:
            url = databases.enter_context(postgresql.database())
            return _ByDay(url.render_as_string(hide_password=False))

        run_state_machine_as_test(machine, settings=few)


class _ByDay(StoreAgainstModel):
    """Events go with their day, not a moment earlier."""

    unit_s = 86_400
