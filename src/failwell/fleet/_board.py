"""The board: where processes tell how their circuits are, and read what is ordered."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from failwell._clock import Clock
from failwell._late import LateModule
from failwell.store import CircuitOrder, Deployment, Store

if TYPE_CHECKING:
    from failwell.fleet import _reports
    from failwell.fleet._reports import ProcessReport
else:
    # It loads the breakers, which a process without any does not need.
    _reports = LateModule("failwell.fleet._reports")


class Board(Protocol):
    """What a fleet asks of it; each method raises `StoreError` when it is away."""

    def orders(self) -> list[CircuitOrder]:
        """Return the last order for each name."""

    def order(self, order: CircuitOrder) -> None:
        """Put an order up in place of the one before."""

    def reports(self) -> "list[ProcessReport]":
        """Return what each process told last, if that was of late."""

    def report(self, report: "ProcessReport") -> None:
        """Put a report up in place of the process's last one."""


class StoreBoard:
    """The board in the store, which is there without being set up.

    Args:
        store: The store.
        whose: The application, and its environment.
        clock: Says which reports are too old.
    """

    def __init__(self, store: Store, whose: Deployment, clock: Clock) -> None:
        self._store = store
        self._whose = whose
        self._clock = clock

    def orders(self) -> list[CircuitOrder]:
        """Return the last order for each name."""
        return self._store.circuit_orders(self._whose)

    def order(self, order: CircuitOrder) -> None:
        """Put an order up."""
        self._store.order_circuit(self._whose, order)

    def reports(self) -> "list[ProcessReport]":
        """Return what each process told of late."""
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        since = now - timedelta(seconds=_reports.FRESH_S)
        return _reports.decode_all(self._store.circuit_reports(self._whose, since))

    def report(self, report: "ProcessReport") -> None:
        """Put a report up."""
        text = _reports.encode(report).decode()
        self._store.report_circuits(
            self._whose, report.process, text, keep_s=_reports.FRESH_S
        )
