"""Whether this room acts at all: what tests switch off.

Read only where a call has failed, is refused or would wait, so that it costs a call that
succeeds nothing. Set by `failwell.testing` alone.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Mode:
    """How this process is run.

    Args:
        acts: Whether failed calls are retried, circuits open and fallbacks stand in.
        waits: Whether there is a wait before the next attempt.
        most_tries: The most attempts of any retry; None for its own.
    """

    acts: bool = True
    waits: bool = True
    most_tries: int | None = None

    def ends_after(self, attempt: int) -> bool:
        """Return whether there is no attempt after this one, counted from 1."""
        return not self.acts or (
            self.most_tries is not None and attempt >= self.most_tries
        )


MODE = Mode()
