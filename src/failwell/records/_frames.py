"""Where an exception came from: its stack.

Owns the walk and its cap. Keeps no reference to a frame, a code object or an
exception, formats nothing and reads no source file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from traceback import walk_tb
from types import FrameType, TracebackType
from typing import TypeVar

import msgspec

from failwell.records._model import Frame
from failwell.records._places import FAILWELL, Place, Step, places_of

Item = TypeVar("Item")

EDGE_FRAMES = 50
_MOST_FRAMES = 2 * EDGE_FRAMES
_STACKS_LIMIT = 512
_KEY_BYTES = 8

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """The frames of one exception, from the outermost call to the raise.

    The same way to fail gives the same object again, as long as it is remembered.
    Equal to itself alone, so that it is a cheap key.
    """

    places: tuple[Place, ...]
    frames: tuple[Frame, ...]
    omitted: int
    """How many frames of a very deep stack were left out in the middle."""
    encoded: bytes
    """The frames as JSON: made once, for the same few stacks make nearly all errors."""
    key: bytes
    """8 bytes of the hash of `encoded`, by which a record refers to it."""
    name: str
    """The key as 16 hexadecimal digits, empty where there are no frames."""

    @property
    def blamed(self) -> Frame | None:
        """The innermost in-app frame, or else the one that raised."""
        for frame in reversed(self.frames):
            if frame.in_app:
                return frame
        return self.frames[-1] if self.frames else None


def walk_traceback(traceback: TracebackType | None) -> Stack:
    """Return the stack of a traceback: of a very deep one, the first 50 and last 50."""
    steps: list[TracebackType] = []
    while traceback is not None:
        steps.append(traceback)
        traceback = traceback.tb_next
    kept = steps if len(steps) <= _MOST_FRAMES else _edges(steps)
    places = places_of([step.tb_frame for step in kept])
    offsets = tuple([step.tb_lasti for step in kept])
    return _stack_of((places, offsets, len(steps) - len(kept)), kept)


def kept_frames(traceback: TracebackType | None) -> list[FrameType]:
    """Return the frames that the stack of a traceback keeps."""
    found = [frame for frame, _ in walk_tb(traceback)]
    return found if len(found) <= _MOST_FRAMES else _edges(found)


def walk_callers(frame: FrameType | None) -> Stack:
    """Return the stack that led to `frame`, without failwell's own innermost part."""
    while frame is not None and frame.f_code.co_filename.startswith(FAILWELL):
        frame = frame.f_back
    steps: list[FrameType] = []
    while frame is not None:
        steps.append(frame)
        frame = frame.f_back
    steps.reverse()
    kept = steps if len(steps) <= _MOST_FRAMES else _edges(steps)
    offsets = tuple([step.f_lasti for step in kept])
    return _stack_of((places_of(kept), offsets, len(steps) - len(kept)), kept)


def _edges(steps: list[Item]) -> list[Item]:
    return steps[:EDGE_FRAMES] + steps[-EDGE_FRAMES:]


_Key = tuple[tuple[Place, ...], tuple[int, ...], int]
"""The places, the instruction at each, and the number of frames left out."""
_stacks: dict[_Key, Stack] = {}


def _stack_of(key: _Key, steps: Sequence[Step]) -> Stack:
    known = _stacks.get(key)
    if known is None:
        places, _, omitted = key
        frames = tuple(map(Place.frame, places, steps))
        if len(_stacks) >= _STACKS_LIMIT:
            _stacks.clear()
        encoded = _encode(frames)
        digest = blake2b(encoded, digest_size=_KEY_BYTES)
        name = digest.hexdigest() if frames else ""
        known = Stack(places, frames, omitted, encoded, digest.digest(), name)
        _stacks[key] = known
    return known
