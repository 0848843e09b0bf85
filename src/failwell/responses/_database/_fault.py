"""What went wrong in a database, whichever it is.

Owns the words that the readers of the drivers' errors and the answers share.
"""

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """The kinds of fault that are answered, or retried, differently."""

    UNIQUE = auto()
    GENERATED_KEY = auto()
    """A key that the database itself made up is taken: a sequence has drifted."""
    FOREIGN_KEY = auto()
    """Which way round cannot be told."""
    PARENT_MISSING = auto()
    STILL_REFERENCED = auto()
    RULE = auto()
    """A check, or a trigger that refuses."""
    NOT_NULL = auto()
    BAD_VALUE = auto()
    """Too long, out of range, not of the column's type, or no text at all."""
    STALE = auto()
    ROLLED_BACK = auto()
    """Deadlock, serialization failure, lock wait: nothing is left once rolled back."""
    UNREACHABLE = auto()
    """No connection could be had; nothing was sent."""
    POOL_EMPTY = auto()
    CONNECTION_LOST = auto()
    STATEMENT_TIMEOUT = auto()
    OTHER = auto()
    """A bug of the application, or something that nobody foresaw."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Args:
        kind: What went wrong.
        name: The constraint's name, where the database gives it.
        table: The table whose key is taken, where known.
        columns: The columns of that key, where known.
        entry: The value that is taken, where the database tells it apart.
    """

    kind: Kind
    name: str | None = None
    table: str = ""
    columns: tuple[str, ...] = ()
    entry: str | None = None


def primary_key(table: str) -> str:
    """Return the primary key's name by `NAMING_CONVENTION`, for where it has none."""
    return f"pk_{table}"
