"""Statements about many rows at once, compiled once and run by the database's driver.

SQLAlchemy takes longer to run a statement than SQLite to do what it says. What every
batch does is therefore written in Core like everything else, but handed to the driver:
SQLite takes it row by row, PostgreSQL once, over arrays of all rows' values.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    ClauseElement,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from failwell.store._pace import Pace, Steady

Row: TypeAlias = tuple[Any, ...]
Insert: TypeAlias = sqlite.Insert | postgresql.Insert


class Transaction:
    """A transaction, with the driver's cursor.

    Args:
        connection: In a transaction; it serves for what is rare.
        pace: When others may work; asked between rows in SQLite, which takes them one
            by one in this process.
    """

    def __init__(self, connection: Connection, pace: Pace | None = None) -> None:
        self.connection = connection
        self.dialect = connection.dialect
        self.is_sqlite = self.dialect.name == "sqlite"
        self.cursor: Any = connection.connection.cursor()
        self.between = (pace or Steady()).between

    @property
    def store(self) -> str:
        """The name of the store: its URL, without a password."""
        return self.connection.engine.url.render_as_string(hide_password=True)


class New(dict[str, ColumnElement[Any]]):
    """The values of one row, by column, in a statement about it.

    Args:
        values: Parameters in SQLite, columns of an unnested table in PostgreSQL.
        is_sqlite: Which of them.
    """

    def __init__(
        self, values: Mapping[str, ColumnElement[Any]], *, is_sqlite: bool
    ) -> None:
        super().__init__(values)
        self._is_sqlite = is_sqlite

    def insert_into(self, table: Table) -> Insert:
        """Return the insertion of these values into the columns of the same names."""
        if self._is_sqlite:
            return sqlite.insert(table).values(dict(self))
        return postgresql.insert(table).from_select(list(self), select(*self.values()))


class Bulk:
    """A statement that is run for each of many rows.

    Args:
        columns: What a row holds, in this order; their names and types count.
        build: Returns the statement about one row, in terms of its values.
    """

    def __init__(
        self, columns: Sequence[Column[Any]], build: Callable[[New], ClauseElement]
    ) -> None:
        self._columns = columns
        self._build = build
        self._compiled: dict[str, _Compiled] = {}

    def run(self, transaction: Transaction, rows: Sequence[Row]) -> None:
        """Run it; in PostgreSQL no two rows may touch the same one of a table."""
        if not rows:
            return
        if transaction.is_sqlite:
            self.run_each(transaction, rows)
        else:
            compiled = self._compile(transaction)
            transaction.cursor.execute(compiled.text, compiled.arrays(rows))

    def run_each(self, transaction: Transaction, rows: Iterable[Row]) -> None:
        """Run it in SQLite, where a row that was taken is needed no more."""
        compiled = self._compile(transaction)
        ordered = map(compiled.order, transaction.between(rows))
        transaction.cursor.executemany(compiled.text, ordered)

    def fetch(self, transaction: Transaction, rows: Sequence[Row]) -> list[Row]:
        """Run it and return what it found for all of them."""
        if not rows:
            return []
        compiled, cursor = self._compile(transaction), transaction.cursor
        found: list[Row] = []
        if transaction.is_sqlite:
            for row in transaction.between(rows):
                found += cursor.execute(compiled.text, compiled.order(row))
        else:
            found += cursor.execute(compiled.text, compiled.arrays(rows))
        return found

    def _compile(self, transaction: Transaction) -> "_Compiled":
        dialect = transaction.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compile_ = _for_sqlite if transaction.is_sqlite else _for_postgresql
            compiled = compile_(self._columns, self._build, dialect)
            self._compiled[dialect.name] = compiled
        return compiled


def insertion(
    table: Table,
    *names: str,
    otherwise: Callable[[Insert], Insert] = lambda insert: (
        insert.on_conflict_do_nothing()
    ),
) -> Bulk:
    """Return the insertion of these columns.

    Args:
        table: Where.
        names: The columns.
        otherwise: Says what is done where a row is there already; default: nothing.
    """
    columns = [table.c[name] for name in names]
    return Bulk(columns, lambda new: otherwise(new.insert_into(table)))


def addition(table: Table) -> Bulk:
    """Return the insertion of whole rows that adds `n` where the row is there."""

    def add(insert: Insert) -> Insert:
        added = table.c.n + insert.excluded.n
        return insert.on_conflict_do_update(
            index_elements=list(table.primary_key), set_={"n": added}
        )

    return insertion(table, *table.c.keys(), otherwise=add)


def replacement(table: Table) -> Bulk:
    """Return the insertion of whole rows in place of those with the same key."""

    def replace(insert: Insert) -> Insert:
        keys = list(table.primary_key)
        values = {c.name: insert.excluded[c.name] for c in table.c if c not in keys}
        return insert.on_conflict_do_update(index_elements=keys, set_=values)

    return insertion(table, *table.c.keys(), otherwise=replace)


_NAMES: dict[type[TypeEngine[Any]], str] = {
    BigInteger: "int8",
    Boolean: "bool",
    Integer: "int4",
    LargeBinary: "bytea",
    Text: "text",
}
"""What PostgreSQL calls the types of the schema."""


class Load:
    """The insertion of many rows of which none is there yet, by COPY in PostgreSQL.

    Args:
        table: Where; a row has all of its columns.
    """

    def __init__(self, table: Table) -> None:
        self._insert = Bulk(list(table.c), lambda new: new.insert_into(table))
        names = ", ".join(f'"{name}"' for name in table.c.keys())  # noqa: SIM118 - columns are no mapping
        self._copy = f'COPY "{table.name}" ({names}) FROM STDIN (FORMAT BINARY)'
        self._types = [_NAMES[type(c.type)] for c in table.c]

    def run(self, transaction: Transaction, rows: Iterable[Row]) -> None:
        """Insert them."""
        if transaction.is_sqlite:
            self._insert.run_each(transaction, rows)
        else:
            with transaction.cursor.copy(self._copy) as copy:
                copy.set_types(self._types)
                for row in rows:
                    copy.write_row(row)


class _Compiled(NamedTuple):
    text: str
    names: list[str]
    order: Callable[[Row], Row]
    """Puts the values of a row where SQLite's placeholders want them."""

    def arrays(self, rows: Sequence[Row]) -> dict[str, list[Any]]:
        values = map(list, zip(*rows, strict=True))
        return dict(zip(self.names, values, strict=True))


# Parameters must not have the names of the columns that they are for.
_PREFIX = "new_"

_Build: TypeAlias = Callable[[New], ClauseElement]


def _for_sqlite(
    columns: Sequence[Column[Any]], build: _Build, dialect: Dialect
) -> _Compiled:
    names = [_PREFIX + c.name for c in columns]
    values = {c.name: bindparam(_PREFIX + c.name, type_=c.type) for c in columns}
    statement = build(New(values, is_sqlite=True))
    compiled: Any = statement.compile(dialect=dialect)
    places = [names.index(name) for name in compiled.positiontup]
    if places == list(range(len(names))):
        return _Compiled(str(compiled), names, tuple)
    order = itemgetter(*places)
    return _Compiled(str(compiled), names, order)


def _for_postgresql(
    columns: Sequence[Column[Any]], build: _Build, dialect: Dialect
) -> _Compiled:
    names = [_PREFIX + c.name for c in columns]
    arrays = [
        bindparam(_PREFIX + c.name, type_=postgresql.ARRAY(c.type)) for c in columns
    ]
    rows = (
        func.unnest(*arrays)
        .table_valued(*(column(c.name, c.type) for c in columns), name="new")
        .render_derived()
    )
    statement = build(New(dict(rows.c), is_sqlite=False))
    return _Compiled(str(statement.compile(dialect=dialect)), names, tuple)
