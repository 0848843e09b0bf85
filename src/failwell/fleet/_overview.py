"""The whole as a person or a program sees it, at one moment.

Owns how the circuits of many processes become one line for each name. It says no more than
the processes have told: each with its own moment.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from failwell.fleet._reports import CircuitReport, ProcessReport
from failwell.resilience import CircuitState
from failwell.store import CircuitOrder

_BY_NEED = (CircuitState.OPEN, CircuitState.HALF_OPEN, CircuitState.CLOSED)


class SeenCircuit(msgspec.Struct, frozen=True, kw_only=True):
    """A circuit in the process that told of it, and when it did."""

    process: str
    at: datetime
    circuit: CircuitReport


class CircuitView(msgspec.Struct, frozen=True, kw_only=True):
    """The circuits of one name in all processes."""

    name: str
    order: CircuitOrder | None
    """The last order for them, None where there never was one."""
    seen: tuple[SeenCircuit, ...]
    """By process; none where an order waits for a breaker that nobody has."""

    @property
    def states(self) -> Mapping[CircuitState, int]:
        """In how many processes each state is met, the gravest first."""
        counted = Counter(seen.circuit.state for seen in self.seen)
        return {state: counted[state] for state in _BY_NEED if counted[state]}

    @property
    def state(self) -> CircuitState | None:
        """The gravest of them."""
        return next(iter(self.states), None)

    @property
    def since(self) -> datetime | None:
        """Since when that state is met anywhere."""
        return min((seen.circuit.since for seen in self._gravest), default=None)

    @property
    def retry_at(self) -> datetime | None:
        """When the first of these lets a call through."""
        moments = (seen.circuit.retry_at for seen in self._gravest)
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def obeying(self) -> int:
        """How many do what is ordered: are held to it, or are held to nothing."""
        wanted = None if self.order is None else self.order.override
        return sum(seen.circuit.override == wanted for seen in self.seen)

    @property
    def failures(self) -> int:
        """The failures that all of them count."""
        return sum(seen.circuit.failures for seen in self.seen)

    @property
    def rejected(self) -> int:
        """The calls that all of them have refused."""
        return sum(seen.circuit.rejected for seen in self.seen)

    @property
    def _gravest(self) -> Iterable[SeenCircuit]:
        return (seen for seen in self.seen if seen.circuit.state is self.state)


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of the circuits of an application."""

    as_of: datetime
    answered_by: str | None
    """The process that shows itself as it is now; the others, as they told last."""
    away: str | None
    """Why nothing is known of the other processes and of orders; None where it is."""
    orders: tuple[CircuitOrder, ...] = ()
    processes: tuple[ProcessReport, ...] = ()

    def circuits(self) -> list[CircuitView]:
        """Return them by name, those first that are open or held, then half-open ones."""
        orders = {order.name: order for order in self.orders}
        held = {name for name, order in orders.items() if order.override is not None}
        seen: dict[str, list[SeenCircuit]] = {name: [] for name in held}
        for report in self.processes:
            for circuit in report.circuits:
                entry = SeenCircuit(
                    process=report.process, at=report.at, circuit=circuit
                )
                seen.setdefault(circuit.name, []).append(entry)
        views = [
            CircuitView(name=name, order=orders.get(name), seen=tuple(entries))
            for name, entries in seen.items()
        ]
        return sorted(views, key=_by_need)


def _by_need(view: CircuitView) -> tuple[int, str]:
    is_held = view.order is not None and view.order.override is not None
    state = CircuitState.CLOSED if view.state is None else view.state
    return 0 if is_held else _BY_NEED.index(state), view.name
