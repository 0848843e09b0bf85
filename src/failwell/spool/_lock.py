"""Files that are locked while their owner lives.

Owns the rule that a lock ends with its process: the lock of an open file would live on
in every child that inherited it, and nobody could take over from a dead parent.
"""

import os
import threading
import weakref
from pathlib import Path

from failwell.spool._platform import PRIVATE, try_lock


class LockedFile:
    """An open file with an exclusive lock, until it is closed or the process ends.

    Args:
        path: The file.
        flags: How `os.open` opens it; a file that it makes has mode 0600.

    Raises:
        BlockingIOError: Another opening holds the lock.
        OSError: The file could not be opened or locked.
    """

    def __init__(self, path: Path, flags: int) -> None:
        self._fd = -1
        with _forking:
            self._fd = os.open(path, flags, PRIVATE)
            _open_files.add(self)
        try:
            locked = try_lock(self._fd)
        except BaseException:
            self.close()
            raise
        if not locked:
            self.close()
            message = "another process holds the lock"
            raise BlockingIOError(message)

    def fileno(self) -> int:
        """Return the file's descriptor, -1 when it is closed."""
        return self._fd

    def is_deleted(self) -> bool:
        """Return whether no name leads to the file any more."""
        return os.fstat(self._fd).st_nlink == 0

    def close(self) -> None:
        """Close the file, and thereby give up the lock; twice does no harm."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        # A lock that somebody forgot would keep the unit from being shipped for ever.
        self.close()


# Held while a file is opened and over a fork: else a child could inherit a file that
# is open and not noted yet. A signal handler may fork, hence re-entrant.
_forking = threading.RLock()
_open_files: weakref.WeakSet[LockedFile] = weakref.WeakSet()


def _close_inherited() -> None:
    global _forking  # noqa: PLW0603 - the parent's lock may belong to a lost thread
    _forking = threading.RLock()
    for file in list(_open_files):
        file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _forking.acquire(),  # noqa: PLW0108 - looks the name up late
        after_in_parent=lambda: _forking.release(),  # noqa: PLW0108 - as above
        after_in_child=_close_inherited,
    )
