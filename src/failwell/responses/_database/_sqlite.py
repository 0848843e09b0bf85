"""SQLite's result codes read (https://www.sqlite.org/rescode.html); its words never.

Columns and names of constraints are taken from the text: it is the only place.
"""

from failwell.responses._database._execution import Execution
from failwell.responses._database._fault import Fault, Kind, primary_key
from failwell.responses._database._statement import read_statement

_KINDS = {
    "SQLITE_CONSTRAINT_UNIQUE": Kind.UNIQUE,
    "SQLITE_CONSTRAINT_PRIMARYKEY": Kind.UNIQUE,
    "SQLITE_CONSTRAINT_ROWID": Kind.UNIQUE,
    "SQLITE_CONSTRAINT_FOREIGNKEY": Kind.FOREIGN_KEY,
    "SQLITE_CONSTRAINT_CHECK": Kind.RULE,
    "SQLITE_CONSTRAINT_TRIGGER": Kind.RULE,
    "SQLITE_CONSTRAINT_NOTNULL": Kind.NOT_NULL,
    "SQLITE_CONSTRAINT_DATATYPE": Kind.BAD_VALUE,
    "SQLITE_MISMATCH": Kind.BAD_VALUE,
    "SQLITE_TOOBIG": Kind.BAD_VALUE,
    "SQLITE_INTERRUPT": Kind.STATEMENT_TIMEOUT,
}
# Their extended codes, such as SQLITE_BUSY_SNAPSHOT, mean the same here.
_PRIMARY_CODES = {
    5: Kind.ROLLED_BACK,  # SQLITE_BUSY
    6: Kind.ROLLED_BACK,  # SQLITE_LOCKED
    14: Kind.UNREACHABLE,  # SQLITE_CANTOPEN
    15: Kind.ROLLED_BACK,  # SQLITE_PROTOCOL
}
_DIRECTIONS = {
    "INSERT": Kind.PARENT_MISSING,
    "REPLACE": Kind.PARENT_MISSING,
    # Setting a reference is common, renaming a key that is referred to is not.
    "UPDATE": Kind.PARENT_MISSING,
    "DELETE": Kind.STILL_REFERENCED,
}
_INDEX = "index '"


def read_sqlite(error: BaseException, execution: Execution) -> Fault:
    """Return the fault behind an error of `sqlite3`."""
    code = getattr(error, "sqlite_errorname", "")
    kind = _KINDS.get(code) or _PRIMARY_CODES.get(
        getattr(error, "sqlite_errorcode", 0) & 0xFF, Kind.OTHER
    )
    verb = read_statement(execution.statement).verb
    # A foreign key with RESTRICT is a trigger to SQLite. Whatever refuses a DELETE,
    # it is because of other rows.
    if kind is Kind.RULE and verb == "DELETE":
        return Fault(Kind.STILL_REFERENCED)
    if kind is Kind.FOREIGN_KEY:
        return Fault(_DIRECTIONS.get(verb, kind))
    subject = str(error).partition(": ")[2]
    if kind is Kind.UNIQUE:
        return _unique(subject, is_primary=code != "SQLITE_CONSTRAINT_UNIQUE")
    return Fault(kind, subject or None if kind is Kind.RULE else None)


def _unique(subject: str, *, is_primary: bool) -> Fault:
    # An index over an expression has no columns; then its name is given.
    if subject.startswith(_INDEX):
        return Fault(Kind.UNIQUE, subject.removeprefix(_INDEX).removesuffix("'"))
    table = subject.partition(".")[0]
    columns = tuple(part.rpartition(".")[2] for part in subject.split(", "))
    return Fault(
        Kind.UNIQUE, primary_key(table) if is_primary else None, table, columns
    )
