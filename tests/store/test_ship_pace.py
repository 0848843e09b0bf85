"""A shipper beside requests lets them work while it moves a batch."""

import threading

from failwell.store._pace import Considerate, Steady
from failwell.testing import ManualClock


def test_a_batch_is_moved_in_breaths() -> None:
    """After each millisecond of work it sleeps as long, and loses no item."""
    clock = ManualClock()
    pace = Considerate(threading.Event(), clock)
    moved = []

    for item in pace.between(range(10)):
        moved.append(item)
        clock.advance(0.0004)

    assert moved == list(range(10))
    assert clock.sleeps == [0.001] * 3


def test_one_that_nobody_waits_for_goes_on() -> None:
    """A command that ships gets its items as they are."""
    items = range(10)

    assert Steady().between(items) is items
    assert Steady().proceed()


def test_a_rest_ends_with_the_shipper() -> None:
    """It says whether to go on."""
    stop = threading.Event()
    pace = Considerate(stop, ManualClock())

    assert pace.proceed()
    stop.set()

    assert not pace.proceed()
