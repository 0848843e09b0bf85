"""What is told of a call that was refused, and so never made."""

import math
from dataclasses import dataclass
from typing import Literal

from failwell.resilience._listeners import tell

Strategy = Literal["circuit breaker", "bulkhead", "rate limit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRefused:
    """A call that was refused.

    Args:
        strategy: What refused it: `circuit breaker`, `bulkhead` or `rate limit`.
        name: The name of that.
        retry_after: Seconds until a call may go through; None when nobody knows.
    """

    strategy: Strategy
    name: str
    retry_after: float | None = None


def tell_refused(
    strategy: Strategy, name: str, retry_after: float | None = None
) -> None:
    """Tell those who listen to everything of a call that was refused."""
    if retry_after == math.inf:  # held open by hand
        retry_after = None
    refused = CallRefused(strategy=strategy, name=name, retry_after=retry_after)
    tell((), refused, f"a listener to the {strategy} {name}")
