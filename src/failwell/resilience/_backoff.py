"""How long to wait before the next attempt.

Owns the growth of the waits, their jitter and their bounds. Waits itself never.
"""

import random
import threading
from dataclasses import dataclass
from typing import Literal

Jitter = Literal["full"] | None

# Beyond it `sleep` refuses the number; it is 292 years.
_LONGEST_WAIT_S = threading.TIMEOUT_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The waits of one retry.

    Args:
        delay_s: The bound of the first wait, from 0.
        factor: What each bound is times the one before; above 0.
        max_delay_s: What no bound exceeds; None for no such limit.
        jitter: `full` spreads each wait evenly from 0 to its bound, so that callers
            that failed together do not come back together (AWS Architecture Blog,
            "Exponential Backoff And Jitter"); None waits the bound exactly.
    """

    delay_s: float
    factor: float
    max_delay_s: float | None
    jitter: Jitter

    def wait_s(self, attempt: int) -> float:
        """Return the seconds to wait after `attempt`, counted from 1, has failed."""
        bound = self._bound_s(attempt - 1)
        if self.jitter is None:
            return bound
        return random.random() * bound  # noqa: S311 - it spreads load and guards nothing

    def _bound_s(self, exponent: int) -> float:
        if not self.delay_s:
            return 0.0
        limit = _LONGEST_WAIT_S if self.max_delay_s is None else self.max_delay_s
        try:
            return min(self.delay_s * self.factor**exponent, limit, _LONGEST_WAIT_S)
        except OverflowError:
            return min(limit, _LONGEST_WAIT_S)
