"""What is said of a change: one line in the log, and a word to each listener.

Owns that a change is one line, in each process, however many calls it refuses then.
"""

import logging

from failwell.resilience._circuits._states import CircuitChange, CircuitState
from failwell.resilience._listeners import Listener, tell, write


def announce(change: CircuitChange, listeners: tuple[Listener, ...]) -> None:
    """Write the line, with its facts as fields for programs, and tell the listeners."""
    is_bad = change.after is CircuitState.OPEN or change.override is not None
    write(
        logging.WARNING if is_bad else logging.INFO,
        "circuit breaker %s is %s",
        change.name,
        change.reason,
        extra={
            "circuit": change.name,
            "before": change.before.value,
            "after": change.after.value,
            "retry_after": change.retry_after,
        },
    )
    tell(listeners, change, f"a listener to the circuit breaker {change.name}")
