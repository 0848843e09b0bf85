"""Stacks as they are stored: with their source lines, each kept once.

Nearly all errors come out of a few stacks, and a stack is most of a record: it is
read, enriched and written once, and the records refer to it by its hash.
"""

from hashlib import blake2b
from typing import NamedTuple

import msgspec

from failwell.records import decode_frames
from failwell.store._intake._sources import SourceFiles, Version

_REMEMBERED = 512
_MOST_FRAMES = 100
_HASH_BYTES = 16

_encode = msgspec.json.Encoder().encode


class StoredStack(NamedTuple):
    """A stack on its way into the store."""

    hash: str
    """32 hexadecimal digits; source lines count, so that each release keeps its own."""
    encoded: bytes
    culprit: str
    """`module:function` of the innermost in-app frame, or else of the last one."""


class UnitStack(NamedTuple):
    """A stack as the records of a unit refer to it."""

    position: int
    key: str
    """16 hexadecimal digits."""
    stack: StoredStack


class _Known(NamedTuple):
    files: tuple[str, ...]
    versions: tuple[Version, ...]
    stack: StoredStack


class StackReader:
    """Reads the JSON of frames; what was read before costs a look-up.

    Remembers 512 stacks, each as long as none of its source files changes.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, _Known] = {}

    def read(self, raw: bytes, sources: SourceFiles) -> StoredStack:
        """Return the stack of `raw`, with the lines around its in-app frames.

        Raises:
            ValueError: It is no JSON of frames.
        """
        known = self._known.get(raw)
        if known is None or tuple(map(sources.version, known.files)) != known.versions:
            known = _read(raw, sources)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[raw] = known
        return known.stack


def _read(raw: bytes, sources: SourceFiles) -> _Known:
    frames = decode_frames(raw)
    own = [frame for frame in frames if frame.in_app]
    files = tuple(dict.fromkeys(frame.file for frame in own[:_MOST_FRAMES]))
    enriched, left = [], _MOST_FRAMES
    for frame in frames:
        wanted = frame.in_app and frame.source is None and left > 0
        left -= wanted
        enriched.append(sources.with_lines(frame) if wanted else frame)
    encoded = _encode(enriched)
    last = (own or list(frames))[-1:]
    stack = StoredStack(
        hash=blake2b(encoded, digest_size=_HASH_BYTES).hexdigest(),
        encoded=encoded,
        culprit="".join(f"{frame.module}:{frame.function}" for frame in last),
    )
    return _Known(files, tuple(map(sources.version, files)), stack)
