"""Whether the code that runs now is part of a probe.

Owns the set of probes that a context is inside of. Without it, a function that calls
another one behind the same breaker could never close the circuit: its own probe would
hold the only place, and the inner call would be refused.
"""

from contextvars import ContextVar

# By the ticket's number, unique in the process, and not by the breaker: a probe that
# is over is never mistaken for the next one.
_inside: ContextVar[frozenset[int]] = ContextVar("failwell_probes", default=frozenset())


def is_inside(ticket: int | None) -> bool:
    """Return whether the probe with this ticket is what this context is part of."""
    return ticket in _inside.get()


def enter(ticket: int) -> None:
    """Make this context part of the probe."""
    _inside.set(_inside.get() | {ticket})


def leave(ticket: int) -> None:
    """End the probe in this context; one that it is not part of changes nothing."""
    if is_inside(ticket):
        _inside.set(_inside.get() - {ticket})
