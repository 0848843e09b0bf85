"""The fleet of an application: started with its requests, shown and ordered by people."""

import difflib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from failwell import resilience
from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._late import LateModule
from failwell.fleet._board import Board
from failwell.fleet._thread import TurnThread
from failwell.resilience import FIRST_CIRCUIT
from failwell.store import CircuitOrder, Override, StoreError

if TYPE_CHECKING:
    from failwell.fleet import _overview, _reports, _turn
    from failwell.fleet._overview import Overview
else:
    # They load the breakers, which a process without any does not need.
    _overview = LateModule("failwell.fleet._overview")
    _reports = LateModule("failwell.fleet._reports")
    _turn = LateModule("failwell.fleet._turn")

_MOST_NAMES = 20
_LONGEST_WHO = 200


class Fleet:
    """The circuit breakers of an application in all of its processes.

    Args:
        board: What they share.
        interval_s: How long a process rests between two looks at it; 0: none looks.
        clock: Time.
    """

    def __init__(
        self, board: Board, *, interval_s: float, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._board = board
        self._clock = clock
        self._interval_s = interval_s
        self._thread = TurnThread(partial(_make_turn, board, clock), interval_s)

    @property
    def interval_s(self) -> float:
        """How long it takes until an order has reached every process, about."""
        return self._interval_s

    def start(self) -> None:
        """Have this process take part as soon as it has a breaker; never raises.

        Call it from a request, never before a server forks. Further calls do nothing.
        """
        if self._interval_s:
            FIRST_CIRCUIT.call(self._thread.start)

    def stop(self) -> None:
        """Have this process take part no longer."""
        self._thread.stop()

    def overview(self, *, with_own: bool) -> "Overview":
        """Return how the circuits are; what cannot be read is said in `away`.

        Args:
            with_own: Whether this process belongs to them, as it is now.
        """
        now = self._clock.now()
        own = _reports.report_process(_turn.process_name(), now) if with_own else None
        try:
            orders, reports = self._board.orders(), self._board.reports()
            away = None
        except StoreError as error:
            orders, reports, away = [], [], error.describe()
        if own is not None:
            reports = [own, *(r for r in reports if r.process != own.process)]
        return _overview.Overview(
            as_of=datetime.fromtimestamp(now, UTC),
            answered_by=None if own is None else own.process,
            away=away,
            orders=tuple(sorted(orders, key=lambda order: order.name)),
            processes=tuple(sorted(reports, key=lambda report: report.process)),
        )

    def order(
        self, name: str, override: Override | None, *, set_by: str
    ) -> CircuitOrder:
        """Order what the breakers of a name are held to, in every process.

        Args:
            name: That of a breaker of any process, or of an order.
            override: `open`, `closed` or `disabled`; None lets the calls decide again.
            set_by: Who orders it, in 1 to 200 printable characters.

        Returns:
            The order, which processes obey at their next look.

        Raises:
            ValueError: No breaker has this name, nobody looks at orders, or who orders
                it cannot be written down.
            StoreError: The order cannot be given; the one before counts.
        """
        if not self._interval_s:
            message = "nobody reads orders: FAILWELL_CIRCUITS_INTERVAL is 0"
            raise ValueError(message)
        if not set_by.isprintable() or not 0 < len(set_by) <= _LONGEST_WHO:
            message = f"set_by is {set_by!r}; allowed: 1 to 200 printable characters"
            raise ValueError(message)
        self._refuse_unknown(name)
        order = CircuitOrder(
            name=name,
            override=override,
            set_by=set_by,
            set_at=datetime.fromtimestamp(self._clock.now(), UTC),
        )
        self._board.order(order)
        return order

    def _refuse_unknown(self, name: str) -> None:
        known = {breaker.name for breaker in resilience.CIRCUITS}
        known |= {order.name for order in self._board.orders()}
        known |= {c.name for report in self._board.reports() for c in report.circuits}
        if name not in known:
            message = f"no circuit breaker is named {name!r}; {_said(name, known)}"
            raise ValueError(message)


def _make_turn(board: Board, clock: Clock) -> Callable[[], None]:
    return _turn.Turn(board, clock).take


def _said(name: str, known: set[str]) -> str:
    """Return which names there are, those first that are like this one."""
    if not known:
        return "no process has told of any: they do with their first request"
    near = difflib.get_close_matches(name, known, n=_MOST_NAMES)
    names = [*near, *sorted(known - set(near))]
    more = len(names) - _MOST_NAMES
    shown = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    return f"there are: {shown}"
