"""The states of one circuit: the lock, the counting and the transitions.

Owns whose result counts. Each call carries a ticket; a transition invalidates those
that are out, so that a slow call begun before it changes nothing when it ends. Refuses
to run anybody's code: the lock is held for a few assignments and never longer.
"""

import contextlib
import itertools
import logging
import threading
from dataclasses import dataclass
from enum import StrEnum

from failwell._clock import Clock
from failwell.exceptions import CircuitBreakerError
from failwell.resilience import _probe
from failwell.resilience._faults import is_callers_fault
from failwell.resilience._lines import printable

_log = logging.getLogger("failwell.resilience")

_tickets = itertools.count(1)
_NO_VERDICT = 0
"""The ticket of a call whose result never counts."""

_Line = tuple[int, str]
"""A log line that waits for the lock to be released: its level and its text."""


class CircuitState(StrEnum):
    """The states of a circuit breaker."""

    CLOSED = "closed"
    """Calls go through."""
    OPEN = "open"
    """Calls are refused."""
    HALF_OPEN = "half_open"
    """One call at a time, the probe, goes through; its result decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitOptions:
    """The validated options of one breaker.

    Args:
        failure_threshold: Failures in a row that open the circuit, from 1.
        reset_timeout_s: How long it refuses before it probes, from 0.
        half_open_timeout_s: How long a probe keeps its place, above 0.
    """

    failure_threshold: int
    reset_timeout_s: float
    half_open_timeout_s: float


class Circuit:
    """The state machine.

    Two fields are read without the lock, so that a call through a closed circuit
    costs two reads: `ticket`, which is None unless the circuit is closed, and
    `failures`, which is 0 only when a success has nothing to reset.

    Args:
        options: Threshold and timeouts.
        clock: Time; only its monotonic side is asked.
        name: What errors and log lines call the circuit.
    """

    __slots__ = (
        "_clock",
        "_current",
        "_lock",
        "_options",
        "_rejected_before",
        "_state",
        "_until",
        "failures",
        "name",
        "rejected",
        "ticket",
    )

    def __init__(self, options: CircuitOptions, clock: Clock, name: str) -> None:
        self.name = name
        self.failures = 0
        self.rejected = 0
        self.ticket: int | None = next(_tickets)
        self._options = options
        self._clock = clock
        self._lock = threading.Lock()
        self._state = CircuitState.CLOSED
        # Whose result counts: the calls since it closed, or one probe, or nobody.
        self._current: int | None = self.ticket
        # When the next call may probe.
        self._until = 0.0
        self._rejected_before = 0

    @property
    def state(self) -> CircuitState:
        """The state that a call would meet now."""
        now = self._clock.monotonic()
        with self._lock:
            waited = self._state is CircuitState.OPEN and not self._left_locked(now)
            return CircuitState.HALF_OPEN if waited else self._state

    @property
    def retry_after(self) -> float:
        """Seconds until a call may go through; 0.0 if one may now."""
        now = self._clock.monotonic()
        with self._lock:
            closed = self._state is CircuitState.CLOSED
            return 0.0 if closed else self._left_locked(now)

    def admit(self) -> int:
        """Let the call through that found no ticket, or refuse it.

        Returns:
            The ticket to settle the call with.

        Raises:
            CircuitBreakerError: The circuit is open, or another call is its probe.
        """
        now = self._clock.monotonic()
        with self._lock:
            if self.ticket is not None:  # it has closed in between
                return self.ticket
            if _probe.is_inside(self._current):
                return _NO_VERDICT  # the probe's own result is the verdict
            state, left_s = self._state, self._left_locked(now)
            ticket = None if left_s else self._probe_locked(now)
            if ticket is None:
                self.rejected += 1
        if ticket is None:
            raise CircuitBreakerError(self.name, left_s, state=state.value)
        _probe.enter(ticket)
        if state is CircuitState.OPEN:
            self._write((logging.INFO, "half-open: one call is let through to probe"))
        return ticket

    def succeed(self, ticket: int) -> None:
        """Count a success: close a half-open circuit, or forget earlier failures."""
        line = None
        with self._lock:
            if ticket == self._current:
                if self._state is CircuitState.HALF_OPEN:
                    line = self._close_locked()
                self.failures = 0
        _probe.leave(ticket)
        self._write(line)

    def fail(self, ticket: int, error: BaseException) -> None:
        """Count a failure, unless `error` is none of the called thing's."""
        line, now = None, self._clock.monotonic()
        verdict = isinstance(error, Exception) and not is_callers_fault(error)
        with self._lock:
            if ticket == self._current:
                if verdict:
                    line = self._failure_locked(error, now)
                elif self._state is CircuitState.HALF_OPEN:
                    self._current, self._until = None, now
        _probe.leave(ticket)
        self._write(line)

    def reset(self) -> None:
        """Close the circuit and forget its failures; calls under way do not count."""
        line = None
        with self._lock:
            if self._state is not CircuitState.CLOSED:
                line = self._close_locked()
            self.failures = 0
            self.ticket = self._current = next(_tickets)
        self._write(line)

    def _left_locked(self, now: float) -> float:
        return max(0.0, self._until - now)

    def _probe_locked(self, now: float) -> int:
        self._state = CircuitState.HALF_OPEN
        self._until = now + self._options.half_open_timeout_s
        self._current = ticket = next(_tickets)
        return ticket

    def _failure_locked(self, error: BaseException, now: float) -> _Line | None:
        self.failures += 1
        closed = self._state is CircuitState.CLOSED
        if closed and self.failures < self._options.failure_threshold:
            return None
        if closed:
            self._rejected_before = self.rejected
        self.ticket = self._current = None
        self._state = CircuitState.OPEN
        self._until = now + self._options.reset_timeout_s
        return logging.WARNING, (
            f"open after {self.failures} failures in a row, the last one "
            f"{printable(type(error).__qualname__)}; calls are refused, the next "
            f"probe is in {self._options.reset_timeout_s:g} s"
        )

    def _close_locked(self) -> _Line:
        self._state = CircuitState.CLOSED
        self.ticket = self._current = next(_tickets)
        refused = self.rejected - self._rejected_before
        return logging.INFO, f"closed; {refused} calls were refused meanwhile"

    def _write(self, line: _Line | None) -> None:
        if line is None:
            return
        level, text = line
        # A broken log must not change what the caller gets, and there is no other log
        # to say so in.
        with contextlib.suppress(Exception):
            _log.log(level, "circuit breaker %s is %s", self.name, text)
