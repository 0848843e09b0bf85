"""Where finished bytes go: the recorder is given a sink and knows no more of it."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec


class Tally(msgspec.Struct, frozen=True, gc=False):
    """How often this process tallied a key, the present one included."""

    in_hour: int
    in_minute: int


Stacks = Sequence[tuple[bytes, bytes]]


class Sink(Protocol):
    """A place that keeps records and counts; the spool is one."""

    def tally(self, key: bytes, definition: Callable[[], bytes]) -> Tally:
        """Do as `count` does, and return how often this process tallied the key."""

    def count(self, key: bytes, definition: Callable[[], bytes]) -> None:
        """Add one to `key` (8 bytes) in the present minute.

        `definition` is called, and its bytes are kept, when the sink has none for
        this key yet: before the first count of the key can be read.
        """

    def append(self, payload: bytes, stacks: Stacks = ()) -> None:
        """Keep one encoded `ErrorRecord`; on return it survives the process.

        `stacks` are those that the record refers to, each as its key (8 bytes) and the
        JSON of its frames; one that can be read with the record already is not kept again.

        Raises:
            OSError: It could not be kept.
        """

    def note_user(self, key: bytes, user: bytes) -> None:
        """Keep that an error of `key` has met a user, given as a hash of 8 bytes.

        The same pair may come again, which changes nothing.

        Raises:
            OSError: It could not be kept.
        """
