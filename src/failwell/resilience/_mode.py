"""Whether this room acts at all: what tests switch off.

Read only where a call has failed, is refused or would wait, so that it costs a call that
succeeds nothing. Set by `failwell.testing` alone.
"""

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Mode:
    """How this process is run.

    Args:
        acts: Whether circuits open, fallbacks stand in and rate limits refuse.
        waits: Whether there is a wait before the next attempt.
        most_tries: The most attempts of any retry.
    """

    acts: bool = True
    waits: bool = True
    most_tries: float = math.inf


MODE = Mode()
