"""The reading side of one unit."""

import os
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

from failwell.spool._counter_image import Counter, CounterImage, read_counters
from failwell.spool._counters import SLOTS
from failwell.spool._folder import COUNTERS_SUFFIX, SEGMENT_SUFFIX
from failwell.spool._frame import SpoolFrame
from failwell.spool._lock import LockedFile
from failwell.spool._platform import CAN_DELETE_OPEN_FILES, READ, sync_directory
from failwell.spool._reader import FrameReader, Gap


class Unit:
    """A unit that some process writes or wrote. For one thread at a time.

    Either of its files may be missing, short or damaged: what can be read is true.

    Args:
        directory: The spool's folder.
        unit_id: Its name.
    """

    def __init__(self, directory: Path, unit_id: str) -> None:
        self.id = unit_id
        self.damaged_bytes = 0
        """Bytes passed over so far because nothing whole was in them."""
        self.gaps: list[Gap] = []
        """Those of them that the latest reading of the frames found in the segment."""
        self._directory = directory
        self._segment = directory / (unit_id + SEGMENT_SUFFIX)
        self._counters = directory / (unit_id + COUNTERS_SUFFIX)
        self._lock: LockedFile | None = None

    def size(self) -> int:
        """Return the bytes of the segment, 0 when it is missing."""
        try:
            return self._segment.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            return 0

    def counters_size(self) -> int:
        """Return the bytes of the file of counters, 0 when it is missing."""
        try:
            return self._counters.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            return 0

    @property
    def paths(self) -> tuple[Path, Path]:
        """Where its segment and its counters are, or would be."""
        return self._segment, self._counters

    def adopt(self) -> bool:
        """Return whether no process writes it any more; then it is ours.

        What is read after that is all there will be. Ours until `remove` or `release`.

        Raises:
            OSError: Its files cannot be opened, for want of rights for example.
        """
        if self._lock is None:
            self._lock = self._try_lock()
        return self._lock is not None

    def counters(self) -> list[Counter]:
        """Return a reading of every counter; read them before the frames.

        Raises:
            OSError: They cannot be read, or a newer failwell wrote them.
        """
        return self.image().counters()

    def image(self) -> CounterImage:
        """Return the counters as they are now, to see later which have grown.

        Raises:
            OSError: As `counters`.
        """
        image = read_counters(self._counters, SLOTS)
        self.damaged_bytes += image.damaged_bytes
        return image

    def frames(self, offset: int = 0) -> Iterator[SpoolFrame]:
        """Yield the whole frames that there are now.

        Args:
            offset: Where to begin: 0, or the `end` of a frame.

        Raises:
            OSError: The segment cannot be read, or a newer failwell wrote it.
        """
        try:
            fd = os.open(self._segment, READ)
        except FileNotFoundError:
            return
        before = self.damaged_bytes
        with FileIO(fd) as file:
            reader = FrameReader(_read_from(file), offset, os.fstat(fd).st_size)
            self.gaps = reader.gaps
            for frame in reader.frames():
                self.damaged_bytes = before + reader.damaged
                yield frame
            if self._lock is not None:
                reader.count_damaged_tail()
            self.damaged_bytes = before + reader.damaged

    def remove(self) -> None:
        """Delete the adopted unit and let go of it.

        Raises:
            OSError: It could not be deleted.
            RuntimeError: It was not adopted: its process may still write.
        """
        if self._lock is None:
            message = f"unit {self.id} may still be written: adopt() it first"
            raise RuntimeError(message)
        if not CAN_DELETE_OPEN_FILES:
            self.release()
        # The segment last: counters alone would look like another unit.
        self._counters.unlink(missing_ok=True)
        self._segment.unlink(missing_ok=True)
        self.release()
        sync_directory(self._directory)

    def release(self) -> None:
        """Let another one adopt it; does nothing when it is not adopted."""
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def _try_lock(self) -> LockedFile | None:
        # Counters without a segment are locked themselves: a writer makes the segment
        # first, so nobody writes those.
        for path in (self._segment, self._counters):
            try:
                lock = LockedFile(path, READ)
            except FileNotFoundError:
                continue
            except BlockingIOError:
                return None
            if not lock.is_deleted():
                return lock
            lock.close()
        return None


def _read_from(file: FileIO) -> Callable[[int, int], bytes]:
    def read(offset: int, size: int) -> bytes:
        file.seek(offset)
        return file.read(size)

    return read
