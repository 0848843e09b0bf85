"""A store copied into another database, whole or not at all.

Nobody writes to the store meanwhile, on any node: what is recorded waits in the spools.
At the end it is closed to shippers, so that all of that goes where the copy is, from the
very counter and frame on at which the copy ends. Readers are not in the way.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from sqlalchemy import Connection, Select, Table, delete, func, select, text

from failwell.store._database._bulk import Load, Transaction, insertion
from failwell.store._database._columns import metadata
from failwell.store._database._engine import Database
from failwell.store._database._schema import events, watermarks
from failwell.store._errors import StoreError
from failwell.store._ledger._watermarks import CLOSED
from failwell.store._times import DAY

Report: TypeAlias = Callable[[str, int, int], None]
"""Is told a table, how many of its rows were copied, and how many there are."""

_ROWS_AT_ONCE = 5000
_CLOSE = insertion(watermarks, *watermarks.c.keys())


def copy_store(
    source: Database, target: Database, report: Report, now: int, *, close: bool
) -> None:
    """Copy everything in one transaction of the target.

    Args:
        source: Stays as it is; `close` closes it to shippers.
        target: An empty store, or none yet.
        report: Is told how far it is.
        now: The present moment.
        close: Whether what is recorded from now on belongs into the target.

    Raises:
        StoreError: One cannot be used, or the target is not empty. It holds nothing.
    """
    if source.name == target.name:
        raise StoreError(target.name, "a store cannot be copied onto itself")
    with source.writing() as reading:
        _lock(reading)
        _refuse_closed(reading, source)
        target.make_room(_days(reading))
        with target.writing() as writing:
            _lock(writing)
            _refuse_filled(writing, target)
            for table in metadata.sorted_tables:
                _copy(table, reading, Transaction(writing), report)
                _verify(table, reading, writing, target)
            _number_on(writing)
        # The copy is there: should this process end here, nothing is closed, the store
        # goes on, and the copy has to be emptied before the next try.
        if close:
            _CLOSE.run(Transaction(reading), [(CLOSED, 0, True, now)])


def open_store(database: Database) -> bool:
    """Let shippers use a store again; return whether it was closed."""
    closing = delete(watermarks).where(watermarks.c.unit_id == CLOSED)
    with database.writing() as connection:
        return connection.execute(closing).rowcount == 1


def _lock(connection: Connection) -> None:
    """Keep every other writer out; SQLite has none."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(f'"{name}"' for name in metadata.tables)
        connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))


def _refuse_closed(connection: Connection, source: Database) -> None:
    closed = select(watermarks.c.unit_id).where(watermarks.c.unit_id == CLOSED)
    if connection.execute(closed).first():
        reason = "it was copied before, and is closed; open it to copy it again"
        raise StoreError(source.name, reason)


def _refuse_filled(connection: Connection, target: Database) -> None:
    for table in metadata.sorted_tables:
        if connection.execute(select(table).limit(1)).first() is not None:
            reason = f"it is not empty (see its table {table.name}): name an empty one"
            raise StoreError(target.name, reason)


def _days(connection: Connection) -> Iterator[int]:
    day = events.c.at // DAY
    for found in connection.scalars(select(day).distinct()):
        yield int(found) * DAY


def _copy(
    table: Table, reading: Connection, writing: Transaction, report: Report
) -> None:
    total = _count(table, reading)
    load, done = Load(table), 0
    report(table.name, done, total)
    options = {"yield_per": _ROWS_AT_ONCE}
    with reading.execute(select(table), execution_options=options) as found:
        for rows in found.partitions():
            load.run(writing, [tuple(row) for row in rows])
            done += len(rows)
            report(table.name, done, total)


def _count(table: Table, connection: Connection) -> int:
    statement = select(func.count()).select_from(table)
    return int(connection.execute(statement).scalar_one())


def _verify(
    table: Table, reading: Connection, writing: Connection, target: Database
) -> None:
    sums = [func.sum(table.c[name]) for name in ("n", "total") if name in table.c]
    checked = select(func.count(), *sums).select_from(table)
    there, here = (_numbers(connection, checked) for connection in (reading, writing))
    if there != here:
        reason = f"of the table {table.name}, {there} became {here}"
        raise StoreError(target.name, reason)


def _numbers(connection: Connection, statement: Select[*tuple[Any, ...]]) -> list[int]:
    return [int(value or 0) for value in connection.execute(statement).one()]


def _number_on(connection: Connection) -> None:
    """Let new rows get numbers behind those that were copied."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        if table.c[0].name == "id" and table.c[0].primary_key:
            next_one = select(func.coalesce(func.max(table.c.id), 0) + 1)
            sequence = func.pg_get_serial_sequence(table.name, "id")
            set_to = func.setval(sequence, next_one.scalar_subquery(), False)  # noqa: FBT003 - "not used yet", in SQL
            connection.execute(select(set_to))
