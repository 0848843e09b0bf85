"""File systems of a megabyte that end with the test's process, whatever happens to it."""

import ctypes
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

_NEW_MOUNT_NAMESPACE = 0x0002_0000
_TMPFS = ("-t", "tmpfs", "-o", "size=1m", "failwell-test")


def make_small_disk(place: Path) -> None:
    """Mount a file system of 1 MiB at `place`; skip the test where that is refused."""
    place.mkdir()
    if not keeps_mounts_to_itself() or not _run("mount", *_TMPFS, str(place)):
        pytest.skip("may not mount")


def remove_small_disk(place: Path) -> None:
    """Unmount it: lazily, because a test that fails leaves files open."""
    assert _run("umount", "-l", str(place))


@cache
def keeps_mounts_to_itself() -> bool:
    """Leave the machine's mounts for a copy, which the kernel drops with the process."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "unshare") or libc.unshare(_NEW_MOUNT_NAMESPACE):
        return False
    return _run("mount", "--make-rprivate", "/")


def _run(name: str, *arguments: str) -> bool:
    program = shutil.which(name)
    if program is None:
        return False
    done = subprocess.run([program, *arguments], check=False, capture_output=True)
    return done.returncode == 0
