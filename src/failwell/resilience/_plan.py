"""What one retry does about a failure: give up, or wait and how long.

Owns the decision and the line about it. Calls nothing but the user's logger.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from failwell._clock import Clock
from failwell.resilience._backoff import Backoff
from failwell.resilience._faults import RetryableErrors
from failwell.resilience._lines import one_line

_log = logging.getLogger("failwell.resilience")

RetryLogger = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPlan:
    """The validated options of one `retry`.

    Args:
        errors: What to retry.
        tries: Calls in all, from 1.
        backoff: The waits between them.
        max_elapsed_s: The whole time after which no further call begins; None for
            no such limit.
        logger: Gets one line a retry; None for silence.
        clock: Time.
        function: What is retried, as `module:qualname`.
    """

    errors: RetryableErrors
    tries: int
    backoff: Backoff
    max_elapsed_s: float | None
    logger: RetryLogger | None
    clock: Clock
    function: str = ""

    def wait_after(
        self, error: BaseException, attempt: int, *, ends: float | None = None
    ) -> float | None:
        """Return the seconds to wait before the next attempt, or None to give up.

        Args:
            error: What `attempt` raised.
            attempt: Counted from 1.
            ends: The monotonic time after which no attempt begins, if there is one.
        """
        if attempt >= self.tries or not self.errors.cover(error):
            return None
        wait_s = self.backoff.wait_s(attempt)
        if ends is not None and self.clock.monotonic() + wait_s > ends:
            return None
        if self.logger is not None:
            self._tell(
                self.logger,
                f"{self.function} failed at attempt {attempt} of {self.tries}; "
                f"next in {wait_s:.3f} s: {one_line(error)}",
            )
        return wait_s

    def _tell(self, logger: RetryLogger, line: str) -> None:
        try:
            logger(line)
        except Exception:  # noqa: BLE001 - a logger must not end the retry that it is told of
            _log.warning(
                "the logger given to retry for %s failed", self.function, exc_info=True
            )
