"""The spool's folder and the names in it."""

import itertools
import os
import re
import secrets
from pathlib import Path

from failwell._clock import Clock
from failwell.spool._platform import sync_directory

SEGMENT_SUFFIX = ".seg"
COUNTERS_SUFFIX = ".cnt"
FILE_NAME = re.compile(r"([0-9a-f]{12,16}-[0-9a-f]{8}-[0-9a-f]{12})\.(?:seg|cnt)")

_numbers = itertools.count()


def new_unit_id(clock: Clock) -> str:
    """Return a name that no other unit has, sorted by when this process made it.

    Time alone repeats when it is set back, a process id when the machine starts again,
    and both in containers that start together: hence chance at the end.
    """
    milliseconds = int(clock.now() * 1000)
    number = next(_numbers) & 0xFFFF
    unique = secrets.token_hex(4)
    return f"{milliseconds:012x}-{os.getpid():08x}-{number:04x}{unique}"


def make_directory(directory: Path) -> None:
    """Make the folder and the missing ones above it, for this user alone.

    A folder that exists keeps its mode: it may be shared on purpose.

    Raises:
        OSError: It cannot be made.
    """
    if directory.is_dir():
        return
    make_directory(directory.parent)
    directory.mkdir(mode=0o700, exist_ok=True)
    sync_directory(directory.parent)
