"""Records as the recorder writes them: their stacks apart, each under its own name."""

from hashlib import blake2b

import msgspec

from failwell.records import ErrorRecord


def written(record: ErrorRecord) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return what is appended for a record: its payload and its stacks."""
    stacks, referring = [], []
    for info in record.exceptions:
        frames = msgspec.json.encode(info.frames)
        key = blake2b(frames, digest_size=8).digest()
        stacks.append((key, frames))
        referring.append(msgspec.structs.replace(info, frames=(), stack=key.hex()))
    apart = msgspec.structs.replace(record, exceptions=tuple(referring))
    return msgspec.json.encode(apart), stacks
