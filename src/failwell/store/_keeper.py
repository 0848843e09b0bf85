"""What changes a store besides people and the spool: retention, removals, circuits."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from failwell._clock import Clock
from failwell._late import LateModule
from failwell.store._model import CircuitOrder, Deployment, Erased, Pruned, Retention
from failwell.store._people import StoreTriage
from failwell.store._times import microseconds

if TYPE_CHECKING:
    from failwell.store._alerting import _alert_book
    from failwell.store._questions import _circuits
    from failwell.store._upkeep import _erasure, _retention
else:
    # They import SQLAlchemy, which costs 100 ms: only on use.
    _alert_book = LateModule("failwell.store._alerting._alert_book")
    _circuits = LateModule("failwell.store._questions._circuits")
    _erasure = LateModule("failwell.store._upkeep._erasure")
    _retention = LateModule("failwell.store._upkeep._retention")


class StoreKeeper(StoreTriage):
    """What changes a store and does not come from the spool.

    Args:
        url: Of the database.
        clock: Says what the present moment is.
        retention: How much is kept.
        make: Whether the store is made where it is missing.
    """

    def __init__(
        self, url: str, *, clock: Clock, retention: Retention, make: bool
    ) -> None:
        super().__init__(url, clock=clock, make=make)
        self._retention = retention

    def prune(self, *, thorough: bool = True) -> Iterator[Pruned]:
        """Remove what is beyond the limits of retention, a small step at a time.

        A step is a transaction and runs when it is asked for: ingest and readers work
        between them. Totals stay, and the first and last event of each group.

        Args:
            thorough: Whether to look at counts, tags and stacks too, and not only
                whether there are too many events.

        Yields:
            What a step removed.

        Raises:
            StoreError: The store cannot be written; what was yielded is done.
        """
        return _retention.prune(
            self._database, self._retention, self._now(), thorough=thorough
        )

    def erase(self, user_id: str) -> Erased:
        """Remove what is kept of one user, all at once or nothing.

        What is still spooled comes later: settle first. Counts stay, for they name
        nobody; so do errors of others whose text mentions the user.

        Args:
            user_id: As errors were recorded with it.

        Returns:
            What was removed; zeros where nothing is known of the user.

        Raises:
            StoreError: The store cannot be written; nothing was removed.
        """
        with self._database.writing() as connection:
            return _erasure.erase_user(connection, user_id)

    def order_circuit(self, whose: Deployment, order: CircuitOrder) -> None:
        """Keep an operator's order in place of the one before.

        Raises:
            StoreError: The store cannot be written; the one before counts.
        """
        with self._database.writing() as connection:
            _circuits.write_order(connection, whose, order)

    def report_circuits(
        self, whose: Deployment, process: str, report: str, *, keep_s: float
    ) -> None:
        """Keep what a process tells in place of what it told before.

        Args:
            whose: The application, and its environment.
            process: What the process is called.
            report: What it tells.
            keep_s: How long that says something; what is older is removed, whosever.

        Raises:
            StoreError: The store cannot be written.
        """
        now = self._now()
        with self._database.writing() as connection:
            row = *whose, process, now, report
            _circuits.write_report(connection, row, now - microseconds(keep_s))

    def alert_book(self, whose: Deployment) -> "_alert_book.AlertBook":
        """Return what is kept of the alerts of an application in an environment."""
        return _alert_book.AlertBook(self._database, whose, self._clock)

    def _now(self) -> int:
        return microseconds(self._clock.now())
