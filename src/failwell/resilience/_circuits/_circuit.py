"""The states of one circuit: the lock, the transitions and who is let through.

Owns whose result counts. A call takes along the window, or the place of a probe, that it
began with; when that is over by the time the call ends, its result changes nothing.
Refuses to run anybody's code under the lock, which is held for a few assignments.
"""

import math
import threading
from collections.abc import Callable

from failwell._clock import Clock
from failwell.exceptions import CircuitBreakerError
from failwell.resilience._circuits import _inside, _reasons
from failwell.resilience._circuits._options import CircuitOptions
from failwell.resilience._circuits._probes import NO_VERDICT, Probe, Probes, Ticket
from failwell.resilience._circuits._states import (
    CircuitChange,
    CircuitCounters,
    CircuitOverride,
    CircuitState,
)
from failwell.resilience._circuits._trip import Trip
from failwell.resilience._circuits._windows import Counts, Outcome, Window
from failwell.resilience._listeners import EVERYTHING, ask
from failwell.resilience._mode import MODE
from failwell.resilience._refusals import tell_refused

_CLOSED, _OPEN, _HALF_OPEN = (
    CircuitState.CLOSED,
    CircuitState.OPEN,
    CircuitState.HALF_OPEN,
)
_EMPTY = Counts(0, 0, 0)


class Circuit:
    """The state machine.

    One field is read without the lock, so that a call through a closed circuit costs one
    read and one count: `ticket`, which is None while calls have to ask `admit`.

    Args:
        options: When to open, for how long, how to probe.
        clock: Time; only its monotonic side is asked.
        name: What errors and log lines call the circuit.
        announce: Told of each change, outside of the lock.
    """

    __slots__ = ("_announce", "_current", "_failures", "_lock", "_now", "_opened", "_options", "_override", "_probes", "_refused", "_refused_before", "_rounds", "_since", "_state", "_totals", "_until", "_window", "name", "ticket")  # fmt: skip

    def __init__(
        self,
        options: CircuitOptions,
        clock: Clock,
        name: str,
        announce: Callable[[CircuitChange], None],
    ) -> None:
        self.name = name
        self.ticket: Ticket = None
        self._options = options
        self._now = clock.monotonic
        self._announce = announce
        self._lock = threading.Lock()
        self._override: CircuitOverride | None = None
        self._opened = self._refused = self._refused_before = 0
        # By outcome, without the successes that only the window knows.
        self._totals = [0, 0, 0]
        # Failures that opened it and of probes since; failed rounds of probes in a row.
        self._failures = self._rounds = 0
        self._state = _CLOSED
        # When an open circuit may be probed.
        self._until = 0.0
        self._window: Window | None = None
        # Whose results count: the ticket of the window.
        self._current: Ticket = None
        self._probes = Probes(options.half_open_calls, options.half_open_timeout_s)
        self._close_locked(self._now())

    @property
    def trip(self) -> Trip:
        """When it opens."""
        return self._options.trip

    @property
    def failed_result(self) -> Callable[[object], bool] | None:
        """What tells whether a result is a failure, None where none is; never raises."""
        return None if self._options.failed_result is None else self._is_failure

    @property
    def features(self) -> set[str]:
        """What a wrapper has to do for it beside handing the ticket in."""
        if self.trip.slow_s is not None or self._options.failed_result is not None:
            return {"measured"}  # a call shows its result and its time
        return {"timed"} if self.trip.is_timed else set()

    @property
    def override(self) -> CircuitOverride | None:
        """What an operator holds it to, if anything."""
        return self._override

    @property
    def state(self) -> CircuitState:
        """The state that a call would meet now."""
        now = self._now()
        with self._lock:
            waited = self._state is _OPEN and now >= self._until
            return _HALF_OPEN if waited else self._state

    @property
    def state_age(self) -> float:
        """Seconds that the state has lasted."""
        now = self._now()
        with self._lock:
            waited = self._state is _OPEN and now >= self._until
            return max(0.0, now - (self._until if waited else self._since))

    @property
    def retry_after(self) -> float:
        """Seconds until a call may go through; infinite while held open by hand."""
        now = self._now()
        with self._lock:
            return self._left_locked(now)

    @property
    def counters(self) -> CircuitCounters:
        """What it has counted."""
        now = self._now()
        with self._lock:
            window = self._window
            counts = _EMPTY if window is None else window.counts_locked(now)
            calls = sum(self._totals) + (0 if window is None else window.succeeded)
            return CircuitCounters(
                calls=counts.calls,
                failures=counts.failures + self._failures,
                slow=counts.slow,
                rejected=self._refused,
                opened=self._opened,
                total_calls=calls,
                total_failures=self._totals[Outcome.FAILURE],
                total_slow=self._totals[Outcome.SLOW],
            )

    def admit(self) -> Ticket:
        """Let a call through that found no ticket, or refuse it.

        Raises:
            CircuitBreakerError: The circuit is open, or others hold all places to probe.
        """
        now = self._now()
        with self._lock:
            left_s = self._until - now
            is_refused = self._state is _OPEN and left_s > 0 and MODE.acts
            if is_refused:
                self._refused += 1
        if is_refused:
            if EVERYTHING:
                tell_refused("circuit breaker", self.name, left_s)
            raise CircuitBreakerError(self.name, left_s)
        return self._admit_probe(now)

    def _admit_probe(self, now: float) -> Ticket:
        with self._lock:
            before = self._state
            ticket = self._probe_ticket_locked(now)
            left_s = self._left_locked(now)
            self._refused += ticket is None
            change = None
            if before is _OPEN and self._state is _HALF_OPEN:
                reason = _reasons.half_open(self._options.half_open_calls)
                change = self._change_locked(_OPEN, reason)
        if ticket is None:
            tell_refused("circuit breaker", self.name, left_s)
            raise CircuitBreakerError(self.name, left_s, state=before.value)
        if isinstance(ticket, Probe):
            _inside.enter(ticket.number)
        if change is not None:
            self._announce(change)
        return ticket

    def _probe_ticket_locked(self, now: float) -> Ticket:
        if self.ticket is not None:  # it has closed in between
            return self.ticket
        if not MODE.acts:
            return NO_VERDICT
        if self._state is _OPEN:
            if now < self._until:  # it has opened again in between
                return None
            self._state, self._since = _HALF_OPEN, now
        elif self._probes.holds_one_of(_inside.numbers()):
            return NO_VERDICT  # the probe's own result is the verdict
        return self._probes.take_locked(now, self._pass)

    def fail(self, ticket: Ticket, error: BaseException) -> None:
        """Hand in the ticket of a call that raised `error`, a failure or no verdict."""
        if self._options.verdict.counts(error):
            self._settle(ticket, Outcome.FAILURE, type(error).__qualname__)
        else:
            self.withdraw(ticket)

    def finish(self, ticket: Ticket, result: object, took_s: float) -> None:
        """Hand in the ticket of a call that returned, whatever may be wrong with that."""
        slow_s = self.trip.slow_s
        if self._options.failed_result is not None and self._is_failure(result):
            self.fail_result(ticket)
        elif slow_s is not None and took_s > slow_s:
            self.slow(ticket)
        elif self.trip.is_timed:
            now = self._now()
            if now >= ticket.edge:
                self.turn(now)
            next(ticket.successes)
        else:
            next(ticket)

    def fail_result(self, ticket: Ticket) -> None:
        """Hand in the ticket of a call whose result is a failure."""
        self._settle(ticket, Outcome.FAILURE, "a result")

    def slow(self, ticket: Ticket) -> None:
        """Hand in the ticket of a call that succeeded and took too long."""
        self._settle(ticket, Outcome.SLOW, "a slow call")

    def withdraw(self, ticket: Ticket) -> None:
        """Hand in the ticket of a call that is no verdict: give its place back."""
        with self._lock:
            self._probes.give_back_locked(ticket)
        _leave(ticket)

    def turn(self, now: float) -> None:
        """Begin a new part of the window, if it is time for one."""
        with self._lock:
            if self._window is not None:
                self._window.turn_locked(now)

    def hold(self, override: CircuitOverride | None) -> None:
        """Hold it to a state by hand, or close it afresh and let the calls decide."""
        now = self._now()
        with self._lock:
            before, held = self._state, self._override
            self._override = override
            self._close_locked(now)
            if override is CircuitOverride.OPEN:
                self._open_locked(now, math.inf)
            elif override is CircuitOverride.DISABLED:
                self.ticket = NO_VERDICT
            change = self._change_locked(before, _reasons.held(override))
        if (before, held) != (change.after, override):
            self._announce(change)

    def _is_failure(self, result: object) -> bool:
        failed = self._options.failed_result
        what = f"failed_result given to the circuit breaker {self.name}"
        return failed is not None and ask(failed, result, what)

    def _pass(self, probe: Probe) -> None:
        now = self._now()
        change = None
        with self._lock:
            if self._probes.give_back_locked(probe):
                self._totals[Outcome.SUCCESS] += 1
                if self._probes.succeed_locked():
                    refused = self._refused - self._refused_before
                    self._close_locked(now)
                    change = self._change_locked(_HALF_OPEN, _reasons.closed(refused))
        _leave(probe)
        if change is not None:
            self._announce(change)

    def _settle(self, ticket: Ticket, outcome: Outcome, last: str) -> None:
        now = self._now()
        change = None
        with self._lock:
            window = self._window
            if window is not None and ticket is self._current:
                self._totals[outcome] += 1
                window.add_locked(outcome, now)
                counts = window.counts_locked(now)
                reason = self._options.trip.reason(counts)
                if reason is not None and self._override is None and MODE.acts:
                    self._failures = counts.failures
                    change = self._trip_locked(f"open after {reason}", last, now)
            elif self._probes.give_back_locked(ticket):
                self._totals[outcome] += 1
                self._failures += 1
                self._rounds += 1
                reason = f"open again after {self._failures} failures"
                change = self._trip_locked(reason, last, now)
        _leave(ticket)
        if change is not None:
            self._announce(change)

    def _left_locked(self, now: float) -> float:
        if self._state is _HALF_OPEN:
            return self._probes.left_s(now)
        return max(0.0, self._until - now)

    def _trip_locked(self, reason: str, last: str, now: float) -> CircuitChange:
        before = self._state
        wait_s = self._options.open_time.wait_s(1 + self._rounds)
        if before is _CLOSED:
            self._refused_before = self._refused
        self._open_locked(now, now + wait_s)
        return self._change_locked(
            before,
            _reasons.opened(reason, last, wait_s),
            wait_s,
        )

    def _open_locked(self, now: float, until: float) -> None:
        self._end_window_locked()
        self._state, self._since, self._until = _OPEN, now, until
        self._opened += 1
        self._probes.end_locked()

    def _close_locked(self, now: float) -> None:
        self._state, self._since, self._until = _CLOSED, now, now
        self._failures = self._rounds = 0
        self._probes.end_locked()
        self._end_window_locked()
        self._window = window = self._options.trip.window(now)
        # Where nobody looks at the clock, to count a success is all there is to do.
        self.ticket = window if self.trip.is_timed else window.successes
        self._current = self.ticket

    def _end_window_locked(self) -> None:
        if self._window is not None:
            self._totals[Outcome.SUCCESS] += self._window.succeeded
        self.ticket = self._current = self._window = None

    def _change_locked(
        self, before: CircuitState, reason: str, retry_after: float | None = None
    ) -> CircuitChange:
        return CircuitChange(
            name=self.name,
            before=before,
            after=self._state,
            reason=reason,
            retry_after=retry_after,
            override=self._override,
        )


def _leave(ticket: Ticket) -> None:
    if isinstance(ticket, Probe):
        _inside.leave(ticket.number)
