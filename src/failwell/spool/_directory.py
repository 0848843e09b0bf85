"""The reading side of a spool's folder."""

import os
from pathlib import Path

from failwell.spool._election import ShipperLock
from failwell.spool._folder import FILE_NAME, make_directory
from failwell.spool._lock import LockedFile
from failwell.spool._platform import LOCK_FILE
from failwell.spool._unit import Unit

_LOCK_NAME = "shipper.lock"


class SpoolDirectory:
    """What the processes of this machine have spooled in a folder.

    Args:
        directory: The folder; it may not exist yet.
    """

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory).absolute()

    def units(self) -> list[Unit]:
        """Return the units, the oldest first. Other files and links are left alone.

        Raises:
            OSError: The folder cannot be read.
        """
        try:
            with os.scandir(self._directory) as entries:
                matches = [
                    FILE_NAME.fullmatch(entry.name)
                    for entry in entries
                    if entry.is_file(follow_symlinks=False)
                ]
        except FileNotFoundError:
            return []
        ids = {match[1] for match in matches if match is not None}
        return [Unit(self._directory, unit_id) for unit_id in sorted(ids)]

    def elect(self) -> ShipperLock | None:
        """Return the right to ship, or None while another one holds it.

        Raises:
            OSError: The lock file cannot be made.
        """
        make_directory(self._directory)
        try:
            file = LockedFile(self._directory / _LOCK_NAME, LOCK_FILE)
        except BlockingIOError:
            return None
        return ShipperLock(file.close)
