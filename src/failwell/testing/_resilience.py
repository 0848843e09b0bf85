"""Resilience as a test wants it: off, without waits, or a circuit held to a state.

Each is a block or a decorator, and holds for the whole process: an application under test
has threads.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

from failwell.resilience import CIRCUITS, CircuitOverride
from failwell.resilience._mode import MODE


@contextmanager
def resilience_off() -> Iterator[None]:
    """Make decorated functions behave as if they were not.

    Nothing is retried, circuits let through and do not open, fallbacks do not stand in,
    rate limits refuse nobody. Time-outs and full bulkheads raise as ever, without a wait.
    """
    with _mode(acts=False, waits=False, most_tries=1):
        yield


@contextmanager
def no_waiting(tries: int | None = None) -> Iterator[None]:
    """Retry without waiting, and at most `tries` times in all, from 1.

    Raises:
        ValueError: `tries` is below 1.
    """
    if tries is not None and tries < 1:
        message = f"tries is {tries}; allowed: a whole number from 1, or None"
        raise ValueError(message)
    with _mode(acts=True, waits=False, most_tries=math.inf if tries is None else tries):
        yield


@contextmanager
def circuit_held(name: str, override: CircuitOverride | str) -> Iterator[None]:
    """Hold all breakers of a name `open`, `closed` or `disabled`, and reset them then.

    Raises:
        ValueError: It is none of these, or there is no breaker of that name.
    """
    if not CIRCUITS.named(name):
        known = ", ".join(sorted({breaker.name for breaker in CIRCUITS})) or "none"
        message = f"there is no circuit breaker named {name!r}; there are: {known}"
        raise ValueError(message)
    CIRCUITS.hold(name, override)
    try:
        yield
    finally:
        CIRCUITS.hold(name, None)


@contextmanager
def _mode(*, acts: bool, waits: bool, most_tries: float) -> Iterator[None]:
    now = MODE
    before = now.acts, now.waits, now.most_tries
    now.acts, now.waits, now.most_tries = acts, waits, most_tries
    try:
        yield
    finally:
        now.acts, now.waits, now.most_tries = before
