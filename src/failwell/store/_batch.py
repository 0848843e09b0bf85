"""Frames of the spool, read and judged one by one before the database is locked.

What cannot be read, or could not be stored, is set aside with the reason: nothing that
an application or its clients can write stops the rest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from failwell.records import (
    AnswerDefinition,
    Definition,
    ErrorRecord,
    ExceptionInfo,
    GroupDefinition,
)
from failwell.spool import FrameKind, SpoolFrame
from failwell.store._sources import SourceFiles
from failwell.store._stacks import StackReader, StoredStack, UnitStack
from failwell.store._times import LATEST_SECOND

KEY_LENGTH = 8
_STATUSES = range(1000)
_LONGEST_NAME = 300
_LONGEST_MESSAGE = 1000

_NO_FRAMES = b"[]"


class _SpooledException(ExceptionInfo, frozen=True):
    frames: msgspec.Raw = msgspec.Raw(_NO_FRAMES)  # type: ignore[assignment] # unread


class _SpooledRecord(ErrorRecord, frozen=True, kw_only=True):
    exceptions: tuple[_SpooledException, ...]


_record_decoder = msgspec.json.Decoder(_SpooledRecord)
_definition_decoder: msgspec.json.Decoder[Definition] = msgspec.json.Decoder(Definition)
_encoder = msgspec.json.Encoder()


class ReadRecord(NamedTuple):
    """A record without its frames, and the bytes that it was read from."""

    position: int
    record: ErrorRecord
    payload: bytes
    stacks: tuple[StoredStack | None, ...]
    """Of each exception of the chain, where the record brought its frames along."""


class StoredRecord(NamedTuple):
    """A record that refers to the stacks of the store."""

    position: int
    record: ErrorRecord
    payload: bytes
    culprit: str
    """`module:function` of the frame that counts."""


class KeyDefinition(NamedTuple):
    """What a key of the unit counts, also as the bytes it was read from."""

    position: int
    key: bytes
    definition: Definition
    payload: bytes


class Rejected(NamedTuple):
    """What could not be stored, and why."""

    position: int
    reason: str
    payload: bytes


@dataclass(slots=True)
class Batch:
    """Frames in the order of their positions."""

    position: int = 0
    records: list[ReadRecord] = field(default_factory=list)
    stacks: list[UnitStack] = field(default_factory=list)
    definitions: list[KeyDefinition] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def read_batch(frames: Iterable[SpoolFrame], stacks: StackReader) -> Batch:
    """Decode frames and add source lines to the records. Never raises for a payload."""
    batch = Batch()
    sources = SourceFiles()
    for frame in frames:
        batch.position = max(batch.position, frame.end)
        try:
            if frame.kind is FrameKind.RECORD:
                batch.records.append(_read_record(frame, stacks, sources))
            elif frame.kind is FrameKind.STACK:
                batch.stacks.append(_read_stack(frame, stacks, sources))
            elif frame.kind is FrameKind.DEFINITION:
                batch.definitions.append(_read_definition(frame))
        except Exception as error:  # noqa: BLE001 - one bad frame must not stop the rest
            reason = f"{type(error).__name__}: {error}"
            batch.rejected.append(Rejected(frame.end, reason, frame.payload))
    return batch


def read_definition(payload: bytes) -> Definition:
    """Decode a definition.

    Raises:
        ValueError: It is no definition, or has a value that no column can hold.
    """
    definition = _definition_decoder.decode(payload)
    if isinstance(definition, AnswerDefinition) and (
        definition.status not in _STATUSES
    ):
        message = f"status {definition.status} is out of range"
        raise ValueError(message)
    return definition


def clean(text: str, longest: int = _LONGEST_NAME) -> str:
    """Return text that every database can hold: no NUL, no lone surrogate, bounded."""
    known = text[:longest]
    if known.isascii() and "\0" not in known:
        return known
    known = known.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return known.encode("utf-8", "replace").decode("utf-8")


def clean_message(text: str) -> str:
    """Return the beginning of a message, as `clean` does."""
    return clean(text, _LONGEST_MESSAGE)


def group_of(stored: StoredRecord) -> GroupDefinition:
    """Return what a record itself says of its group, where no definition does."""
    record = stored.record
    return GroupDefinition(
        hash=record.group,
        algorithm=record.algorithm,
        application=record.application,
        environment=record.environment,
        release=record.release,
        code=record.code,
        type=record.type,
        culprit=stored.culprit,
        message=record.message,
    )


def refer(read: ReadRecord, known: Mapping[str, UnitStack]) -> StoredRecord:
    """Return a record that refers to the store's stacks instead of its unit's.

    A stack that was lost, by damage to the spool, leaves its exception without frames.
    """
    exceptions: list[ExceptionInfo] = []
    culprit = ""
    for info, own in zip(read.record.exceptions, read.stacks, strict=True):
        of_unit = known.get(info.stack)
        stack = own or (of_unit.stack if of_unit else None)
        if stack is not None and not exceptions:
            culprit = stack.culprit
        exceptions.append(
            ExceptionInfo(
                type=info.type,
                message=info.message,
                omitted_frames=info.omitted_frames,
                relation=info.relation,
                parent=info.parent,
                notes=info.notes,
                variables=info.variables,
                stack=stack.hash if stack else "",
            )
        )
    record = msgspec.structs.replace(read.record, exceptions=tuple(exceptions))
    return StoredRecord(read.position, record, _encoder.encode(record), culprit)


def _read_definition(frame: SpoolFrame) -> KeyDefinition:
    key, payload = frame.payload[:KEY_LENGTH], frame.payload[KEY_LENGTH:]
    return KeyDefinition(frame.end, key, read_definition(payload), payload)


def _read_stack(
    frame: SpoolFrame, reader: StackReader, sources: SourceFiles
) -> UnitStack:
    key, frames = frame.payload[:KEY_LENGTH], frame.payload[KEY_LENGTH:]
    return UnitStack(frame.end, key.hex(), reader.read(frames, sources))


def _read_record(
    frame: SpoolFrame, reader: StackReader, sources: SourceFiles
) -> ReadRecord:
    spooled = _record_decoder.decode(frame.payload)
    _refuse_nonsense(spooled)
    # Older versions wrote the frames into the record.
    raw = [bytes(info.frames) for info in spooled.exceptions]
    stacks = tuple(
        reader.read(frames, sources) if frames != _NO_FRAMES else None for frames in raw
    )
    return ReadRecord(frame.end, spooled, frame.payload, stacks)


def _refuse_nonsense(record: ErrorRecord) -> None:
    if not record.exceptions:
        message = "a record without an exception"
        raise ValueError(message)
    if not 0 <= record.timestamp < LATEST_SECOND:
        message = f"timestamp {record.timestamp} is out of range"
        raise ValueError(message)
    if not 0 < len(record.id) <= _LONGEST_NAME or record.id != clean(record.id):
        message = "an id that is empty, too long, or not plain text"
        raise ValueError(message)
