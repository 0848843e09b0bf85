"""What a retry does at its edges: what asks for nothing, and for how little."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest

from failwell._dice import DICE
from failwell.resilience import RetryBudget, retry
from failwell.testing import ManualClock

NOW = datetime.fromtimestamp(1_800_000_000, UTC)


class AskingError(OSError):
    """Has whatever it is given."""

    def __init__(self, **attributes: object) -> None:
        super().__init__()
        vars(self).update(attributes)


def _wait(error: Exception, delay: float) -> float:
    clock = ManualClock(NOW.timestamp())
    left = [error]

    def call() -> None:
        if left:
            raise left.pop()

    retry(OSError, 2, delay, jitter=None, clock=clock)(call)()
    return clock.sleeps[0] if clock.sleeps else 0.0


@pytest.mark.parametrize("delay", [0, 0.25])
@pytest.mark.parametrize(
    "error",
    [
        OSError(),
        AskingError(response=httpx.Response(503)),
        AskingError(headers={}),
        AskingError(headers=7),
        AskingError(retry_after="soon"),
        AskingError(retry_after=-3),
        AskingError(retry_after=0),
        AskingError(retry_after=float("inf")),
    ],
    ids=repr,
)
def test_what_asks_for_nothing_waits_as_long_as_it_would(
    error: Exception, delay: float
) -> None:
    """Also where nothing would be waited at all."""
    assert _wait(error, delay) == delay


@pytest.mark.parametrize(
    ("asked", "wait_s"),
    [
        (0.5, 0.5),
        (NOW + timedelta(seconds=9), 9),
        ((NOW + timedelta(seconds=9)).astimezone(timezone(timedelta(hours=5))), 9),
        ((NOW + timedelta(seconds=9)).astimezone(timezone(-timedelta(hours=5))), 9),
    ],
    ids=repr,
)
def test_what_is_asked_for_is_kept_wherever_it_is_asked(
    asked: object, wait_s: float
) -> None:
    """Less than a second, and moments of other places."""
    assert _wait(AskingError(retry_after=asked), 0.25) == wait_s


def test_decorrelated_waits_grow() -> None:
    """Each may be three times the one before."""
    DICE.seed(1)
    clock, left = ManualClock(), [OSError()] * 60

    def call() -> None:
        if left:
            raise left.pop()

    retry(OSError, 61, 0.001, jitter="decorrelated", clock=clock)(call)()

    assert max(clock.sleeps) > 1


def test_an_empty_budget_is_filled_by_successes_alone() -> None:
    """It never owes more than it holds, nor puts back more than was taken."""
    budget = RetryBudget(1, tokens=2)
    again = retry(OSError, 2, 0, budget=budget)

    for _ in range(5):
        with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
            again(_raise)()
    drained = budget.tokens, budget.owes
    for _ in range(2):
        again(int)()

    assert drained == (0, True)
    assert (budget.tokens, budget.owes) == (2, False)


def _raise() -> None:
    raise OSError


def test_an_empty_generator_is_a_success() -> None:
    """It puts its share back into the budget."""
    budget = RetryBudget(0.5, tokens=4)
    left = [OSError()]

    @retry(OSError, 2, 0, budget=budget)
    def items() -> Iterator[int]:
        if left:
            raise left.pop()
        yield from ()

    assert list(items()) == []
    assert budget.tokens == 3.5


def test_a_wait_that_ends_with_the_time_is_waited() -> None:
    """Only what would pass `max_elapsed` is not."""
    clock = ManualClock()

    with pytest.raises(OSError):  # noqa: PT011 - a bare one is what is raised
        retry(OSError, 9, 1, 1, jitter=None, max_elapsed=2, clock=clock)(_raise)()

    assert clock.sleeps == [1, 1]
