"""What an application's own tests use: what was recorded, and time that stands still.

Also the failure of a test in which a view answers with an error that it does not declare.
"""

import threading

import msgspec
from flask import Flask

from failwell._journal import journal_of
from failwell.records import ErrorRecord, decode_frames, put_frames
from failwell.responses import UndeclaredError
from failwell.spool import KEY_SIZE, FrameKind, MemorySpool

__all__ = ["ManualClock", "UndeclaredError", "recorded_errors"]


class ManualClock:
    """A clock that moves only when told; a sleep moves it and is remembered.

    Args:
        now: The wall clock's first reading, seconds since 1970-01-01 UTC.
    """

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._lock = threading.Lock()
        self._now = now
        self._monotonic = 1_000.0
        self.sleeps: list[float] = []

    def now(self) -> float:
        """Return the wall clock."""
        return self._now

    def monotonic(self) -> float:
        """Return the monotonic clock."""
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        """Remember the wait and move on by it."""
        self.sleeps.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move both clocks forward."""
        with self._lock:
            self._now += seconds
            self._monotonic += seconds

    def set_wall(self, now: float) -> None:
        """Set the wall clock alone, as an administrator or NTP does."""
        self._now = now


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
