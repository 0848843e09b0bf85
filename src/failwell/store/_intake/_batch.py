"""Frames of the spool, read and judged one by one before the database is locked.

What cannot be read, or could not be stored, is set aside with the reason: nothing that
an application or its clients can write stops the rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import msgspec

from failwell.records import (
    AnswerDefinition,
    Definition,
)
from failwell.spool import FrameKind, SpoolFrame
from failwell.store._intake._sources import SourceFiles
from failwell.store._intake._spooled import SpooledRecord, read_record
from failwell.store._intake._stacks import StackReader, UnitStack

KEY_LENGTH = 8
_STATUSES = range(1000)
_REMEMBERED = 2048


_definition_decoder: msgspec.json.Decoder[Definition] = msgspec.json.Decoder(Definition)


class KeyDefinition(msgspec.Struct, frozen=True, gc=False):
    """What a key of the unit counts, also as the bytes it was read from."""

    position: int
    key: bytes
    definition: Definition
    payload: bytes


class User(msgspec.Struct, frozen=True, gc=False):
    """A user who met what a key of the unit counts."""

    position: int
    key: bytes
    user: bytes
    """8 bytes that no id can be made of again."""


class Rejected(NamedTuple):
    """What could not be stored, and why."""

    position: int
    reason: str
    payload: bytes


@dataclass(slots=True)
class Batch:
    """Frames in the order of their positions."""

    position: int = 0
    records: list[SpooledRecord] = field(default_factory=list)
    stacks: list[UnitStack] = field(default_factory=list)
    definitions: list[KeyDefinition] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def read_batch(frames: Iterable[SpoolFrame], stacks: StackReader) -> Batch:
    """Decode frames and add source lines to the stacks. Never raises for a payload."""
    batch = Batch()
    sources = SourceFiles()
    for frame in frames:
        batch.position = max(batch.position, frame.end)
        try:
            if frame.kind is FrameKind.RECORD:
                batch.records.append(read_record(frame.payload, frame.end))
            elif frame.kind is FrameKind.STACK:
                batch.stacks.append(_read_stack(frame, stacks, sources))
            elif frame.kind is FrameKind.USER:
                batch.users.append(_read_user(frame))
            else:
                batch.definitions.append(_read_definition(frame))
        except Exception as error:  # noqa: BLE001 - one bad frame must not stop the rest
            reason = f"{type(error).__name__}: {error}"
            batch.rejected.append(Rejected(frame.end, reason, frame.payload))
    return batch


@lru_cache(_REMEMBERED)
def read_definition(payload: bytes) -> Definition:
    """Decode a definition; what was read before costs a look-up.

    Raises:
        ValueError: It is no definition, or has a value that no column can hold.
    """
    definition = _definition_decoder.decode(payload)
    if isinstance(definition, AnswerDefinition) and definition.status not in _STATUSES:
        message = f"status {definition.status} is out of range"
        raise ValueError(message)
    return definition


def _read_definition(frame: SpoolFrame) -> KeyDefinition:
    key, payload = frame.payload[:KEY_LENGTH], frame.payload[KEY_LENGTH:]
    return KeyDefinition(frame.end, key, read_definition(payload), payload)


def _read_user(frame: SpoolFrame) -> User:
    if len(frame.payload) != 2 * KEY_LENGTH:
        message = f"a user of {len(frame.payload)} bytes instead of {2 * KEY_LENGTH}"
        raise ValueError(message)
    return User(frame.end, frame.payload[:KEY_LENGTH], frame.payload[KEY_LENGTH:])


def _read_stack(
    frame: SpoolFrame, stacks: StackReader, sources: SourceFiles
) -> UnitStack:
    key, frames = frame.payload[:KEY_LENGTH], frame.payload[KEY_LENGTH:]
    return UnitStack(frame.end, key.hex(), stacks.read(frames, sources))
