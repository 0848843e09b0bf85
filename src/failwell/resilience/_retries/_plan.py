"""What one retry does about a failure: give up, or wait and how long.

Owns the decision, and who is told of it. Calls nothing but the user's listeners.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from failwell._clock import Clock
from failwell._earlier import put_before
from failwell.resilience._deadline import left_s
from failwell.resilience._faults import CoveredErrors
from failwell.resilience._listeners import EVERYTHING, Listener, ask, tell
from failwell.resilience._mode import MODE
from failwell.resilience._retries._asked import asked_wait_s
from failwell.resilience._retries._backoff import Backoff
from failwell.resilience._retries._budget import RetryBudget
from failwell.resilience._retries._details import RetryDetails

_LONGEST_ASKED_S = 60.0
"""What a wait that the other side asks for is cut at where there is no `max_delay`."""

_MOST_EARLIER = 4
"""How many errors are kept while the call goes on; each keeps its frames alive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPlan:
    """The validated options of one `retry`.

    Args:
        errors: What to retry.
        when: Which of them; None for all.
        failed_result: Which results are failures, too; None for none.
        tries: Calls in all, from 1.
        backoff: The waits between them.
        max_elapsed_s: The whole time after which no further call begins; None for
            no such limit.
        budget: What retries are taken from; None for no such limit.
        listeners: Get the details of each retry.
        clock: Time.
        function: What is retried, as `module:qualname`.
    """

    errors: CoveredErrors
    when: Callable[[Any], object] | None
    failed_result: Callable[[Any], object] | None
    tries: int
    backoff: Backoff
    max_elapsed_s: float | None
    budget: RetryBudget | None
    listeners: tuple[Listener, ...]
    clock: Clock
    function: str = "a block"

    @property
    def is_simple(self) -> bool:
        """Whether a call that succeeds at once has nothing to note or to ask."""
        return (
            self.max_elapsed_s is None
            and self.failed_result is None
            and self.budget is None
        )

    @property
    def longest_asked_s(self) -> float:
        """What a wait that the other side asks for is cut at."""
        longest = self.backoff.max_delay_s
        return _LONGEST_ASKED_S if longest is None else longest

    @property
    def told_of(self) -> str:
        """What lines about its functions call it."""
        return f"retry for {self.function}"


class Attempts:
    """The attempts of one call.

    Between them it keeps the last errors, which `succeed` forgets and `fail` hands over.

    Args:
        plan: What to do about failures.
    """

    __slots__ = ("_before_s", "_earlier", "_ends", "number", "plan")

    def __init__(self, plan: RetryPlan) -> None:
        self.plan = plan
        self.number = 0
        self._before_s = 0.0
        self._earlier: list[BaseException] | None = None
        limit_s = plan.max_elapsed_s
        self._ends = None if limit_s is None else plan.clock.monotonic() + limit_s

    def wait_after(self, error: BaseException) -> float | None:
        """Return the seconds to wait after an attempt has raised, None to give up."""
        plan = self.plan
        if not plan.errors.cover(error):
            return None
        if plan.when is not None and not ask(
            plan.when, error, f"when given to {plan.told_of}"
        ):
            return None
        wait_s = self._wait(error, error, None)
        if wait_s is not None:
            if self._earlier is None:
                self._earlier = [error]
            else:
                self._earlier.append(error)
                del self._earlier[:-_MOST_EARLIER]
        return wait_s

    def wait_after_success(self, result: object) -> float | None:
        """Return the seconds to wait after a result that is a failure, None for others."""
        plan = self.plan
        if plan.failed_result is not None and ask(
            plan.failed_result, result, f"failed_result given to {plan.told_of}"
        ):
            wait_s = self._wait(result, None, result)
            if wait_s is None:
                self._earlier = None
            return wait_s
        self.succeed()
        return None

    def fail(self, error: BaseException) -> None:
        """Note that `error` comes out, and tell it of those that came before it."""
        if self._earlier is not None:
            put_before(error, self._earlier)
            self._earlier = None

    def succeed(self) -> None:
        """Note that an attempt has succeeded."""
        self._earlier = None
        budget = self.plan.budget
        if budget is not None and budget.owes:
            budget.give_back()

    def _wait(
        self, source: object, error: BaseException | None, result: object
    ) -> float | None:
        plan = self.plan
        self.number = number = self.number + 1
        budget = plan.budget
        is_paid = budget is None or budget.take()
        if number >= plan.tries or number >= MODE.most_tries:
            return None
        if not is_paid:
            budget.refuse()  # type: ignore[union-attr] # without a budget all is paid
            return None
        backoff = plan.backoff
        wait_s = backoff.wait_s(number, self._before_s) if backoff.delay_s else 0.0
        asked_s = asked_wait_s(source, plan.clock)
        if asked_s > wait_s:
            wait_s = max(wait_s, min(asked_s, plan.longest_asked_s))
        left = left_s()
        if left is not None and wait_s >= left:
            return None
        ends = self._ends
        if ends is not None and plan.clock.monotonic() + wait_s > ends:
            return None
        self._before_s = wait_s
        if not MODE.waits:
            wait_s = 0.0
        if plan.listeners or EVERYTHING:
            self._tell(wait_s, error, result)
        return wait_s

    def _tell(self, wait_s: float, error: BaseException | None, result: object) -> None:
        plan = self.plan
        details = RetryDetails(
            function=plan.function,
            attempt=self.number,
            tries=plan.tries,
            wait_s=wait_s,
            error=error,
            result=result,
        )
        what = f"a listener or the logger given to {plan.told_of}"
        tell(plan.listeners, details, what)
