"""What users' tests get: resilience off, without waits, held, and with faults."""

import asyncio

import pytest

from failwell.exceptions import CircuitBreakerError
from failwell.resilience import CIRCUITS, CircuitBreaker, Policy, fallback, retry
from failwell.testing import (
    Faults,
    ManualClock,
    circuit_held,
    no_waiting,
    resilience_off,
)

pytest_plugins = ["pytester"]


def test_nothing_acts_when_it_is_off() -> None:
    """One attempt, no open circuit, no stand-in; an open one lets through."""
    clock = ManualClock()
    breaker = CircuitBreaker(1, name="off", clock=clock)
    calls = []

    @fallback("other")
    @retry(OSError, clock=clock)
    @breaker
    def fail() -> None:
        calls.append(1)
        raise OSError

    with resilience_off():
        for _ in range(3):
            with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
                fail()
        state = breaker.state
    on = fail()
    with resilience_off(), pytest.raises(OSError):  # noqa: PT011 - as above
        fail()

    assert (state, on) == ("closed", "other")
    assert len(calls) == 3 + 1 + 1
    assert len(clock.sleeps) == 1


def test_modes_end_with_their_block() -> None:
    """Nested, and when a test fails."""
    clock = ManualClock()
    again = retry(OSError, tries=4, clock=clock)
    counts = []

    def count() -> int:
        calls: list[int] = []

        def fail() -> None:
            calls.append(1)
            raise OSError

        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            again(fail)()
        return len(calls)

    with no_waiting(tries=3):
        counts.append(count())
        with resilience_off():
            counts.append(count())
        with pytest.raises(KeyError), resilience_off():
            raise KeyError
        counts.append(count())
    with no_waiting():
        counts.append(count())
    sleeps = list(clock.sleeps)
    counts.append(count())

    assert counts == [3, 1, 3, 4, 4]
    assert sleeps == []
    assert len(clock.sleeps) == 3
    with pytest.raises(ValueError, match="tries is 0"), no_waiting(tries=0):
        pass


def test_a_circuit_is_held_for_a_block() -> None:
    """By its name; there must be one."""
    breaker = CircuitBreaker(name="held-for-a-block")

    with circuit_held("held-for-a-block", "open"):
        with pytest.raises(CircuitBreakerError):
            breaker.call(int)
        states = [breaker.state]
    states.append(breaker.state)

    assert states == ["open", "closed"]
    assert CIRCUITS.overrides == {}
    with (
        pytest.raises(ValueError, match=r"no circuit breaker named 'absent'.*held-for"),
        circuit_held("absent", "open"),
    ):
        pass


def test_faults_come_before_the_function() -> None:
    """At their rate, and the same way each time; the policy copes with them."""
    clock = ManualClock()
    policy = Policy("faulty", retry=retry(ConnectionError, tries=9, clock=clock))
    call = policy(lambda: "answer")

    async def awaited() -> str:
        """Answer."""
        return "awaited"

    def run() -> tuple[int, list[str]]:
        clock.sleeps.clear()
        with Faults(seed=7, clock=clock) as faults:
            faults.fail("faulty", ConnectionError, rate=0.3)
            later = policy(awaited)
            answers = [call() for _ in range(50)]
            answers += [asyncio.run(later()) for _ in range(50)]
        return len(clock.sleeps), answers

    retries, answers = run()

    assert (retries, answers) == run()
    assert answers == ["answer"] * 50 + ["awaited"] * 50
    assert 20 < retries < 70
    clock.sleeps.clear()
    assert [call() for _ in range(50)] == ["answer"] * 50
    assert clock.sleeps == []


def test_faults_may_be_slow() -> None:
    """They wait before the function, beside others that fail."""
    clock = ManualClock()
    policy = Policy("lagging")

    async def awaited() -> str:
        """Answer."""
        return "awaited"

    call, later = policy(int), policy(awaited)
    with Faults(clock=clock) as faults:
        faults.delay("lagging", 2)
        answers = [call(), asyncio.run(later())]
        sleeps = list(clock.sleeps)
        faults.fail("lagging", lambda: OSError("made"))
        with pytest.raises(OSError, match="made"):
            call()
        with pytest.raises(OSError, match="made"):
            asyncio.run(later())
        faults.clear()
        answers.append(call())

    assert answers == [0, "awaited", 0]
    assert sleeps == [2, 2]


def test_bad_faults_are_refused() -> None:
    """A name that nobody has, a rate out of range, what is no error."""
    policy = Policy("refusing")

    with Faults() as faults:
        with pytest.raises(ValueError, match=r"no policy named 'absent'.*refusing"):
            faults.fail("absent", OSError)
        with pytest.raises(ValueError, match="rate is 0"):
            faults.delay("refusing", 1, rate=0)
        with pytest.raises(TypeError, match="error is OSError"):
            faults.fail("refusing", OSError())  # type: ignore[arg-type]

    assert policy(int)() == 0


def test_the_fixtures_come_by_themselves(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test of somebody who has failwell installed names them, and no more."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(
        """
        import pytest
        from failwell import CircuitBreaker, retry
        from failwell.exceptions import CircuitBreakerError
        from failwell.resilience import Policy

        policy = Policy("calendar", retry=retry(ConnectionError, tries=2))
        breaker = CircuitBreaker(name="calendar")
        call = policy(lambda: "answer")

        def test_faults(faults, no_waiting):
            faults.fail("calendar", ConnectionError)
            with pytest.raises(ConnectionError):
                call()

        def test_they_are_gone():
            assert call() == "answer"
            assert breaker.call(int) == 0

        def test_held(hold_circuit):
            hold_circuit("calendar", "open")
            with pytest.raises(CircuitBreakerError):
                breaker.call(int)

        def test_off(resilience_off, hold_circuit):
            hold_circuit("calendar", "open")
            assert breaker.call(int) == 0

        def test_clock(manual_clock):
            manual_clock.sleep(5)
            assert manual_clock.sleeps == [5]
        """
    )

    # What else is installed here takes seconds to load.
    others = ("cacheprovider", "schemathesis", "hypothesispytest", "xdist")
    without = [word for other in others for word in ("-p", f"no:{other}")]
    result = pytester.runpytest_subprocess("-q", *without)

    result.assert_outcomes(passed=5)
