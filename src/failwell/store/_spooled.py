"""A record on its way from the spool into the store.

Owns which of its fields decide where it belongs, and the exchange of the references to
its unit's stacks for references to the store's. All else stays as it was written.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from failwell.records import ErrorRecord, ExceptionInfo, GroupDefinition
from failwell.store._stacks import StoredStack
from failwell.store._text import LONGEST_NAME, clean
from failwell.store._times import LATEST_SECOND, microseconds

_NO_FRAMES = msgspec.Raw(b"[]")


class Outline(NamedTuple):
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
    # Older versions wrote the frames into the record.
    frames: msgspec.Raw = _NO_FRAMES  # type: ignore[assignment] # unread


_decode = msgspec.json.Decoder(_Record).decode
_decode_chain = msgspec.json.Decoder(tuple[_Exception, ...]).decode
_encode = msgspec.json.Encoder().encode
_set = msgspec.structs.force_setattr


class SpooledRecord:
    """A record of the spool. All of it is read, so that what is stored can be shown.

    Only what the store needs is kept of that: thousands of whole records at a time
    would keep the garbage collector busy.

    Args:
        payload: As it was written.
        position: Where it ends in its unit.
        read_stack: Reads the frames that it brought along.

    Raises:
        ValueError: It is no record, or one that could not be shown.
    """

    __slots__ = (
        "_chain",
        "_payload",
        "_raw_chain",
        "at",
        "brought",
        "culprit",
        "id",
        "outline",
        "position",
        "request_id",
        "route",
        "tags",
        "user_id",
    )

    def __init__(
        self, payload: bytes, position: int, read_stack: Callable[[bytes], StoredStack]
    ) -> None:
        record = _decode(payload)
        self._raw_chain = bytes(record.exceptions)
        self._chain = chain = _decode_chain(self._raw_chain)
        _refuse_nonsense(record, chain)
        self._payload = payload
        self.position = position
        self.id = record.id
        self.at = microseconds(record.timestamp)
        self.user_id = record.user_id
        self.request_id = record.request_id
        self.route = record.request.route if record.request else ""
        self.tags = record.tags
        self.outline = Outline(
            record.application,
            record.environment,
            record.release,
            record.code,
            chain[0].type,
            record.algorithm,
            record.group,
        )
        self.culprit = ""
        """`module:function` of the frame that counts."""
        self.brought = [
            None if info.frames is _NO_FRAMES else read_stack(bytes(info.frames))
            for info in chain
        ]

    @property
    def stacks(self) -> Iterator[str]:
        """The references to stacks: its unit's, and the store's after `refer`."""
        return (info.stack for info in self._chain if info.stack)

    def refer(self, known: Mapping[str, StoredStack]) -> bytes:
        """Let it refer to the store's stacks; return what is to be kept.

        A stack that was lost, by damage to the spool, leaves its exception without
        frames.
        """
        for info, own in zip(self._chain, self.brought, strict=True):
            stack = own or known.get(info.stack)
            if stack is not None and info is self._chain[0]:
                self.culprit = stack.culprit
            _set(info, "stack", stack.hash if stack else "")
            _set(info, "frames", _NO_FRAMES)
        return self._payload.replace(self._raw_chain, _encode(self._chain), 1)

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
            message=self._chain[0].message,
        )


def _refuse_nonsense(record: ErrorRecord, chain: tuple[_Exception, ...]) -> None:
    if not chain:
        message = "a record without an exception"
        raise ValueError(message)
    if not 0 <= record.timestamp < LATEST_SECOND:
        message = f"timestamp {record.timestamp} is out of range"
        raise ValueError(message)
    if not 0 < len(record.id) <= LONGEST_NAME or record.id != clean(record.id):
        message = "an id that is empty, too long, or not plain text"
        raise ValueError(message)
