"""Where finished bytes go: the recorder is given a sink and knows no more of it."""

import errno
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec


class Tally(msgspec.Struct, frozen=True, gc=False):
    """How often this process tallied a key, the present one included."""

    in_hour: int
    in_minute: int


class NotSyncedError(OSError):
    """It is kept and survives the process, but a power cut may still take it.

    Raised by a sink that was asked to wait for the disk: it refused, or took too long.
    """


_REASONS = {errno.EDQUOT: "quota", errno.ENOSPC: "disk full"}


def loss_reason(problem: Exception) -> str:
    """Return the reason under which a record that a sink refused is counted."""
    if isinstance(problem, OSError) and problem.errno in _REASONS:
        return _REASONS[problem.errno]
    return "error not written"


Stacks = Sequence[tuple[bytes, bytes]]


class Sink(Protocol):
    """A place that keeps records and counts; the spool is one."""

    waits: bool
    """Whether what is tallied and not kept needs a `sync` to be as durable as a record."""

    def tally(self, key: bytes, definition: Callable[[], bytes]) -> Tally:
        """Do as `count` does, and return how often this process tallied the key."""

    def count(self, key: bytes, definition: Callable[[], bytes]) -> None:
        """Add one to `key` (8 bytes) in the present minute.

        `definition` is called, and its bytes are kept, when the sink has none for
        this key yet: before the first count of the key can be read.
        """

    def note_user(self, key: bytes, user: bytes) -> None:
        """Keep that a user (8 bytes) met what `key` counts; called after the count.

        The same again costs next to nothing.

        Raises:
            OSError: It could not be kept.
        """

    def append(self, payload: bytes, stacks: Stacks = (), key: bytes = b"") -> None:
        """Keep one encoded `ErrorRecord`; on return it survives the process.

        `stacks` are those that the record refers to, each as its key (8 bytes) and the
        JSON of its frames; one that can be read with the record already is not kept again.
        `key` is what the record was tallied under, so that of the many the first are kept
        when room is scarce; none for a record that stands for itself.

        Raises:
            NotSyncedError: It is kept, and a power cut may still take it.
            OSError: It could not be kept: with `EDQUOT` because of the quota, with
                `ENOSPC` because the disk is full or nearly so.
        """

    def sync(self) -> None:
        """Return when what this thread tallied is as durable as this sink makes it.

        Raises:
            NotSyncedError: It is counted, and a power cut may still take it.
        """
