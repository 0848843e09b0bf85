"""The sink on disk that an application writes to."""

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.records import Stacks, Tally
from failwell.spool._folder import make_directory
from failwell.spool._live_unit import open_unit
from failwell.spool._per_process import PerProcess
from failwell.spool._power import PowerWriter
from failwell.spool._room import DEFAULT_QUOTA
from failwell.spool._writer import Writer

Durability = Literal["process", "power"]


class Spool:
    """Keeps records and counts on the local disk. Thread-safe, and safe to fork.

    What `append` and `count` acknowledged survives the end of the process, `kill -9`
    included; a power cut can take the last 100 ms and what the disk then was busy with,
    but with `durability="power"` nothing from before an `append` or `sync`.
    The unit is opened at the first use in each process. Leaving it, at exit or by
    `close`, needs nothing more: any shipper finishes it.

    Args:
        directory: The folder; made with mode 0700 when missing.
        clock: Gives the minutes that counts belong to.
        durability: What `append` and `sync` wait for. `process` (default): the kernel
            has it. `power`: the disk has it; one sync serves all threads that wait.
        quota: Bytes that the whole folder may hold, of all processes; default 512 MiB.

    Raises:
        OSError: No unit can be written there: the folder cannot be made, is read-only,
            full, or on a file system without locks or mapped files.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        clock: Clock = SYSTEM_CLOCK,
        durability: Durability = "process",
        quota: int = DEFAULT_QUOTA,
    ) -> None:
        folder = Path(directory).absolute()
        make_directory(folder)
        # Whatever may fail fails here and not in a request: modes, room, locks, maps.
        open_unit(folder, clock).discard()
        self.waits = durability == "power"
        """Whether what is only counted needs a `sync` to be as durable as a record."""
        kind = PowerWriter if self.waits else Writer
        self._writers: PerProcess[Writer] = PerProcess(
            lambda: kind(folder, clock, quota), Writer.abandon
        )
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

    def append(self, payload: bytes, stacks: Stacks = (), key: bytes = b"") -> None:
        """Keep one encoded record of at most 1 MiB.

        When room becomes scarce, only the first ones of a key are kept; see
        `docs/explanation/promises.md`.

        Args:
            payload: The record.
            stacks: Those that it refers to, as key (8 bytes) and frames; each is
                written once in a unit, in front of the first record that needs it.
            key: What it was tallied under; none for a record that stands for itself.

        Raises:
            NotSyncedError: It is kept, and a power cut may still take it.
            OSError: It could not be kept: with `EDQUOT` because of the quota, with
                `ENOSPC` because the disk is full or nearly so.
        """
        self._writers.get().append(payload, stacks, key)

    def note_user(self, key: bytes, user: bytes) -> None:
        """Keep that a user met what `key` counts; to be called after the count.

        The same again costs next to nothing: it is written once in a unit.

        Args:
            key: 8 bytes, counted before.
            user: 8 bytes that stand for the user.

        Raises:
            OSError: It could not be kept.
            ValueError: One of them has not 8 bytes.
        """
        self._writers.get().note_user(key, user)

    def sync(self) -> None:
        """Return when what this thread counted is as durable as this spool makes it.

        Raises:
            NotSyncedError: It is counted, and a power cut may still take it.
        """
        self._writers.get().sync()

    def close(self) -> None:
        """Sync and close this process's unit; it is the shippers' then.

        Waits for the disk for 5 seconds at most. Happens by itself at exit. A later
        call opens a new unit.
        """
        _close(self._writers)


def _close(writers: PerProcess[Writer]) -> None:
    # In a child this lets go of what the parent wrote, and closes what is its own.
    writers.get().close()
