"""Disks in a file, whose power can be cut: ext4 on a loop device, copied while in use.

What the file system had not yet sent to its device when the file was copied is not in
the copy: that is what a power cut takes. Mounting the copy replays its journal, as the
next start of a machine does.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from small_disks import keeps_mounts_to_itself

# Nothing may reach the device unless it was synced: by itself ext4 commits every 5 s.
_LAZY = "loop,commit=300,noatime"


def make_disk(image: Path, megabytes: int = 128) -> None:
    """Make a file with an empty ext4 in it; skip the test where that cannot be used."""
    with image.open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    if not _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", str(image)):
        pytest.skip("no mkfs.ext4 here: a power cut cannot be tried")
    place = image.with_suffix(".trial")
    place.mkdir()
    if not keeps_mounts_to_itself() or not _run("mount", "-o", "loop", image, place):
        pytest.skip("loop devices are not allowed here: a power cut cannot be tried")
    _run("umount", place)


def copy_disk(image: Path, copy: Path) -> Path:
    """Copy an image with its holes."""
    assert _run("cp", "--sparse=always", image, copy)
    return copy


@contextmanager
def mounted(image: Path, place: Path) -> Iterator[Path]:
    """Mount an image for the time of the block."""
    place.mkdir(exist_ok=True)
    assert _run("mount", "-o", _LAZY, image, place)
    try:
        yield place
    finally:
        assert _run("umount", "-l", place)


def _run(name: str, *arguments: object) -> bool:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if program is None:
        return False
    command = [program, *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
