"""The writer that waits for the disk."""

import errno

from failwell.records import NotSyncedError, Stacks
from failwell.spool._writer import Writer


class PowerWriter(Writer):
    """Writes as `Writer` does; a record returns when the disk has it.

    With it the disk has what the thread counted before. What is counted alone does not
    wait by itself: an error has one wait, for all that is written of it.
    """

    def append(self, payload: bytes, stacks: Stacks, key: bytes) -> None:
        """Write one record behind its stacks; on return it survives a power cut.

        Raises:
            NotSyncedError: It survives the process only.
            OSError: It could not be kept.
        """
        mark = self._syncer.mark()
        super().append(payload, stacks, key)
        self._wait(mark)

    def sync(self) -> None:
        """Return when what the thread counted survives a power cut.

        Raises:
            NotSyncedError: It survives the process at most.
        """
        self._wait(self._syncer.mark())

    def _wait(self, mark: int) -> None:
        self._syncer.wait(mark)
        if self._backlog:
            raise NotSyncedError(errno.ENOSPC, "counts wait in memory for room")
