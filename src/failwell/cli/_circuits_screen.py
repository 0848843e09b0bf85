"""Circuits as tables that a person reads; loads rich, so it is loaded late."""

from datetime import datetime

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from failwell.cli._moments import ago, exact
from failwell.cli._screen import make_table
from failwell.cli._text import shown
from failwell.fleet import CircuitView, Overview
from failwell.resilience import CircuitState

_COLOURS = {
    CircuitState.CLOSED: "green",
    CircuitState.HALF_OPEN: "yellow",
    CircuitState.OPEN: "bold red",
}
_NONE = Text(
    "No process has told of a circuit breaker in the last 90 seconds: each does with its"
    " first request, and then as long as it runs."
)


def circuits_table(overview: Overview) -> RenderableType:
    """Return a line for each name, the open and held ones first."""
    circuits = overview.circuits()
    if not circuits:
        return _NONE
    table = _table(
        "circuit", "state", "since", "next call", "failures", "refused", "held"
    )
    for view in circuits:
        table.add_row(
            shown(view.name),
            _states(view),
            ago(view.since, overview.as_of) if view.since else "",
            _left(view.retry_at, overview.as_of),
            f"{view.failures:,}",
            f"{view.rejected:,}",
            _held(view, overview.as_of),
        )
    return table


def processes_table(overview: Overview) -> RenderableType:
    """Return a line for each circuit in each process."""
    circuits = overview.circuits()
    if not circuits:
        return _NONE
    table = _table(
        *("circuit", "process", "state", "since (UTC)", "next call", "failures"),
        *("refused", "held", "told"),
    )
    for view in circuits:
        for seen in view.seen:
            circuit = seen.circuit
            table.add_row(
                shown(view.name),
                shown(seen.process),
                _state(circuit.state),
                exact(circuit.since),
                _left(circuit.retry_at, overview.as_of),
                f"{circuit.failures:,}",
                f"{circuit.rejected:,}",
                shown(circuit.override or ""),
                ago(seen.at, overview.as_of),
            )
    return table


def _table(*columns: str) -> Table:
    table = make_table(*columns)
    for column in table.columns:
        if column.header in ("failures", "refused", "next call"):
            column.justify = "right"
    return table


def _states(view: CircuitView) -> Text:
    if len(view.states) == 1:
        (state,) = view.states
        return _state(state).append(f" in {len(view.seen)}" if view.seen else "")
    if not view.seen:
        return Text("in no process", "dim")
    parts = [_state(state).append(f" in {n}") for state, n in view.states.items()]
    return Text(", ").join(parts)


def _state(state: CircuitState) -> Text:
    return Text(state.value.replace("_", "-"), _COLOURS[state])


def _left(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return ""
    seconds = int((moment - now).total_seconds())
    return f"in {seconds} s" if seconds > 0 else "now"


def _held(view: CircuitView, now: datetime) -> Text:
    order = view.order
    if order is None:
        return Text()
    if order.override is None:
        return shown(f"reset by {order.set_by} {ago(order.set_at, now)}", "dim")
    held = shown(f"{order.override} by {order.set_by} {ago(order.set_at, now)}")
    if view.obeying < len(view.seen):
        held.append(f", so far in {view.obeying} of {len(view.seen)}", "yellow")
    return held
