"""What differs between Linux, macOS and Windows, and nothing else.

Linux and macOS are supported in full; Windows for development with one process.
"""

import errno
import mmap
import os
import sys
from pathlib import Path

PRIVATE = 0o600
CAN_DELETE_OPEN_FILES = sys.platform != "win32"
if sys.platform == "win32":
    _ALWAYS = os.O_BINARY | os.O_NOINHERIT
else:
    _ALWAYS = os.O_CLOEXEC
# A link planted in the folder must not lead our writes elsewhere.
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)

READ = os.O_RDONLY | _ALWAYS | _NO_LINKS
APPEND_NEW = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | _ALWAYS | _NO_LINKS
MAP_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | _ALWAYS | _NO_LINKS
READ_WRITE = os.O_RDWR | _ALWAYS | _NO_LINKS
WRITE_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _ALWAYS | _NO_LINKS
LOCK_FILE = os.O_RDWR | os.O_CREAT | _ALWAYS | _NO_LINKS


if sys.platform == "win32":
    import msvcrt

    _FAR_BEHIND_THE_DATA = 0x7FFF_0000

    def try_lock(fd: int) -> bool:
        """Lock the open file for this process; return False where another one has."""
        os.lseek(fd, _FAR_BEHIND_THE_DATA, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(fd, 0, os.SEEK_SET)
        return True

    def sync_directory(directory: Path) -> None:
        """Do nothing: a directory cannot be synced here."""

else:
    import fcntl

    def try_lock(fd: int) -> bool:
        """Lock the open file for its holders; return False where another one has.

        The lock belongs to the open file, not to the process: it also keeps out a
        second opening by the same process, and lives as long as any inherited copy.
        """
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def sync_directory(directory: Path) -> None:
        """Return when the names in the directory would survive a power cut."""
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | _ALWAYS)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def write_both(fd: int, first: bytes, second: bytes) -> int:
    """Write two pieces as one, and return how many bytes were written."""
    if hasattr(os, "writev"):
        return os.writev(fd, (first, second))
    return os.write(fd, first + second)


def sync_data(fd: int) -> None:
    """Return when what was written to the file would survive a power cut."""
    if sys.platform == "linux":
        os.fdatasync(fd)
    else:
        os.fsync(fd)


def sync_map(fd: int, mapped: mmap.mmap) -> None:
    """Return when what was stored into the mapped file would survive a power cut.

    Linux writes mapped pages back with the file. `mmap.flush` would do it everywhere,
    but holds the interpreter's lock while the disk works, and every request with it.
    """
    if sys.platform == "linux":
        os.fdatasync(fd)
    else:
        mapped.flush()
        os.fsync(fd)


def allocate(fd: int, size: int) -> None:
    """Reserve `size` zero bytes on the disk.

    A store into a mapped hole of a file on a full disk kills the process (SIGBUS).

    Raises:
        OSError: There is no room.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, size)
    elif os.write(fd, bytes(size)) != size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
