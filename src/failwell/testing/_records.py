"""What was recorded under test, where it stays in memory."""

import msgspec
from flask import Flask

from failwell._journal import journal_of
from failwell.records import ErrorRecord, decode_frames, put_frames
from failwell.spool import KEY_SIZE, FrameKind, MemorySpool


def recorded_errors(app: Flask) -> list[ErrorRecord]:
    """Return what `app` has recorded since it was made, the oldest first.

    Raises:
        RuntimeError: The application is not under test (`app.testing`), or has no
            Failwell: only under test are records kept in memory.
    """
    source = journal_of(app).source
    if not isinstance(source, MemorySpool):
        message = f"{app.name} is not under test: set app.testing = True at its start"
        raise RuntimeError(message)  # noqa: TRY004 - the type is not the caller's
    frames = [frame for unit in source.units() for frame in unit.frames(0)]
    stacks = {
        frame.payload[:KEY_SIZE].hex(): decode_frames(frame.payload[KEY_SIZE:])
        for frame in frames
        if frame.kind is FrameKind.STACK
    }
    return [
        put_frames(msgspec.json.decode(frame.payload, type=ErrorRecord), stacks)
        for frame in frames
        if frame.kind is FrameKind.RECORD
    ]
