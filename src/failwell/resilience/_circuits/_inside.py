"""Whether the code that runs now is part of a probe.

Owns the set of probes that a context is inside of. Without it, a function that calls
another one behind the same breaker could never close the circuit: its own probe would
hold the only place, and the inner call would be refused.
"""

from contextvars import ContextVar

# By the probe's number, unique in the process, and not by the breaker: a probe that is
# over is never mistaken for the next one.
_inside: ContextVar[frozenset[int]] = ContextVar("failwell_probes", default=frozenset())


def numbers() -> frozenset[int]:
    """Return the probes that this context is part of."""
    return _inside.get()


def enter(number: int) -> None:
    """Make this context part of a probe."""
    _inside.set(_inside.get() | {number})


def leave(number: int) -> None:
    """End a probe in this context; one that it is not part of changes nothing."""
    inside = _inside.get()
    if number in inside:
        _inside.set(inside - {number})
