"""PostgreSQL's SQLSTATE read (appendix A of its manual); its words never are.

The column names of a violated key are the one thing taken from a text: the database
gives them nowhere else.
"""

import re

from failwell.responses._database._ancestry import is_kind
from failwell.responses._database._execution import Execution, values_of
from failwell.responses._database._fault import Fault, Kind
from failwell.responses._database._statement import read_statement

_KINDS = {
    "23505": Kind.UNIQUE,
    "23P01": Kind.UNIQUE,  # an exclusion constraint
    "23503": Kind.FOREIGN_KEY,
    "23001": Kind.STILL_REFERENCED,  # ON DELETE RESTRICT, since PostgreSQL 18
    "23514": Kind.RULE,
    "44000": Kind.RULE,  # WITH CHECK OPTION
    "23502": Kind.NOT_NULL,
    # Of class 22 only what a value can be blamed for; 22012 is a bug in the SQL.
    "22001": Kind.BAD_VALUE,
    "22003": Kind.BAD_VALUE,
    "22007": Kind.BAD_VALUE,
    "22008": Kind.BAD_VALUE,
    "22021": Kind.BAD_VALUE,
    "22P02": Kind.BAD_VALUE,
    "22P03": Kind.BAD_VALUE,
    "22P05": Kind.BAD_VALUE,
    "40001": Kind.ROLLED_BACK,
    "40P01": Kind.ROLLED_BACK,
    "55P03": Kind.ROLLED_BACK,
    "57014": Kind.STATEMENT_TIMEOUT,
    "25P04": Kind.STATEMENT_TIMEOUT,
    "25P03": Kind.CONNECTION_LOST,
    "57P01": Kind.CONNECTION_LOST,
    "57P02": Kind.CONNECTION_LOST,
    "57P05": Kind.CONNECTION_LOST,
    "57P03": Kind.UNREACHABLE,
    "53300": Kind.UNREACHABLE,
}
_CONNECTION_CLASS = "08"
# `Key (room_id, starts_at)=(1, 2) …` in every language; expressions have parentheses.
_KEY = re.compile(r"\((.*?)\)=\(", re.DOTALL)


def read_postgresql(error: BaseException, execution: Execution) -> Fault:
    """Return the fault behind an error of psycopg or another driver with SQLSTATEs."""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if not state:
        return Fault(_kind_without_state(error, execution))
    kind = _KINDS.get(state, Kind.OTHER)
    if state.startswith(_CONNECTION_CLASS):
        kind = Kind.CONNECTION_LOST
    # asyncpg has these facts on the error itself, under the same names.
    facts = getattr(error, "diag", error)
    name = getattr(facts, "constraint_name", None)
    table = getattr(facts, "table_name", None) or ""
    if kind is Kind.FOREIGN_KEY:
        kind = _direction(execution, table)
    return Fault(kind, name, table, _columns(facts) if kind is Kind.UNIQUE else ())


def _kind_without_state(error: BaseException, execution: Execution) -> Kind:
    """The driver itself complains; then its class is the fact (PEP 249)."""
    if is_kind(error, "psycopg", "DataError"):
        # NUL in a text; else it could not read what is stored, which is our fault.
        bound = values_of(execution.parameters)
        has_nul = any(isinstance(value, str) and "\0" in value for value in bound)
        return Kind.BAD_VALUE if has_nul else Kind.OTHER
    if type(error).__name__ == "OperationalError" or is_kind(
        error, "psycopg", "OperationalError"
    ):
        never_connected = execution.by_sqlalchemy and execution.statement is None
        if never_connected and not execution.invalidated:
            return Kind.UNREACHABLE
        return Kind.CONNECTION_LOST
    return Kind.OTHER


def _direction(execution: Execution, referencing: str) -> Kind:
    """Tell the directions apart: PostgreSQL names the referencing table in both."""
    statement = read_statement(execution.statement)
    if statement.verb == "INSERT":
        return Kind.PARENT_MISSING
    if statement.verb == "DELETE":
        return Kind.STILL_REFERENCED
    if statement.verb == "UPDATE" and statement.table and referencing:
        is_child = statement.table == referencing
        return Kind.PARENT_MISSING if is_child else Kind.STILL_REFERENCED
    return Kind.FOREIGN_KEY


def _columns(facts: object) -> tuple[str, ...]:
    detail = getattr(facts, "message_detail", None) or getattr(facts, "detail", None)
    key = _KEY.search(detail) if isinstance(detail, str) else None
    return tuple(part.strip(' "') for part in key[1].split(",")) if key else ()
