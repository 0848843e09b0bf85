"""What a process tells of its circuits, and how it does what operators order."""

import gc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from failwell.exceptions import CircuitBreakerError
from failwell.fleet._orders import Follower
from failwell.fleet._reports import decode_all, encode, report_process
from failwell.resilience import (
    CIRCUITS,
    Bulkhead,
    CircuitBreaker,
    CircuitOverride,
    CircuitState,
    Policy,
    RetryBudget,
    retry,
)
from failwell.resilience._first import First
from failwell.store import CircuitOrder, Override
from failwell.testing import ManualClock

NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)


def _fail() -> None:
    raise OSError("away")


def _trip(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(OSError, match="away"):
            breaker.call(_fail)


def _order(override: Override | None, minute: int = 0) -> CircuitOrder:
    return CircuitOrder(
        name="told", override=override, set_by="ada", set_at=NOW.replace(minute=minute)
    )


@pytest.fixture
def clock() -> ManualClock:
    """Stand still at noon."""
    return ManualClock(NOW.timestamp())


@pytest.fixture
def breaker(clock: ManualClock) -> Iterator[CircuitBreaker]:
    """Return a breaker that opens at the second failure, the only one of its name."""
    gc.collect()
    yield CircuitBreaker(2, 60, name="told", clock=clock)
    CIRCUITS.hold("told", None)


def test_a_report_says_since_when_and_until_when(
    breaker: CircuitBreaker, clock: ManualClock
) -> None:
    """In moments, so that whoever reads it later knows how long ago that was.

    What another release has told in another form is passed over.
    """
    clock.advance(10)
    _trip(breaker, 2)
    clock.advance(5)
    with pytest.raises(CircuitBreakerError):
        breaker.call(_fail)

    report = report_process("desk:7", clock.now())

    (circuit,) = [c for c in report.circuits if c.name == "told"]
    assert report.process == "desk:7"
    assert circuit.state is CircuitState.OPEN
    assert circuit.since == NOW + timedelta(seconds=10)
    assert circuit.retry_at == NOW + timedelta(seconds=70)
    assert (circuit.failures, circuit.rejected, circuit.opened) == (2, 1, 1)
    assert decode_all([encode(report), b"{}", None]) == [report]


def test_a_state_lasts_from_its_change_on(
    breaker: CircuitBreaker, clock: ManualClock
) -> None:
    """An open circuit is half-open from the end of its time, called or not."""
    ages = [(breaker.state, breaker.state_age)]
    _trip(breaker, 2)
    for seconds in (59, 2, 3):
        clock.advance(seconds)
        ages.append((breaker.state, breaker.state_age))
    with breaker:
        clock.advance(4)
        ages.append((breaker.state, breaker.state_age))
    clock.advance(1)
    ages.append((breaker.state, breaker.state_age))

    assert ages == [
        ("closed", 0),
        ("open", 59),
        ("half_open", 1),
        ("half_open", 4),
        ("half_open", 4),
        ("closed", 1),
    ]


def test_a_circuit_that_is_held_open_has_no_end(breaker: CircuitBreaker) -> None:
    """Nobody knows when; JSON has no infinity either."""
    breaker.force_open()

    report = report_process("desk:7", NOW.timestamp())

    (circuit,) = [c for c in report.circuits if c.name == "told"]
    assert circuit.retry_at is None
    assert circuit.override is CircuitOverride.OPEN


def test_a_report_has_bulkheads_budgets_and_policies() -> None:
    """With what an operator asks of each."""
    bulkhead, budget = Bulkhead(3, name="told"), RetryBudget(name="told", tokens=5)
    policy = Policy("told", bulkhead=bulkhead, retry=retry(OSError), deadline=3)
    assert budget.take()

    with bulkhead:
        report = report_process("desk:7", NOW.timestamp())

    (told,) = [b for b in report.bulkheads if b.name == "told"]
    assert (told.in_use, told.max_concurrent, told.waiting) == (1, 3, 0)
    (left,) = [b for b in report.budgets if b.name == "told"]
    assert (left.tokens, left.max_tokens, left.refused) == (4, 5, 0)
    assert policy.name in [p.name for p in report.policies]
    assert ("deadline", "retry", "bulkhead") in [p.strategies for p in report.policies]


def test_of_many_circuits_the_open_ones_are_told(clock: ManualClock) -> None:
    """A breaker for each of a thousand hosts does not make a report without bound."""
    many = [CircuitBreaker(1, name=f"told-{n:04}", clock=clock) for n in range(1000)]
    _trip(many[-1])

    report = report_process("desk:7", clock.now())

    assert len(report.circuits) == 200
    assert report.omitted >= 800
    assert "told-0999" in {circuit.name for circuit in report.circuits}


def test_an_order_holds_what_there_is_and_what_comes(breaker: CircuitBreaker) -> None:
    """Until it is taken back, when the calls decide again."""
    follower = Follower()

    follower.follow([_order("open")])
    later = CircuitBreaker(name="told")
    held = [breaker.override, later.override]
    follower.follow([_order(None, minute=1)])

    assert held == [CircuitOverride.OPEN, CircuitOverride.OPEN]
    assert [breaker.override, later.override] == [None, None]
    assert CircuitBreaker(name="told").override is None


def test_an_order_is_obeyed_once(breaker: CircuitBreaker) -> None:
    """The circuit is not opened anew each time that the order is read."""
    follower = Follower()

    for _ in range(3):
        follower.follow([_order("open")])

    assert breaker.counters.opened == 1


def test_an_order_wins_over_code_that_lets_go(breaker: CircuitBreaker) -> None:
    """What a person holds at night, no job of the application's opens again."""
    follower = Follower()
    follower.follow([_order("open")])
    breaker.reset()

    follower.follow([_order("open")])

    assert breaker.override is CircuitOverride.OPEN


def test_a_reset_closes_what_has_opened_by_itself(breaker: CircuitBreaker) -> None:
    """Once: what opens afterwards stays open, however often the order is read."""
    follower = Follower()
    follower.follow([])
    _trip(breaker, 2)

    follower.follow([_order(None, minute=1)])
    after_the_order = breaker.state
    _trip(breaker, 2)
    follower.follow([_order(None, minute=1)])
    after_opening_again = breaker.state
    follower.follow([_order(None, minute=2)])

    assert after_the_order is CircuitState.CLOSED
    assert after_opening_again is CircuitState.OPEN
    assert breaker.state is CircuitState.CLOSED


def test_an_old_reset_says_nothing_to_a_new_process(breaker: CircuitBreaker) -> None:
    """What has opened since it began has done so for a reason."""
    _trip(breaker, 2)

    Follower().follow([_order(None)])

    assert breaker.state is CircuitState.OPEN


def test_an_order_that_is_gone_counts_no_more(breaker: CircuitBreaker) -> None:
    """Where orders were kept and are lost, all processes do the same: they let go."""
    follower = Follower()
    follower.follow([_order("disabled")])

    follower.follow([])

    assert breaker.override is None


def test_what_a_program_holds_by_itself_stays(breaker: CircuitBreaker) -> None:
    """No order was ever given for it."""
    CIRCUITS.hold("told", "closed")
    follower = Follower()

    follower.follow([])
    follower.follow([])

    assert breaker.override is CircuitOverride.CLOSED


class _Waiter:
    def __init__(self) -> None:
        self.calls = 0

    def call(self) -> None:
        """Count."""
        self.calls += 1


def test_who_waits_for_the_first_is_called_once() -> None:
    """At the first one or, where that has come already, at once; nobody is kept alive."""
    first, early, late, gone = First(), _Waiter(), _Waiter(), _Waiter()
    first.call(early.call)
    first.call(gone.call)
    del gone
    gc.collect()
    before = early.calls

    first.announce()
    first.announce()
    first.call(late.call)

    assert (before, early.calls, late.calls) == (0, 1, 1)
