"""The segment: a file that frames are appended to, each with one write."""

import errno
import os
from pathlib import Path

from failwell.spool._frame import HEADER_SIZE, FrameKind, encode_header
from failwell.spool._lock import LockedFile
from failwell.spool._platform import APPEND_NEW, sync_data, write_both


class Segment:
    """A new segment, locked while it is open. Calls need the writer's lock.

    Args:
        path: Where; nothing may be there yet.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._file = LockedFile(path, APPEND_NEW)
        self._sequence = 0
        self.size = 0
        """Bytes of the frames appended."""

    def append(self, kind: FrameKind, payload: bytes) -> None:
        """Write one frame; on return it survives the process.

        Raises:
            OSError: It could not be written; no part of it was left behind.
        """
        # Counted before it is written: where a signal handler ends the call in
        # between, no two frames may have the same number.
        self._sequence += 1
        header = encode_header(kind, self._sequence, payload)
        try:
            self._write(header, payload)
        except OSError:
            self._sequence -= 1
            raise
        self.size += HEADER_SIZE + len(payload)

    def is_deleted(self) -> bool:
        """Return whether somebody removed the file under us."""
        return self._file.is_deleted()

    def sync(self) -> None:
        """Return when what was appended would survive a power cut."""
        sync_data(self._file.fileno())

    def close(self) -> None:
        """Close the file and give up its lock."""
        self._file.close()

    def _write(self, header: bytes, payload: bytes) -> None:
        fd = self._file.fileno()
        size = HEADER_SIZE + len(payload)
        written = write_both(fd, header, payload)
        if written != size:
            # A full disk takes what fits and reports no error. The file's own size
            # is asked for: ours would be wrong after an interrupted call.
            os.ftruncate(fd, os.fstat(fd).st_size - written)
            message = f"only {written} of {size} bytes were written: no room"
            raise OSError(errno.ENOSPC, message)
