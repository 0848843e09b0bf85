"""The writer that waits for the disk."""

from collections.abc import Callable

from failwell.records import NotSyncedError, Stacks, Tally
from failwell.spool._writer import Writer


class PowerWriter(Writer):
    """Writes as `Writer` does; records and tallies return when the disk has them.

    What is only counted, the answers below 500, does not wait: it is synced within
    100 ms like everything else.
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

    def count(
        self, key: bytes, definition: Callable[[], bytes], *, tallied: bool
    ) -> Tally:
        """Count; on return what is `tallied` survives a power cut.

        Raises:
            NotSyncedError: It survives the process only; the error has the tally.
            OSError: It could not be kept, in memory neither.
            ValueError: The key has not 8 bytes.
        """
        failures = self._syncer.failures
        tally = super().count(key, definition, tallied=tallied)
        if tallied:
            try:
                self._syncer.wait(failures)
            except NotSyncedError as error:
                error.tally = tally
                raise
        return tally
