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


class _Request(msgspec.Struct, gc=False):
    route: str = ""


class _Head(msgspec.Struct, kw_only=True, gc=False):
    """What the store reads of an `ErrorRecord`."""

    id: str
    group: str
    algorithm: str = "fw1"
    timestamp: float
    application: str
    environment: str
    release: str = ""
    code: str
    exceptions: msgspec.Raw
    request: _Request | None = None
    request_id: str | None = None
    user_id: str | None = None
    tags: dict[str, str] = {}


class _Exception(ExceptionInfo, frozen=True):
    # Older versions wrote the frames into the record.
    frames: msgspec.Raw = _NO_FRAMES  # type: ignore[assignment] # unread


class _Whole(ErrorRecord, frozen=True, kw_only=True):
    exceptions: msgspec.Raw  # type: ignore[assignment] # read apart


_check = msgspec.json.Decoder(_Whole).decode
_decode_head = msgspec.json.Decoder(_Head).decode
_decode_chain = msgspec.json.Decoder(tuple[_Exception, ...]).decode
_encode = msgspec.json.Encoder().encode
_set = msgspec.structs.force_setattr


class SpooledRecord:
    """A record of the spool.

    Args:
        payload: As it was written.
        position: Where it ends in its unit.
        read_stack: Reads the frames that it brought along.

    Raises:
        ValueError: It is no record, or one that could not be shown.
    """

    __slots__ = ("_chain", "_written", "at", "brought", "culprit", "head", "position")

    def __init__(
        self, payload: bytes, position: int, read_stack: Callable[[bytes], StoredStack]
    ) -> None:
        # All of it is read once, so that whatever is stored can be shown, but not kept:
        # thousands of whole records at a time would keep the garbage collector busy.
        _check(payload)
        self._written = payload
        self.position = position
        self.head = _decode_head(payload)
        self._chain = _decode_chain(self.head.exceptions)
        _refuse_nonsense(self.head, self._chain)
        self.at = microseconds(self.head.timestamp)
        self.culprit = ""
        """`module:function` of the frame that counts."""
        self.brought = [
            None if info.frames is _NO_FRAMES else read_stack(bytes(info.frames))
            for info in self._chain
        ]

    @property
    def outline(self) -> Outline:
        """What decides where it belongs."""
        head = self.head
        return Outline(
            head.application,
            head.environment,
            head.release,
            head.code,
            self._chain[0].type,
            head.algorithm,
            head.group,
        )

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
        before = bytes(self.head.exceptions)
        return self._written.replace(before, _encode(self._chain), 1)

    def group(self) -> GroupDefinition:
        """Return what it says itself of its group, where no definition does."""
        head, raised = self.head, self._chain[0]
        return GroupDefinition(
            hash=head.group,
            algorithm=head.algorithm,
            application=head.application,
            environment=head.environment,
            release=head.release,
            code=head.code,
            type=raised.type,
            culprit=self.culprit,
            message=raised.message,
        )


def _refuse_nonsense(head: _Head, chain: tuple[_Exception, ...]) -> None:
    if not chain:
        message = "a record without an exception"
        raise ValueError(message)
    if not 0 <= head.timestamp < LATEST_SECOND:
        message = f"timestamp {head.timestamp} is out of range"
        raise ValueError(message)
    if not 0 < len(head.id) <= LONGEST_NAME or head.id != clean(head.id):
        message = "an id that is empty, too long, or not plain text"
        raise ValueError(message)
