"""What the store needs of the spool: shapes, so that either can be replaced alone."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from failwell.spool import Counter, CounterImage, SpoolFrame


class Unit(Protocol):
    """A segment of frames with its counters, written by one process."""

    @property
    def id(self) -> str:
        """A name that no other unit has or will have."""

    @property
    def damaged_bytes(self) -> int:
        """How many bytes `frames` had to pass over so far."""

    def size(self) -> int:
        """Return the offset behind the last frame."""

    def adopt(self) -> bool:
        """Return whether its process has ended; then it belongs to the caller."""

    def counters(self) -> Sequence[Counter]:
        """Return a reading of every counter."""

    def image(self) -> CounterImage:
        """Return the counters as they are now, to see later which have grown."""

    def frames(self, offset: int) -> Iterator[SpoolFrame]:
        """Return the whole frames from `offset` on."""

    def release(self) -> None:
        """Let another one adopt it; does nothing when it is not adopted."""

    def remove(self) -> None:
        """Delete it, which must be adopted."""


class ShipperLock(Protocol):
    """The right to ship from a source, held until it is released."""

    def release(self) -> None:
        """Let another one be elected."""


class Source(Protocol):
    """Where units come from: a spool's folder, or a spool in memory."""

    def units(self) -> Sequence[Unit]:
        """Return the units there are."""

    def elect(self) -> ShipperLock | None:
        """Return the right to ship, or None while another one holds it."""
