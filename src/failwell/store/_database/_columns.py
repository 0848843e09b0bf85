"""What the columns of all tables are made of; the tables stand in `_schema`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

# SQLite numbers rows by itself only where the type is exactly INTEGER.
_Number = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()


def number(name: str, *, key: bool = False) -> Column[Any]:
    """Return a column of whole numbers."""
    return Column(name, BigInteger, primary_key=key, nullable=False)


def words(name: str, *, key: bool = False) -> Column[Any]:
    """Return a column of text."""
    return Column(name, Text, primary_key=key, nullable=False)


def number_of_row() -> Column[Any]:
    """Return the column `id`, which the database fills in."""
    return Column("id", _Number, primary_key=True)


def counts(name: str, *columns: Column[Any], index: Sequence[Index] = ()) -> Table:
    """Return a table of counts `n` by these columns."""
    return Table(name, metadata, *columns, number("n"), *index, sqlite_with_rowid=False)
