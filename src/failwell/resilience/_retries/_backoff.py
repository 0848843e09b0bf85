"""How long to wait before the next attempt.

Owns the growth of the waits, their jitter and their bounds. Waits itself never.
"""

import threading
from dataclasses import dataclass
from typing import Literal

from failwell._dice import DICE

Jitter = Literal["full", "equal", "decorrelated"] | None
JITTERS: tuple[Jitter, ...] = ("full", "equal", "decorrelated", None)

# Beyond it `sleep` refuses the number; it is 292 years.
_LONGEST_WAIT_S = threading.TIMEOUT_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The waits of one retry.

    Args:
        delay_s: The bound of the first wait, from 0.
        factor: What each bound is times the one before; above 0.
        max_delay_s: What no bound exceeds; None for no such limit.
        jitter: What is left to chance, so that callers that failed together do not come
            back together (AWS Architecture Blog, "Exponential Backoff And Jitter").
            `full`: from 0 to the bound. `equal`: the upper half of that.
            `decorrelated`: from the delay to three times the wait before, whatever
            the factor. None waits the bound exactly.
    """

    delay_s: float
    factor: float
    max_delay_s: float | None
    jitter: Jitter

    def wait_s(self, attempt: int, before_s: float = 0.0) -> float:
        """Return the seconds to wait after an attempt has failed.

        Args:
            attempt: Its number, from 1.
            before_s: The wait before it.
        """
        if not self.delay_s:
            return 0.0
        if self.jitter == "decorrelated":
            return self._decorrelated_s(before_s)
        bound = self._bound_s(attempt - 1)
        if self.jitter is None:
            return bound
        share = DICE.random()
        return bound * (share if self.jitter == "full" else (1 + share) / 2)

    def _decorrelated_s(self, before_s: float) -> float:
        highest = max(self.delay_s, before_s * 3)
        wait_s = DICE.uniform(self.delay_s, highest)
        return min(wait_s, self._longest_s)

    def _bound_s(self, exponent: int) -> float:
        try:
            return min(self.delay_s * self.factor**exponent, self._longest_s)
        except OverflowError:
            return self._longest_s

    @property
    def _longest_s(self) -> float:
        limit = self.max_delay_s
        return _LONGEST_WAIT_S if limit is None else min(limit, _LONGEST_WAIT_S)
