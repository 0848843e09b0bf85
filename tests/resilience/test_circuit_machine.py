"""`CircuitBreaker` against a model of it, in every order that Hypothesis thinks of.

Calls overlap, begun by one rule and ended by another: each is a coroutine driven by hand
in a context of its own, or has a thread of its own.
"""

import contextvars
import threading
from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from failwell.exceptions import CircuitBreakerError, NotFoundError
from failwell.resilience import CircuitBreaker
from failwell.testing import ManualClock

RESET_S, PLACE_S, PATIENCE_S = 60, 30, 20

OUTCOMES: dict[str, BaseException | None] = {
    "success": None,
    "failure": OSError(),
    "callers fault": NotFoundError("Meeting", 1),
    "interrupt": KeyboardInterrupt(),
}


@dataclass(frozen=True)
class Kind:
    """What a breaker counts, and how it probes."""

    threshold: int | None = None
    window: int = 0
    minimum: int = 0
    rate: float = 1.0
    probes: int = 1
    growth: float = 1.0

    def breaker(self, clock: ManualClock) -> CircuitBreaker:
        """Return a breaker of this kind."""
        common: dict[str, Any] = {
            "half_open_calls": self.probes,
            "reset_backoff": self.growth,
            "name": "mail",
            "clock": clock,
        }
        if self.threshold is not None:
            return CircuitBreaker(self.threshold, RESET_S, PLACE_S, **common)
        return CircuitBreaker(
            reset_timeout=RESET_S,
            half_open_timeout=PLACE_S,
            failure_rate=self.rate,
            window_calls=self.window,
            minimum_calls=self.minimum,
            **common,
        )


KINDS = (
    Kind(threshold=3),
    Kind(threshold=2, probes=3),
    Kind(window=6, minimum=4, rate=0.5),
    Kind(window=5, minimum=2, rate=0.6, probes=2, growth=2.0),
)


class _Suspended:
    """Suspends the coroutine that awaits it until it is resumed."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class Call(Protocol):
    """A call that can be begun, and then ended in any way."""

    epoch: int

    def begin(self) -> None:
        """Run until it is inside the guarded function, or refused."""

    def end(self, error: BaseException | None) -> None:
        """Let it fail with `error`, or answer."""


class Task:
    """A call of a coroutine function, driven by hand."""

    epoch = -1

    def __init__(self, breaker: CircuitBreaker) -> None:
        @breaker
        async def answer() -> str:
            """Wait until it is resumed."""
            await _Suspended()
            return "answer"

        self._coroutine: Coroutine[Any, Any, str] = answer()
        self._context = contextvars.copy_context()

    def begin(self) -> None:
        """Run until it is suspended inside the guarded function."""
        self._context.run(self._coroutine.send, None)

    def end(self, error: BaseException | None) -> None:
        """Let it fail with `error`, or answer."""
        if error is None:
            with pytest.raises(StopIteration, match="answer"):
                self._context.run(self._coroutine.send, None)
        else:
            with pytest.raises(type(error)):
                self._context.run(self._coroutine.throw, error)


class Thread:
    """A call of a function in a thread of its own."""

    epoch = -1

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._begun, self._ends = threading.Event(), threading.Event()
        self._error: BaseException | None = None
        self._raised: BaseException | None = None
        self._call = breaker(self._wait)
        self._thread = threading.Thread(target=self._run)

    def _wait(self) -> None:
        self._begun.set()
        assert self._ends.wait(PATIENCE_S)
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001 - it is looked at by the test
            self._raised = error
        self._begun.set()

    def begin(self) -> None:
        """Run until it is inside the guarded function, or refused."""
        self._thread.start()
        assert self._begun.wait(PATIENCE_S)
        if self._raised is not None:
            self._thread.join(PATIENCE_S)
            raise self._raised

    def end(self, error: BaseException | None) -> None:
        """Let it fail with `error`, or answer."""
        self._error = error
        self._ends.set()
        self._thread.join(PATIENCE_S)
        assert self._raised is error


class Model:
    """What a breaker is, said as simply as possible.

    A result counts only in the epoch in which its call began; every change of state
    begins one. A probe, besides, counts only while it has its place.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.rejected = self.epoch = self.rounds = 0
        self.override: str | None = None
        self.close()

    def close(self) -> None:
        """Begin a closed period."""
        self.state, self.epoch = "closed", self.epoch + 1
        self.outcomes: list[bool] = []
        self.failures = self.rounds = 0
        self.places: dict[Call, float] = {}
        self.successes = 0

    def open(self, now: float) -> None:
        """Begin an open period."""
        self.state, self.epoch = "open", self.epoch + 1
        self.ready_at = now + RESET_S * self.kind.growth**self.rounds
        self.places, self.successes = {}, 0

    def left_s(self, now: float) -> float:
        """Seconds until a call goes through."""
        if self.state == "open":
            return max(0.0, self.ready_at - now)
        if self.state == "closed" or self._free(now):
            return 0.0
        return min(self.places.values()) - now

    def _free(self, now: float) -> bool:
        taken = sum(1 for ends in self.places.values() if ends > now)
        return taken + self.successes < self.kind.probes

    def admits(self, call: Call, now: float) -> bool:
        """Whether a call that begins now goes through."""
        if self.state == "closed":
            return True
        if self.left_s(now):
            self.rejected += 1
            return False
        if self.state == "open":
            self.state, self.epoch = "half_open", self.epoch + 1
        # Only when somebody else needs it does a probe that is late lose its place.
        self.places = {c: ends for c, ends in self.places.items() if ends > now}
        self.places[call] = now + PLACE_S
        return True

    def ends(self, call: Call, outcome: str, now: float) -> None:
        """A call ends."""
        if call.epoch != self.epoch:
            return
        is_verdict = outcome in {"success", "failure"}
        if self.state == "closed":
            if is_verdict and self.override != "disabled":
                self.counts(now, failed=outcome == "failure")
        elif self.places.pop(call, None) is not None and is_verdict:
            self.probed(now, failed=outcome == "failure")

    def counts(self, now: float, *, failed: bool) -> None:
        """A result of a closed circuit."""
        self.outcomes.append(failed)
        if failed and self.override is None and self.trips():
            self.failures = self.counted()
            self.open(now)

    def probed(self, now: float, *, failed: bool) -> None:
        """A result of a probe."""
        if failed:
            self.failures, self.rounds = self.failures + 1, self.rounds + 1
            self.open(now)
            return
        self.successes += 1
        if self.successes == self.kind.probes:
            self.close()

    def trips(self) -> bool:
        """Whether what was counted opens it."""
        kind = self.kind
        if kind.threshold is not None:
            return self.counted() >= kind.threshold
        seen = self.outcomes[-kind.window :]
        return len(seen) >= kind.minimum and sum(seen) / len(seen) >= kind.rate

    def counted(self) -> int:
        """The failures that are looked at."""
        if self.state != "closed":
            return self.failures
        if self.kind.threshold is None:
            return sum(self.outcomes[-self.kind.window :])
        streak = 0
        for failed in reversed(self.outcomes[-self.kind.threshold :]):
            if not failed:
                break
            streak += 1
        return streak


class BreakerMachine(RuleBasedStateMachine):
    """Does the same to a breaker and to the model."""

    calls: Bundle[Call] = Bundle("calls")
    make: type[Task] | type[Thread] = Task

    @initialize(kind=st.sampled_from(KINDS))
    def choose(self, kind: Kind) -> None:
        """Begin with a breaker of some kind."""
        self.clock = ManualClock()
        self.model = Model(kind)
        self.breaker = kind.breaker(self.clock)
        self.open_calls: list[Call] = []

    def _begun(self) -> Call | None:
        call = self.make(self.breaker)
        now = self.clock.monotonic()
        if self.model.override == "open":
            self.model.rejected += 1
            with pytest.raises(CircuitBreakerError) as refused:
                call.begin()
            assert refused.value.retry_after is None
            return None
        if not self.model.admits(call, now):
            with pytest.raises(CircuitBreakerError) as refused:
                call.begin()
            assert refused.value.state == self.model.state
            assert refused.value.retry_after == self.model.left_s(now)
            return None
        call.begin()
        call.epoch = self.model.epoch
        self.open_calls.append(call)
        return call

    @rule(target=calls)
    def begin(self) -> Call | MultipleResults[Call]:
        """Begin a call; it is let through or refused as the model says."""
        return self._begun() or multiple()

    @rule(call=consumes(calls), outcome=st.sampled_from(sorted(OUTCOMES)))
    def end(self, call: Call, outcome: str) -> None:
        """End a call that was let through."""
        call.end(OUTCOMES[outcome])
        self.open_calls.remove(call)
        self.model.ends(call, outcome, self.clock.monotonic())

    @rule(outcome=st.sampled_from(["success", "failure", "failure", "callers fault"]))
    def call(self, outcome: str) -> None:
        """Begin and end a call."""
        call = self._begun()
        if call is not None:
            self.end(call, outcome)

    @rule(seconds=st.sampled_from([1, 29, 30, 31, 59, 60, 61, 120]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    @rule(override=st.sampled_from(["open", "closed", "disabled"]))
    def hold(self, override: str) -> None:
        """Hold it by hand."""
        method = {"open": "force_open", "closed": "force_closed"}
        getattr(self.breaker, method.get(override, "disable"))()
        self.model.close()
        self.model.override = override

    @rule()
    def reset(self) -> None:
        """Close it by hand."""
        self.breaker.reset()
        self.model.close()
        self.model.override = None

    @invariant()
    def agrees_with_the_model(self) -> None:
        """Everything that can be seen is as in the model."""
        model, now = self.model, self.clock.monotonic()
        assert self.breaker.override == model.override
        assert self.breaker.rejected_count == model.rejected
        if model.override == "open":
            assert (self.breaker.state, self.breaker.failure_count) == ("open", 0)
            assert self.breaker.retry_after == float("inf")
            return
        due = model.state == "open" and not model.left_s(now)
        assert self.breaker.state == ("half_open" if due else model.state)
        assert self.breaker.failure_count == model.counted()
        assert self.breaker.retry_after == model.left_s(now)

    def teardown(self) -> None:
        """End what is still open."""
        for call in getattr(self, "open_calls", []):
            call.end(None)


class ThreadMachine(BreakerMachine):
    """The same, each call in a thread."""

    make = Thread


TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestThreads = ThreadMachine.TestCase
TestThreads.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
