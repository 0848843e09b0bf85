"""Frames that are kept apart from the records that refer to them."""

from collections.abc import Mapping

import msgspec

from failwell.records._model import ErrorRecord, Frame

_decoder = msgspec.json.Decoder(tuple[Frame, ...])


def decode_frames(encoded: bytes) -> tuple[Frame, ...]:
    """Return the frames of a stack.

    Raises:
        ValueError: It is no JSON of frames.
    """
    return _decoder.decode(encoded)


def put_frames(
    record: ErrorRecord, stacks: Mapping[str, tuple[Frame, ...]]
) -> ErrorRecord:
    """Return a record with its frames in it; those of an unknown stack are missing."""
    exceptions = tuple(
        msgspec.structs.replace(info, frames=stacks.get(info.stack, ()), stack="")
        if info.stack
        else info
        for info in record.exceptions
    )
    return msgspec.structs.replace(record, exceptions=exceptions)
