"""How often something happened and when, as far as is known."""

import msgspec

from failwell.store._times import MINUTE


class Span(msgspec.Struct, gc=False):
    """Counts and moments: exact where an event says them, else to the minute."""

    n: int = 0
    last: int = 0
    event: int | None = None
    minute: int | None = None

    def is_empty(self) -> bool:
        """Return whether nothing was added."""
        return self.event is None and self.minute is None

    def add_event(self, at: int) -> None:
        """Add the moment of an event."""
        if self.event is None or at < self.event:
            self.event = at
        self.last = max(self.last, at)

    def add_minute(self, minute: int, n: int) -> None:
        """Add `n` errors of a minute."""
        self.n += n
        start = minute * MINUTE
        if self.minute is None or start < self.minute:
            self.minute = start
        self.last = max(self.last, start)

    def add(self, other: "Span") -> None:
        """Add what another one covers."""
        if other.event is not None:
            self.add_event(other.event)
        if other.minute is not None:
            self.add_minute(other.minute // MINUTE, other.n)
        self.last = max(self.last, other.last)

    def first(self) -> tuple[int, int]:
        """Return the first moment, and the last one at which a known one stays first.

        A minute counts as its beginning, and only where no event of that minute or
        before is known.
        """
        event, minute = self.event, self.minute
        if event is not None and (minute is None or event < minute + MINUTE):
            return event, event
        if minute is None:
            message = "a span without an event and without a minute"
            raise ValueError(message)
        return minute, minute + MINUTE - 1
