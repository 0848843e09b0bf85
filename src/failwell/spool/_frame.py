"""The frame: how one payload lies in a segment, so that damage is always noticed.

    offset  size  field
    0       4     magic: two of its bytes never occur in UTF-8
    4       1     version of this layout: 1
    5       1     kind: 1 record, 2 definition, 3 stack, 4 user, 255 padding
    6       2     flags: 0, reserved
    8       4     length of the payload
    12      8     sequence number in its segment, from 1 without gaps
    20      4     CRC-32 of the payload followed by bytes 4 to 19
    24            payload

Numbers are little-endian. Owns coding and decoding of one frame; reads no file.
"""

import errno
import struct
import zlib
from enum import Enum, IntEnum
from typing import NamedTuple

import msgspec

MAGIC = b"\xfeFW\xff"
VERSION = 1
MAX_PAYLOAD = 1024 * 1024
"""The largest payload in bytes: a damaged length never makes a reader take in more."""

_HEADER = struct.Struct("<4sBBHIQI")
HEADER_SIZE = _HEADER.size
_CHECKED = struct.Struct("<BBHIQ")
_CHECKED_START, _CHECKED_END = len(MAGIC), len(MAGIC) + _CHECKED.size


PADDING = 255
"""The kind of a frame that stands where damaged bytes were: readers pass over it."""


class FrameKind(IntEnum):
    """What a payload is."""

    RECORD = 1
    DEFINITION = 2
    STACK = 3
    USER = 4


class SpoolFrame(msgspec.Struct, frozen=True, gc=False):
    """One whole frame as the shipper gets it."""

    kind: FrameKind
    payload: bytes
    """The record; or the 8 bytes of a key and what it stands for; or those of a counter's
    key and 8 bytes for a user who met what it counts."""
    end: int
    """Offset behind the frame: the watermark once the frame is moved."""


class Decoded(NamedTuple):
    """One whole frame with what only the spool needs of it."""

    kind: int
    version: int
    sequence: int
    payload: bytes
    end: int
    """Where the next frame begins in the buffer."""


class Flaw(Enum):
    """Why there is no whole frame at a place."""

    SHORT = "it may go on behind the end of the buffer"
    BROKEN = "this was never a frame, or is none any more"


def check_size(payload: bytes) -> None:
    """Refuse a payload that is too large.

    Raises:
        OSError: With `EMSGSIZE`.
    """
    if len(payload) > MAX_PAYLOAD:
        message = f"a payload of {len(payload)} bytes; keep it within {MAX_PAYLOAD}"
        raise OSError(errno.EMSGSIZE, message)


def encode(kind: int, sequence: int, payload: bytes) -> bytes:
    """Return the frame of a payload of at most `MAX_PAYLOAD` bytes."""
    return encode_header(kind, sequence, payload) + payload


def encode_header(kind: int, sequence: int, payload: bytes) -> bytes:
    """Return what stands in front of a payload in its frame."""
    length = len(payload)
    checked = _CHECKED.pack(VERSION, kind, 0, length, sequence)
    crc = zlib.crc32(checked, zlib.crc32(payload))
    return _HEADER.pack(MAGIC, VERSION, kind, 0, length, sequence, crc)


def decode(buffer: bytes, at: int) -> Decoded | Flaw:
    """Return the frame that begins at `at`, or why there is none."""
    if len(buffer) - at < HEADER_SIZE:
        begun = buffer[at : at + len(MAGIC)]
        return Flaw.SHORT if MAGIC.startswith(begun) else Flaw.BROKEN
    magic, version, kind, _, length, sequence, crc = _HEADER.unpack_from(buffer, at)
    if magic != MAGIC or length > MAX_PAYLOAD:
        return Flaw.BROKEN
    end = at + HEADER_SIZE + length
    if end > len(buffer):
        return Flaw.SHORT
    payload = buffer[at + HEADER_SIZE : end]
    checked = buffer[at + _CHECKED_START : at + _CHECKED_END]
    if zlib.crc32(checked, zlib.crc32(payload)) != crc:
        return Flaw.BROKEN
    return Decoded(kind, version, sequence, payload, end)
