"""How many retries there may be, beside how many calls: the budget of retries.

Owns the tokens. It needs no clock, and a full bucket costs a call that succeeds one look.
"""

import threading

from failwell.resilience._checks import number_above_zero, share, text
from failwell.resilience._registry import Registry


class RetryBudget:
    """Keep a storm of failures from becoming a storm of retries.

    A bucket of tokens, full at first: a failure takes one, a success puts `ratio` of one
    back, and there are retries only while it is more than half full (gRPC, "A6: Retry
    Throttling"). So over any time there are at most `ratio` retries a call, and half the
    bucket on top. Share one between all that call the same thing: by giving the same
    object, or by its name, `retry(…, budget="calendar")`.

    Args:
        ratio: Retries that each call earns, above 0 and up to 1; default 0.1.
        tokens: How many the bucket holds, above 0; default 20: ten retries in reserve.
        name: What it is found by: at most 200 printable characters; default `budget`.

    Raises:
        TypeError: A parameter is of the wrong kind.
        ValueError: A parameter has a value that is not allowed.
    """

    def __init__(
        self, ratio: float = 0.1, *, tokens: float = 20, name: str = "budget"
    ) -> None:
        self.name = text("name", name)
        self.ratio = share("ratio", ratio)
        self._most = number_above_zero("tokens", tokens)
        self._lock = threading.Lock()
        self._tokens = self._most
        self._refused = 0
        self.owes = False
        """Whether a success has anything to put back; read without the lock."""
        BUDGETS.add(self)

    def __repr__(self) -> str:
        return f"<RetryBudget {self.name} {self._tokens:g} of {self._most:g}>"

    @property
    def tokens(self) -> float:
        """How many there are now."""
        return self._tokens

    @property
    def max_tokens(self) -> float:
        """How many the bucket holds."""
        return self._most

    @property
    def refused_count(self) -> int:
        """Retries that there was no token for."""
        return self._refused

    def take(self) -> bool:
        """Take a token for a failure; return whether it may be followed by a retry."""
        with self._lock:
            self._tokens = max(0.0, self._tokens - 1)
            self.owes = True
            return self._tokens > self._most / 2

    def refuse(self) -> None:
        """Count a retry that does not happen for want of tokens."""
        with self._lock:
            self._refused += 1

    def give_back(self) -> None:
        """Put back what a success earns."""
        with self._lock:
            self._tokens = min(self._most, self._tokens + self.ratio)
            self.owes = self._tokens < self._most


BUDGETS: Registry[RetryBudget] = Registry()
"""The budgets of this process."""

_made_by_name: dict[str, RetryBudget] = {}


def budget_of(value: object) -> RetryBudget | None:
    """Return the budget that an option names or is.

    A name is that of the living budget made with it; where there is none, one is made
    with the defaults, and it stays.

    Raises:
        TypeError: It is neither.
        ValueError: It is no name.
    """
    if value is None or isinstance(value, RetryBudget):
        return value
    name = text("budget", value)
    known = BUDGETS.named(name)
    return known[0] if known else _made_by_name.setdefault(name, RetryBudget(name=name))
