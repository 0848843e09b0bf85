"""The constraints that an application has given a meaning, and how they are found.

Owns the convention by which constraints get their names. What the database says of a
constraint itself reaches no client.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from failwell.responses._database._fault import Fault, Kind

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""For `sqlalchemy.MetaData(naming_convention=…)`: every constraint has a name then, and
one that says what it is, the same on every database."""

_COLUMN = re.compile(r"[^.]+\.[^.]+")
_STATUSES = range(400, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """What breaking one constraint means to a client.

    Args:
        name: The constraint's name in the database.
        columns: The columns of a unique key, as `table.column`.
        code: The code of the answer; None leaves that of its kind.
        field: The field of the input that is to blame.
        message: The sentence for the client; None leaves that of the kind.
        status_code: The status; None leaves that of the kind.
    """

    name: str | None = None
    columns: tuple[str, ...] = ()
    code: str | None = None
    field: str | None = None
    message: str | None = None
    status_code: int | None = None


class Constraints:
    """The constraints of one application.

    A name finds a constraint of any kind. Columns find a unique key where the database
    does not tell its name, as SQLite; they need not be given where the name follows
    `NAMING_CONVENTION`, nor the name where the columns are given.
    """

    def __init__(self) -> None:
        self._by_name: dict[str, Constraint] = {}
        self._by_columns: dict[frozenset[str], Constraint] = {}
        self._by_convention: dict[str, Constraint] = {}

    def add(
        self,
        name: str | None = None,
        *,
        columns: Iterable[str] = (),
        code: str | None = None,
        field: str | None = None,
        message: str | None = None,
        status_code: int | None = None,
    ) -> None:
        """Give a constraint its meaning; giving it the same again changes nothing.

        Args:
            name: Its name in the database.
            columns: Of a unique key, as `table.column`, in the key's order.
            code: The code of the answer; default `CONFLICT` or `CONSTRAINT_VIOLATION`.
            field: The field of the input that is to blame, sent as `details.field`.
            message: The sentence for the client.
            status_code: 400 to 599; default 409 or 422, by the kind of violation.

        Raises:
            ValueError: Neither name nor columns are given, a column is not written as
                `table.column`, the status is no error, or the constraint has another
                meaning already.
        """
        columns = (columns,) if isinstance(columns, str) else tuple(columns)
        constraint = Constraint(
            name=name,
            columns=columns,
            code=code,
            field=field,
            message=message,
            status_code=status_code,
        )
        _check(constraint)
        self._check_meaning(constraint)
        if name:
            self._by_name[name] = constraint
        if columns:
            self._by_columns[frozenset(columns)] = constraint
            self._by_convention.update(
                dict.fromkeys(_conventional(columns), constraint)
            )

    def find(self, fault: Fault) -> Constraint | None:
        """Return the constraint that `fault` broke, None when it has no meaning."""
        if fault.name in self._by_name:
            return self._by_name[fault.name]
        if fault.kind is not Kind.UNIQUE:
            # NOT NULL and foreign keys may be on the very columns of a unique key.
            return None
        columns = tuple(f"{fault.table}.{column}" for column in fault.columns)
        # MariaDB calls the key of a unique column like the column, by itself.
        alone = frozenset({f"{fault.table}.{fault.name}"})
        by_name = (self._by_name.get(name) for name in _conventional(columns))
        return (
            self._by_columns.get(frozenset(columns))
            or next((found for found in by_name if found), None)
            or self._by_convention.get(fault.name or "")
            or self._by_columns.get(alone)
        )

    def _check_meaning(self, constraint: Constraint) -> None:
        known = (
            self._by_name.get(constraint.name or ""),
            self._by_columns.get(frozenset(constraint.columns)),
        )
        for other in known:
            if other is not None and _meaning(other) != _meaning(constraint):
                message = (
                    f"{_subject(constraint)} has another meaning already: {other}; "
                    "give each constraint one meaning, in one place"
                )
                raise ValueError(message)


def _check(constraint: Constraint) -> None:
    if not constraint.name and not constraint.columns:
        message = "a constraint needs its name, its columns, or both"
        raise ValueError(message)
    wrong = [c for c in constraint.columns if not _COLUMN.fullmatch(c)]
    if wrong:
        message = f"columns of a constraint are written as table.column, not {wrong}"
        raise ValueError(message)
    status = constraint.status_code
    if status is not None and status not in _STATUSES:
        message = f"status_code of {_subject(constraint)} is {status}; allowed: 400-599"
        raise ValueError(message)


def _subject(constraint: Constraint) -> str:
    return constraint.name or ", ".join(constraint.columns)


def _meaning(constraint: Constraint) -> Constraint:
    return dataclasses.replace(constraint, name=None, columns=())


def _conventional(columns: tuple[str, ...]) -> Iterator[str]:
    """Yield the names that a unique key of one table's columns has by convention."""
    tables = {column.partition(".")[0] for column in columns}
    if len(tables) == 1:
        suffix = "_".join([*tables, *(column.partition(".")[2] for column in columns)])
        yield from (f"uq_{suffix}", f"ix_{suffix}")
