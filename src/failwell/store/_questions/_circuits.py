"""Circuit breakers in the store: what is ordered of them, and what processes tell.

Owns that both belong to one application in one environment. An order that is unknown,
since a newer release wrote it, is passed over. What reports say is not known here.
"""

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, select

from failwell.store._database._bulk import Row, Transaction, replacement
from failwell.store._database._schema import circuit_orders, circuit_reports
from failwell.store._model import OVERRIDES, CircuitOrder, Deployment
from failwell.store._times import moment, stored


def write_order(connection: Connection, whose: Deployment, order: CircuitOrder) -> None:
    """Keep an order in place of the one before."""
    row = *whose, order.name, order.override, order.set_by, stored(order.set_at)
    _ORDER.run(Transaction(connection), [row])


def read_orders(connection: Connection, whose: Deployment) -> list[CircuitOrder]:
    """Return the last order for each name."""
    columns = [
        circuit_orders.c[name] for name in ("name", "override", "set_by", "set_at")
    ]
    found = connection.execute(select(*columns).where(_at(circuit_orders, whose)))
    return [
        CircuitOrder(name=name, override=override, set_by=set_by, set_at=moment(set_at))
        for name, override, set_by, set_at in found
        if override in (None, *OVERRIDES)
    ]


def write_report(connection: Connection, row: Row, oldest: int) -> None:
    """Keep a report in place of the process's last one; drop those that are too old."""
    _REPORT.run(Transaction(connection), [row])
    connection.execute(delete(circuit_reports).where(circuit_reports.c.at < oldest))


def read_reports(connection: Connection, whose: Deployment, oldest: int) -> list[str]:
    """Return what the processes have told since then."""
    fresh = and_(_at(circuit_reports, whose), circuit_reports.c.at >= oldest)
    return list(connection.scalars(select(circuit_reports.c.report).where(fresh)))


def _at(table: Table, whose: Deployment) -> ColumnElement[bool]:
    return and_(
        table.c.application == whose.application,
        table.c.environment == whose.environment,
    )


_ORDER, _REPORT = replacement(circuit_orders), replacement(circuit_reports)
