"""Orders reach a process and reports leave it, whichever board there is."""

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.fleet.conftest import SHOP, eventually

from failwell._clock import SYSTEM_CLOCK
from failwell.exceptions import CircuitBreakerError
from failwell.fleet import Board, Fleet, StoreBoard
from failwell.fleet._overview import CircuitView
from failwell.fleet._reports import ProcessReport, report_process
from failwell.fleet._turn import Turn
from failwell.resilience import CircuitBreaker, CircuitOverride, CircuitState
from failwell.store import Deployment, Store, StoreError
from failwell.testing import ManualClock


def _fail() -> None:
    raise OSError("away")


def _trip(breaker: CircuitBreaker) -> None:
    for _ in range(2):
        with pytest.raises(OSError, match="away"):
            breaker.call(_fail)


def _view(fleet: Fleet, *, with_own: bool) -> CircuitView:
    circuits = fleet.overview(with_own=with_own).circuits()
    return next(view for view in circuits if view.name == "told")


def test_an_order_reaches_a_process_that_takes_part(
    fleet: Fleet, breaker: CircuitBreaker
) -> None:
    """And so does the next one, which takes it back."""
    fleet.start()

    fleet.order("told", "open", set_by="ada")
    eventually(lambda: breaker.override is CircuitOverride.OPEN)
    with pytest.raises(CircuitBreakerError):
        breaker.call(_fail)
    fleet.order("told", None, set_by="bob")
    eventually(lambda: breaker.override is None)

    assert breaker.state is CircuitState.CLOSED


def test_whoever_looks_sees_the_processes_and_who_ordered(
    fleet: Fleet, breaker: CircuitBreaker
) -> None:
    """The command line, which has breakers of its own, shows those of the others."""
    fleet.start()
    _trip(breaker)
    order = fleet.order("told", "disabled", set_by="ada")
    eventually(lambda: _view(fleet, with_own=False).obeying)

    view = _view(fleet, with_own=False)

    assert fleet.overview(with_own=False).answered_by is None
    assert view.order == order
    assert order.set_by == "ada"
    assert (view.obeying, dict(view.states)) == (1, {CircuitState.CLOSED: 1})
    assert view.seen[0].circuit.opened == 1


def test_a_process_that_answers_shows_itself_as_it_is(
    fleet: Fleet, board: Board, breaker: CircuitBreaker
) -> None:
    """And the others as they told last, each with its moment."""
    now = SYSTEM_CLOCK.now()
    mine = report_process("elsewhere:1", now)
    board.report(replace(mine, at=mine.at - timedelta(seconds=40)))
    _trip(breaker)

    overview, view = fleet.overview(with_own=True), _view(fleet, with_own=True)

    states = {seen.process: seen.circuit.state for seen in view.seen}
    assert states[overview.answered_by or ""] is CircuitState.OPEN
    assert states["elsewhere:1"] is CircuitState.CLOSED
    assert (view.state, view.failures) == (CircuitState.OPEN, 2)


def test_what_was_told_too_long_ago_is_not_shown(board: Board) -> None:
    """After 90 seconds a process has ended, or is cut off: nobody knows how it is."""
    now = datetime.fromtimestamp(SYSTEM_CLOCK.now(), UTC)
    if isinstance(board, StoreBoard):
        clock = ManualClock(now.timestamp() - 91)
        past = Store(board._store._url, clock=clock)
        StoreBoard(past, SHOP, clock).report(
            ProcessReport(process="gone:1", at=now - timedelta(seconds=91))
        )
        past.close()
    else:
        board.report(ProcessReport(process="gone:1", at=now - timedelta(seconds=91)))
    board.report(ProcessReport(process="here:2", at=now))

    assert [report.process for report in board.reports()] == ["here:2"]


def test_a_name_that_nobody_has_is_refused_with_those_there_are(
    fleet: Fleet, breaker: CircuitBreaker
) -> None:
    """The likely one comes first; nothing is ordered."""
    with pytest.raises(ValueError, match="named 'tolt'; there are: told"):
        fleet.order("tolt", "open", set_by="ada")

    assert fleet.overview(with_own=False).orders == ()


def test_where_nobody_reads_orders_none_is_taken(
    board: Board, breaker: CircuitBreaker, threads: Callable[[], int]
) -> None:
    """An order that no process would ever obey is worse than none."""
    fleet = Fleet(board, interval_s=0)
    fleet.start()

    with pytest.raises(ValueError, match="FAILWELL_CIRCUITS_INTERVAL is 0"):
        fleet.order("told", "open", set_by="ada")

    assert threads() == 0


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Fleet]:
    """A fleet whose store is not there yet."""
    with closing(Store(f"sqlite:///{tmp_path / 'store.db'}")) as store:
        fleet = Fleet(StoreBoard(store, SHOP, SYSTEM_CLOCK), interval_s=0.05)
        yield fleet
        fleet.stop()


def test_further_starts_do_nothing(
    quiet: Fleet, breaker: CircuitBreaker, threads: Callable[[], int]
) -> None:
    """Every task of a Celery worker asks for it."""
    for _ in range(5):
        quiet.start()

    assert threads() == 1


def test_the_thread_ends_with_its_application(
    store: Store, breaker: CircuitBreaker, threads: Callable[[], int]
) -> None:
    """A program that makes and drops applications is not left with their threads."""
    fleet = Fleet(StoreBoard(store, SHOP, SYSTEM_CLOCK), interval_s=30)
    fleet.start()
    started = threads()

    del fleet
    gc.collect()

    assert started == 1
    eventually(lambda: not threads())


def test_a_process_tells_at_once_what_is_new_and_else_now_and_then(
    tmp_path: Path, breaker: CircuitBreaker
) -> None:
    """A change of state with the next look; counters and its being there every 30 s."""
    clock = ManualClock(1_800_000_000.0)
    store = Store(f"sqlite:///{tmp_path / 'store.db'}", clock=clock)
    board = StoreBoard(store, SHOP, clock)
    turn = Turn(board, clock)
    told = []

    for step in ("first", "nothing", "trip", "nothing", "wait"):
        clock.advance(29 if step == "wait" else 1)
        if step == "trip":
            _trip(breaker)
        turn.take()
        told.append(board.reports()[0].at.timestamp() - 1_800_000_000)
    store.close()

    assert told == [1, 1, 3, 3, 33]


def test_a_store_that_is_away_changes_nothing_and_is_said_once(
    tmp_path: Path, breaker: CircuitBreaker, caplog: pytest.LogCaptureFixture
) -> None:
    """What was ordered before still counts; when it is back, that is said, too."""
    caplog.set_level(logging.INFO, "failwell")
    folder = tmp_path / "data"
    store = Store(f"sqlite:///{folder / 'store.db'}")
    fleet = Fleet(StoreBoard(store, SHOP, SYSTEM_CLOCK), interval_s=0.02)
    fleet.start()
    fleet.order("told", "open", set_by="ada")
    eventually(lambda: breaker.override is CircuitOverride.OPEN)

    folder.rename(tmp_path / "elsewhere")
    folder.write_text("no folder")
    eventually(lambda: "held to what was ordered last" in caplog.text)
    held_while_away = breaker.override
    away = fleet.overview(with_own=True).away
    with pytest.raises(StoreError):
        fleet.order("told", None, set_by="ada")
    folder.unlink()
    (tmp_path / "elsewhere").rename(folder)
    eventually(lambda: "are read again" in caplog.text)
    fleet.stop()
    store.close()

    assert held_while_away is CircuitOverride.OPEN
    assert away is not None
    assert "data/store.db" in away
    assert caplog.text.count("held to what was ordered last") == 1
    assert breaker.override is CircuitOverride.OPEN


def test_applications_that_share_a_store_do_not_share_orders(
    store: Store, breaker: CircuitBreaker
) -> None:
    """A breaker of the same name in another application is another one."""
    shop = Fleet(StoreBoard(store, SHOP, SYSTEM_CLOCK), interval_s=1)
    other = Deployment("other", "production")
    others = Fleet(StoreBoard(store, other, SYSTEM_CLOCK), interval_s=1)

    shop.order("told", "open", set_by="ada")

    assert others.overview(with_own=False).orders == ()
