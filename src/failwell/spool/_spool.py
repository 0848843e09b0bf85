"""The sink on disk that an application writes to."""

import weakref
from collections.abc import Callable
from pathlib import Path

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.records import Stacks, Tally
from failwell.spool._folder import make_directory
from failwell.spool._live_unit import open_unit
from failwell.spool._per_process import PerProcess
from failwell.spool._writer import Writer


class Spool:
    """Keeps records and counts on the local disk. Thread-safe, and safe to fork.

    What `append` and `count` acknowledged survives the end of the process, `kill -9`
    included; a power cut can take the last 100 ms and what the disk then was busy with.
    The unit is opened at the first use in each process. Leaving it, at exit or by
    `close`, needs nothing more: any shipper finishes it.

    Args:
        directory: The folder; made with mode 0700 when missing.
        clock: Gives the minutes that counts belong to.

    Raises:
        OSError: No unit can be written there: the folder cannot be made, is read-only,
            full, or on a file system without locks or mapped files.
    """

    def __init__(self, directory: str | Path, *, clock: Clock = SYSTEM_CLOCK) -> None:
        folder = Path(directory).absolute()
        make_directory(folder)
        # Whatever may fail fails here and not in a request: modes, room, locks, maps.
        open_unit(folder, clock).discard()
        self._writers = PerProcess(lambda: Writer(folder, clock), Writer.abandon)
        self._finalizer = weakref.finalize(self, _close, self._writers)

    def count(self, key: bytes, definition: Callable[[], bytes]) -> None:
        """Add one to `key` in the present minute.

        `definition` is called under the spool's lock, when the unit has none for this
        key, and must be quick. While the disk is full, counts wait in memory.

        Args:
            key: 8 bytes.
            definition: Returns what the key counts.

        Raises:
            OSError: It could not be kept.
            ValueError: The key has not 8 bytes.
        """
        self._writers.get().count(key, definition, tallied=False)

    def tally(self, key: bytes, definition: Callable[[], bytes]) -> Tally:
        """Do as `count` does, and return how often this process tallied the key.

        Raises:
            OSError: It could not be kept.
            ValueError: The key has not 8 bytes.
        """
        return self._writers.get().count(key, definition, tallied=True)

    def append(self, payload: bytes, stacks: Stacks = ()) -> None:
        """Keep one encoded record of at most 1 MiB.

        Args:
            payload: The record.
            stacks: Those that it refers to, as key (8 bytes) and frames; each is
                written once in a unit, in front of the first record that needs it.

        Raises:
            OSError: It could not be kept.
        """
        self._writers.get().append(payload, stacks)

    def note_user(self, key: bytes, user: bytes) -> None:
        """Keep that an error of `key` has met a user, given as a hash of 8 bytes.

        Raises:
            OSError: It could not be kept.
        """
        self._writers.get().note_user(key, user)

    def close(self) -> None:
        """Sync and close this process's unit; it is the shippers' then.

        Waits for the disk for 5 seconds at most. Happens by itself at exit. A later
        call opens a new unit.
        """
        _close(self._writers)


def _close(writers: PerProcess[Writer]) -> None:
    # In a child this lets go of what the parent wrote, and closes what is its own.
    writers.get().close()
