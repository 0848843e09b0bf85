"""`CircuitBreaker` against a model of it, in every order that Hypothesis thinks of.

Calls overlap: each is a coroutine driven by hand in a context of its own, begun by one
rule and ended by another.
"""

import contextvars
from collections.abc import Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from failwell.exceptions import CircuitBreakerError, NotFoundError
from failwell.resilience import CircuitBreaker
from failwell.testing import ManualClock

THRESHOLD, RESET_S, PLACE_S = 3, 60, 30

OUTCOMES: dict[str, BaseException | None] = {
    "success": None,
    "failure": OSError(),
    "callers fault": NotFoundError("Meeting", 1),
    "interrupt": KeyboardInterrupt(),
}


class _Suspended:
    """Suspends the coroutine that awaits it until it is resumed."""

    def __await__(self) -> Generator[None, None, None]:
        yield


@dataclass
class Call:
    """A call that has begun."""

    coroutine: Coroutine[Any, Any, str]
    epoch: int = -1
    context: contextvars.Context = field(default_factory=contextvars.copy_context)

    def begin(self) -> None:
        """Run until it is suspended inside the guarded function."""
        self.context.run(self.coroutine.send, None)

    def end(self, error: BaseException | None) -> None:
        """Let it fail with `error`, or answer."""
        if error is None:
            with pytest.raises(StopIteration, match="answer"):
                self.context.run(self.coroutine.send, None)
        else:
            with pytest.raises(type(error)):
                self.context.run(self.coroutine.throw, error)


class Model:
    """What a breaker is, said as simply as possible.

    A result counts only in the epoch in which its call began; every change begins one.
    """

    def __init__(self) -> None:
        self.state = "closed"
        self.failures = self.rejected = self.epoch = 0
        self.ready_at = 0.0

    def admits(self, now: float) -> bool:
        """Whether a call that begins now goes through."""
        if self.state == "closed":
            return True
        if now < self.ready_at:
            self.rejected += 1
            return False
        self.state, self.ready_at = "half_open", now + PLACE_S
        self.epoch += 1
        return True

    def ends(self, epoch: int, outcome: str, now: float) -> None:
        """A call that began in `epoch` ends."""
        if epoch != self.epoch:
            return
        if outcome == "success":
            self.failures = 0
            if self.state == "half_open":
                self.state, self.epoch = "closed", self.epoch + 1
        elif outcome == "failure":
            self.failures += 1
            if self.state == "half_open" or self.failures == THRESHOLD:
                self.state, self.ready_at = "open", now + RESET_S
                self.epoch += 1
        elif self.state == "half_open":
            self.ready_at, self.epoch = now, self.epoch + 1

    def reset(self) -> None:
        """Closed by hand."""
        self.state, self.failures, self.epoch = "closed", 0, self.epoch + 1


class BreakerMachine(RuleBasedStateMachine):
    """Does the same to a breaker and to the model."""

    calls: Bundle[Call] = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.model = Model()
        self.breaker = CircuitBreaker(
            THRESHOLD, RESET_S, PLACE_S, name="mail", clock=self.clock
        )
        self.open_calls: list[Call] = []

        @self.breaker
        async def answer() -> str:
            await _Suspended()
            return "answer"

        self.answer = answer

    def _begun(self) -> Call | None:
        call = Call(self.answer())
        if not self.model.admits(self.clock.monotonic()):
            with pytest.raises(CircuitBreakerError) as caught:
                call.begin()
            assert caught.value.state == self.model.state
            assert caught.value.retry_after == self.left_s()
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
        self.model.ends(call.epoch, outcome, self.clock.monotonic())

    @rule(outcome=st.sampled_from(["success", "failure", "failure", "callers fault"]))
    def call(self, outcome: str) -> None:
        """Begin and end a call."""
        call = self._begun()
        if call is not None:
            self.end(call, outcome)

    @rule(seconds=st.sampled_from([1, 29, 30, 31, 59, 60, 61]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    @rule()
    def reset(self) -> None:
        """Close it by hand."""
        self.breaker.reset()
        self.model.reset()

    def left_s(self) -> float:
        """Seconds until the model lets a call through."""
        if self.model.state == "closed":
            return 0.0
        return max(0.0, self.model.ready_at - self.clock.monotonic())

    @invariant()
    def agrees_with_the_model(self) -> None:
        """Everything that can be seen is as in the model."""
        due = self.model.state == "open" and not self.left_s()
        assert self.breaker.state == ("half_open" if due else self.model.state)
        assert self.breaker.failure_count == self.model.failures
        assert self.breaker.rejected_count == self.model.rejected
        assert self.breaker.retry_after == self.left_s()

    def teardown(self) -> None:
        """End the calls that are still open."""
        for call in self.open_calls:
            call.context.run(call.coroutine.close)


BreakerMachine.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None
)
TestBreakerMachine = BreakerMachine.TestCase
