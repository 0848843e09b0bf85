"""The writer that waits for the disk."""

from failwell.records import Stacks
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
        failures = self._syncer.failures
        super().append(payload, stacks, key)
        self._syncer.wait(failures)

    def sync(self) -> None:
        """Return when what the thread counted survives a power cut.

        Raises:
            NotSyncedError: It survives the process only.
        """
        self._syncer.wait(self._syncer.failures)
