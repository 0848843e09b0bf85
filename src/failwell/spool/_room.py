"""How much the spool may still take, and what goes first when that becomes little.

Owns the order of sacrifice. All processes write to one folder and none asks another:
each looks at the folder, and takes of what is left no more than its share before it
looks again. A disk with less room than the quota has is the quota.
"""

import errno
import math
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from failwell._clock import Clock
from failwell.spool._folder import FILE_NAME

DEFAULT_QUOTA = 512 * 1024 * 1024
"""Bytes that the whole folder may hold."""
LEAST_QUOTA = 16 * 1024 * 1024
SEGMENT_SIZE = 8 * 1024 * 1024
"""Bytes from which on a segment is followed by a new one, at most."""
LEAST_SEGMENT_SIZE = 256 * 1024
LOOK_INTERVAL_S = 1.0
"""Seconds between two looks while room is scarce."""

_ALWAYS = math.inf
# Up to which part of the limit how many records of a group are kept in an hour.
_STEPS = ((3 / 4, _ALWAYS), (7 / 8, 10), (15 / 16, 1))
_LEAST_SHARE = 64 * 1024
_HANDED_IN_EARLY = 8
_WRITERS_SHARE = 4


class Usage(NamedTuple):
    """What is in a spool's folder."""

    used: int
    """Bytes of all files."""
    writers: int
    """Processes that wrote the units in it, living and dead."""


def measure(directory: Path) -> Usage:
    """Return what is in the folder; nothing, where it is missing.

    Raises:
        OSError: It cannot be read.
    """
    used, writers = 0, set()
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                # A file may be removed by a shipper while we look.
                try:
                    used += entry.stat(follow_symlinks=False).st_size
                except FileNotFoundError:
                    continue
                found = FILE_NAME.fullmatch(entry.name)
                if found is not None:
                    writers.add(found[1].split("-")[1])
    except FileNotFoundError:
        return Usage(0, 0)
    return Usage(used, len(writers))


class Room:
    """What one process may still write. Calls need the writer's lock.

    Args:
        directory: The spool's folder.
        quota: Bytes that it may hold, of all processes.
        clock: Says when to look again.
    """

    def __init__(self, directory: Path, quota: int, clock: Clock) -> None:
        self._directory = directory
        self._quota = quota
        self._clock = clock
        self._most = _ALWAYS
        self._look_at_size = 0
        self._look_at_time = -math.inf
        self._is_disk = False
        self.is_full = False
        """Whether even what a new counter counts has no room."""
        self.segment_size = SEGMENT_SIZE
        """Bytes from which on a segment is followed by a new one."""
        self.mark = 0
        """Size of the segment from which on `admit` must be asked; 0 for always."""

    @property
    def is_scarce(self) -> bool:
        """Whether not every record is kept."""
        return self._most is not _ALWAYS

    def admit(self, size: int, occurrence: int) -> None:
        """Refuse a record for which there is no room.

        Args:
            size: The segment's size now.
            occurrence: The how many-th of its group in this hour it is.

        Raises:
            OSError: With `EDQUOT`, or `ENOSPC` where it is the disk that is full.
        """
        self.look_again(size)
        if occurrence > self._most:
            raise self.refusal()

    def look_again(self, size: int) -> None:
        """Look at the folder when it is time to: the segment has grown to `size`."""
        if size >= self._look_at_size or (
            self.is_scarce and self._clock.monotonic() >= self._look_at_time
        ):
            self.look(size)

    def look(self, size: int) -> None:
        """Look at the folder, where this process has a segment of `size` bytes."""
        self._look_at_time = self._clock.monotonic() + LOOK_INTERVAL_S
        try:
            used, writers = measure(self._directory)
            free = shutil.disk_usage(self._directory).free
        except OSError:
            # What was found before still holds, and writing will tell the rest.
            self._look_at_size = size + _LEAST_SHARE
            return
        self._is_disk = used + free < self._quota
        limit = min(self._quota, used + free)
        self.is_full = used >= limit
        writers = max(writers, 1)
        part, self._most = next(
            (step for step in _STEPS if used < step[0] * limit), (1.0, 0)
        )
        share = int(part * limit - used) // (2 * writers)
        self._look_at_size = size + max(share, _LEAST_SHARE)
        # What was shipped of a living segment is only given back with all of it.
        fair = self._quota // (_WRITERS_SHARE * writers)
        wanted = min(SEGMENT_SIZE, fair) // (_HANDED_IN_EARLY if self.is_scarce else 1)
        self.segment_size = max(wanted, LEAST_SEGMENT_SIZE)
        self.mark = 0 if self.is_scarce else min(self.segment_size, self._look_at_size)

    def refusal(self) -> OSError:
        """Return the error that says what there is no room for."""
        if self._is_disk:
            return OSError(
                errno.ENOSPC, "the disk is nearly full: only counts are kept"
            )
        message = f"the spool's quota of {self._quota} bytes is nearly used up"
        return OSError(errno.EDQUOT, message)
