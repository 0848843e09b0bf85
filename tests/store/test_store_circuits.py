"""What is ordered of circuit breakers, and what processes tell of theirs, in the store."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from failwell.store import CircuitOrder, Deployment, Override, Store
from failwell.store._database._columns import metadata
from failwell.store._database._schema import circuit_orders, circuit_reports
from failwell.store._database._schema_alerts import (
    alert_outbox,
    alert_rules,
    alert_states,
    happenings,
)
from failwell.store._database._schema_triage import history, releases
from failwell.store._database._version import version_table
from failwell.testing import ManualClock

SHOP = Deployment("shop", "production")
_LATER = (happenings, alert_rules, alert_states, alert_outbox, history, releases)
_LATER_OF_GROUPS = (
    *("assigned_to", "muted_until", "muted_more"),
    *("regressed_at", "resolved_in", "regresses_from"),
)


def _now(clock: ManualClock) -> datetime:
    return datetime.fromtimestamp(clock.now(), UTC)


def _order(name: str, override: Override | None, clock: ManualClock) -> CircuitOrder:
    return CircuitOrder(
        name=name, override=override, set_by="ada@desk", set_at=_now(clock)
    )


def test_the_last_order_for_a_name_is_kept(
    each_store: Store, clock: ManualClock
) -> None:
    """With who gave it and when; one that lets the breakers go is an order, too."""
    each_store.order_circuit(SHOP, _order("mail", "open", clock))
    each_store.order_circuit(SHOP, _order("pay", "disabled", clock))
    clock.advance(5)
    last = _order("mail", None, clock)
    each_store.order_circuit(SHOP, last)

    orders = {order.name: order for order in each_store.circuit_orders(SHOP)}

    assert orders["mail"] == last
    assert (orders["pay"].override, orders["pay"].set_by) == ("disabled", "ada@desk")


@pytest.mark.parametrize(
    "other", [Deployment("shop", "staging"), Deployment("bar", "production")]
)
def test_others_that_share_the_store_have_their_own(
    each_store: Store, clock: ManualClock, other: Deployment
) -> None:
    """Whoever tries something in staging closes nothing in production."""
    each_store.order_circuit(SHOP, _order("mail", "open", clock))
    each_store.report_circuits(SHOP, "a:1", "told", keep_s=90)

    each_store.order_circuit(other, _order("mail", None, clock))

    assert [o.override for o in each_store.circuit_orders(SHOP)] == ["open"]
    assert [o.override for o in each_store.circuit_orders(other)] == [None]
    assert each_store.circuit_reports(other, _now(clock)) == []


def test_a_report_replaces_the_one_before_and_ages(
    each_store: Store, clock: ManualClock
) -> None:
    """One row a process; what is too old is not read, and the next one removes it."""
    begin = _now(clock)
    each_store.report_circuits(SHOP, "a:1", "first", keep_s=90)
    clock.advance(60)
    for text in ("second", "third"):
        each_store.report_circuits(SHOP, "b:2", text, keep_s=90)
    both = each_store.circuit_reports(SHOP, begin)
    late = each_store.circuit_reports(SHOP, begin + timedelta(seconds=1))
    clock.advance(31)

    each_store.report_circuits(SHOP, "c:3", "fourth", keep_s=90)

    assert sorted(both) == ["first", "third"]
    assert late == ["third"]
    assert sorted(each_store.circuit_reports(SHOP, begin)) == ["fourth", "third"]


def test_an_order_of_a_newer_release_is_passed_over(
    each_store: Store, clock: ManualClock
) -> None:
    """While a new release is brought out, the old one's processes go on reading."""
    each_store.order_circuit(SHOP, _order("mail", "open", clock))
    each_store.order_circuit(SHOP, _order("pay", "half", clock))  # type: ignore[arg-type] # on purpose

    assert [order.name for order in each_store.circuit_orders(SHOP)] == ["mail"]


def test_a_store_of_the_version_before_gets_the_tables(
    store_url: str, clock: ManualClock
) -> None:
    """In both databases, beside what is in it, and as a new store has them."""
    with closing(Store(store_url, clock=clock)) as store:
        store.use_once("a token", clock.now() + 60)
        new = _shape(store)
        with store._database.writing() as connection:
            for table in (circuit_orders, circuit_reports, *_LATER):
                table.drop(connection)
            for column in _LATER_OF_GROUPS:
                dropped = f"ALTER TABLE groups DROP COLUMN {column}"
                connection.exec_driver_sql(dropped)
            connection.execute(version_table.update().values(version_num="0002"))

    with closing(Store(store_url, clock=clock)) as store:
        store.order_circuit(SHOP, _order("mail", "open", clock))

        assert [order.name for order in store.circuit_orders(SHOP)] == ["mail"]
        assert not store.use_once("a token", clock.now() + 60)
        assert _shape(store) == new


def _shape(store: Store) -> dict[str, Any]:
    with store._database.reading() as connection:
        present = sa.inspect(connection)
        found: dict[str, Callable[[str], Any]] = {
            "columns": present.get_columns,
            "indexes": lambda table: [
                (index["name"], index["column_names"])
                for index in present.get_indexes(table)
            ],
            "key": present.get_pk_constraint,
        }
        return {
            f"{table}.{what}": repr(ask(table))
            for table in metadata.tables
            for what, ask in found.items()
        }
