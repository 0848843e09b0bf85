"""A record on its way from the spool into the store.

Owns which of its fields decide where it belongs, and the exchange of the references to
its unit's stacks for references to the store's. All else stays as it was written.
"""

from collections.abc import Iterator, Mapping

import msgspec

from failwell.records import ErrorRecord, ExceptionInfo, GroupDefinition
from failwell.store._intake._stacks import StoredStack
from failwell.store._text import LONGEST_NAME, clean
from failwell.store._times import LATEST_SECOND, microseconds


class Outline(msgspec.Struct, frozen=True, gc=False):
    """What decides where an error belongs, as it was written."""

    application: str
    environment: str
    release: str
    code: str
    type: str
    algorithm: str
    hash: str


class _Record(ErrorRecord, frozen=True, kw_only=True):
    exceptions: msgspec.Raw  # type: ignore[assignment] # read apart


class _Exception(ExceptionInfo, frozen=True, gc=False):
    pass


_decode = msgspec.json.Decoder(_Record).decode
_decode_chain = msgspec.json.Decoder(tuple[_Exception, ...]).decode
_encode = msgspec.json.Encoder().encode
_set = msgspec.structs.force_setattr


class SpooledRecord(msgspec.Struct, gc=False, eq=False):
    """What the store needs of a record.

    Not all of it, and nothing that the garbage collector looks at: with thousands of
    whole records at a time it would hold the application up, again and again.
    """

    payload: bytes
    """As it was written."""
    position: int
    """Where it ends in its unit."""
    id: str
    at: int
    user_id: str | None
    request_id: str | None
    route: str
    tags: Mapping[str, str]
    outline: Outline
    chain: tuple[ExceptionInfo, ...]
    written_chain: bytes
    culprit: str = ""
    """`module:function` of the frame that counts."""

    @property
    def stacks(self) -> Iterator[str]:
        """The references to stacks: its unit's, and the store's after `refer`."""
        return (info.stack for info in self.chain if info.stack)

    def refer(self, known: Mapping[str, StoredStack]) -> bytes:
        """Let it refer to the store's stacks; return what is to be kept.

        A stack that was lost, by damage to the spool, leaves its exception without
        frames.
        """
        for info in self.chain:
            stack = known.get(info.stack)
            if stack is not None and info is self.chain[0]:
                self.culprit = stack.culprit
            _set(info, "stack", stack.hash if stack else "")
        return self.payload.replace(self.written_chain, _encode(self.chain), 1)

    def group(self) -> GroupDefinition:
        """Return what it says itself of its group, where no definition does."""
        outline = self.outline
        return GroupDefinition(
            hash=outline.hash,
            algorithm=outline.algorithm,
            application=outline.application,
            environment=outline.environment,
            release=outline.release,
            code=outline.code,
            type=outline.type,
            culprit=self.culprit,
            message=self.chain[0].message,
        )


def read_record(payload: bytes, position: int) -> SpooledRecord:
    """Read a record of the spool: all of it, so that what is stored can be shown.

    Args:
        payload: As it was written.
        position: Where it ends in its unit.

    Raises:
        ValueError: It is no record, or one that could not be shown.
    """
    record = _decode(payload)
    written_chain = bytes(record.exceptions)
    chain = _decode_chain(written_chain)
    _refuse_nonsense(record, chain)
    outline = Outline(
        record.application,
        record.environment,
        record.release,
        record.code,
        chain[0].type,
        record.algorithm,
        record.group,
    )
    return SpooledRecord(
        payload=payload,
        position=position,
        id=record.id,
        at=microseconds(record.timestamp),
        user_id=record.user_id,
        request_id=record.request_id,
        route=record.request.route if record.request else "",
        tags=record.tags,
        outline=outline,
        chain=chain,
        written_chain=written_chain,
    )


def _refuse_nonsense(record: ErrorRecord, chain: tuple[ExceptionInfo, ...]) -> None:
    if not chain:
        message = "a record without an exception"
        raise ValueError(message)
    if not 0 <= record.timestamp < LATEST_SECOND:
        message = f"timestamp {record.timestamp} is out of range"
        raise ValueError(message)
    if not 0 < len(record.id) <= LONGEST_NAME or record.id != clean(record.id):
        message = "an id that is empty, too long, or not plain text"
        raise ValueError(message)
