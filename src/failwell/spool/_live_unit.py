"""The unit that a process writes: a segment and the counters beside it."""

from pathlib import Path

from failwell._clock import Clock
from failwell.records import Stacks
from failwell.spool._counters import CounterFile
from failwell.spool._folder import (
    COUNTERS_SUFFIX,
    SEGMENT_SUFFIX,
    make_directory,
    new_unit_id,
)
from failwell.spool._frame import FrameKind
from failwell.spool._platform import CAN_DELETE_OPEN_FILES, sync_directory
from failwell.spool._segment import Segment

_ATTEMPTS = 5
_MAX_USERS = 10_000


class LiveUnit:
    """A new unit, locked while it is open. Calls need the writer's lock.

    Args:
        directory: An existing folder.
        unit_id: Its name.

    Raises:
        BlockingIOError: A shipper took it for an orphan before it was locked.
        OSError: It cannot be made; nothing is left behind.
    """

    def __init__(self, directory: Path, unit_id: str) -> None:
        self._directory = directory
        self._paths = (
            directory / (unit_id + COUNTERS_SUFFIX),
            directory / (unit_id + SEGMENT_SUFFIX),
        )
        self._name_is_safe = False
        self._synced_size = 0
        self._stacks: set[bytes] = set()
        self.users: set[bytes] = set()
        """Each counter's key and user noted here; past 10,000 they begin anew."""
        # First the segment: counters without one are known to be left over.
        self.segment = Segment(self._paths[1])
        try:
            self._refuse_deleted()
            self.counters = CounterFile(self._paths[0])
        except BaseException:
            self._paths[1].unlink(missing_ok=True)
            self.segment.close()
            raise

    def _refuse_deleted(self) -> None:
        if self.segment.is_deleted():
            message = "a shipper removed the new unit before it was locked"
            raise BlockingIOError(message)

    def define(self, key: bytes, definition: bytes) -> None:
        """Append what a key counts.

        Raises:
            OSError: It could not be written.
        """
        self.segment.append(FrameKind.DEFINITION, key + definition)

    def keep_stacks(self, stacks: Stacks) -> None:
        """Append those stacks that are not in this unit yet.

        Raises:
            OSError: One could not be written.
        """
        for key, frames in stacks:
            if key not in self._stacks:
                self.segment.append(FrameKind.STACK, key + frames)
                self._stacks.add(key)

    def note_user(self, noted: bytes) -> None:
        """Append a counter's key and one of those who met what it counts.

        Raises:
            OSError: It could not be written.
        """
        self.segment.append(FrameKind.USER, noted)
        if len(self.users) >= _MAX_USERS:
            self.users.clear()
        self.users.add(noted)

    def sync(self) -> None:
        """Return when what was appended and counted would survive a power cut.

        Raises:
            OSError: It would not.
        """
        if not self._name_is_safe:
            sync_directory(self._directory)
            self._name_is_safe = True
        size = self.segment.size
        if size != self._synced_size:
            self.segment.sync()
            self._synced_size = size
        self.counters.sync()

    def finish(self) -> None:
        """Give the room of unused counters back and close the files."""
        self.counters.trim()
        self.close()

    def close(self) -> None:
        """Close the files: from now on any shipper may finish the unit."""
        self.counters.close()
        self.segment.close()

    def discard(self) -> None:
        """Remove the unit and close it."""
        if not CAN_DELETE_OPEN_FILES:
            self.close()
        for path in self._paths:
            path.unlink(missing_ok=True)
        self.close()


def open_unit(directory: Path, clock: Clock) -> LiveUnit:
    """Return a new unit in a folder, which is made when somebody has removed it.

    Raises:
        OSError: It cannot be made.
    """
    for _ in range(_ATTEMPTS):
        try:
            return LiveUnit(directory, new_unit_id(clock))
        except FileNotFoundError:
            make_directory(directory)
        except BlockingIOError:
            continue
    message = f"no unit could be made in {directory}: it keeps being removed"
    raise OSError(message)
