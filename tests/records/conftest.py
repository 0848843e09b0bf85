"""A recorder in front of a sink that keeps what it is given in lists."""

import threading
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest

from failwell._settings import Settings, read_settings
from failwell.records import (
    Definition,
    ErrorNotice,
    ErrorRecord,
    LossDefinition,
    Recorder,
    Stacks,
    Tally,
    decode_frames,
    put_frames,
)
from failwell.testing import ManualClock


class ListSink:
    """A sink in memory that keeps the protocol's promises, from any thread."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._minutes: Counter[tuple[bytes, int]] = Counter()
        self._hours: Counter[tuple[bytes, int]] = Counter()
        self.definitions: dict[bytes, bytes] = {}
        self.payloads: list[bytes] = []
        self.stacks: dict[bytes, bytes] = {}
        self.users: list[tuple[bytes, bytes]] = []
        self.refusal: Exception | None = None

    def count(self, key: bytes, definition: Callable[[], bytes]) -> None:
        """Count, and tell nobody."""
        self.tally(key, definition)

    def tally(self, key: bytes, definition: Callable[[], bytes]) -> Tally:
        """Count in the hour and the minute."""
        with self._lock:
            self._refuse()
            if key not in self.definitions:
                self.definitions[key] = definition()
            minute = int(self._clock.now() // 60)
            self._minutes[key, minute] += 1
            self._hours[key, minute // 60] += 1
            return Tally(self._hours[key, minute // 60], self._minutes[key, minute])

    waits = False

    def sync(self) -> None:
        """Do nothing: the memory has it."""

    def append(self, payload: bytes, stacks: Stacks = (), key: bytes = b"") -> None:
        """Keep the bytes."""
        assert key == b"" or key in self.definitions
        with self._lock:
            self._refuse()
            self.stacks.update(stacks)
            self.payloads.append(payload)

    def note_user(self, key: bytes, user: bytes) -> None:
        """Keep the pair, each time that it is told."""
        with self._lock:
            self._refuse()
            self.users.append((key, user))

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    @property
    def records(self) -> list[ErrorRecord]:
        """What was kept, decoded."""
        frames = {key.hex(): decode_frames(s) for key, s in self.stacks.items()}
        return [
            put_frames(msgspec.json.decode(p, type=ErrorRecord), frames)
            for p in self.payloads
        ]

    @property
    def counts(self) -> dict[bytes, int]:
        """All counts of each key but those of losses."""
        totals: Counter[bytes] = Counter()
        for (key, _), count in self._minutes.items():
            if not isinstance(self.definition(key), LossDefinition):
                totals[key] += count
        return dict(totals)

    @property
    def losses(self) -> dict[str, int]:
        """The counts of losses by their reasons."""
        totals: Counter[str] = Counter()
        for (key, _), count in self._minutes.items():
            definition = self.definition(key)
            if isinstance(definition, LossDefinition):
                totals[definition.reason] += count
        return dict(totals)

    def definition(self, key: bytes) -> Definition:
        """What a key counts."""
        return msgspec.json.decode(self.definitions[key], type=Definition)

    def defined(self) -> list[Definition]:
        """The definitions, decoded, but those of losses."""
        decoded = [self.definition(key) for key in self.definitions]
        return [d for d in decoded if not isinstance(d, LossDefinition)]

    @property
    def every_byte(self) -> bytes:
        """All that reached the sink."""
        kept = (self.definitions.values(), self.stacks.values(), self.payloads)
        return b"\n".join(part for parts in kept for part in parts)


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


@pytest.fixture
def sink(clock: ManualClock) -> ListSink:
    """Where counts and records go."""
    return ListSink(clock)


@pytest.fixture
def settings() -> Settings:
    """Settings of an application named `shop`."""
    return read_settings(
        {"FAILWELL_RELEASE": "1.2.3"},
        import_name="shop",
        instance_path="instance",
        environ={},
    )


@pytest.fixture
def notices() -> list[ErrorNotice]:
    """What was announced."""
    return []


@pytest.fixture
def recorder(
    settings: Settings,
    sink: ListSink,
    clock: ManualClock,
    notices: list[ErrorNotice],
) -> Recorder:
    """A recorder that writes to `sink` and announces to `notices`."""
    return Recorder(settings, sink, clock=clock, announce=notices.append)
