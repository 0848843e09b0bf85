"""MariaDB's and MySQL's error numbers read; their words never are.

The names of keys, constraints and columns are taken from the text: the protocol gives
them nowhere else. They stand in quotes, in every language of the server.
"""

import re

from failwell.responses._database._execution import Execution
from failwell.responses._database._fault import Fault, Kind, primary_key
from failwell.responses._database._statement import read_statement

_NUMBERS = {
    Kind.UNIQUE: (1022, 1062, 1169, 1586),
    Kind.PARENT_MISSING: (1216, 1452),
    Kind.STILL_REFERENCED: (1217, 1451),
    Kind.RULE: (1369, 3819, 4025),
    Kind.NOT_NULL: (1048, 1364),
    Kind.BAD_VALUE: (1264, 1265, 1292, 1300, 1366, 1367, 1406, 1690, 3140),
    # 1020: the row has changed since the snapshot was taken (MariaDB 11.6, Galera).
    Kind.ROLLED_BACK: (1020, 1205, 1213, 1614, 3572),
    Kind.STATEMENT_TIMEOUT: (1317, 1969, 3024),
    # 0: PyMySQL, whose own socket is closed.
    Kind.CONNECTION_LOST: (
        0,
        1053,
        1158,
        1159,
        1160,
        1161,
        1927,
        2006,
        2013,
        2055,
        4031,
    ),
    Kind.UNREACHABLE: (1040, 1129, 1203, 1226, 2002, 2003, 2005),
}
_KINDS = {number: kind for kind, numbers in _NUMBERS.items() for number in numbers}

_LAST_QUOTED = re.compile(r".*'([^']+)'", re.DOTALL)
_ENTRY = re.compile(r"'(.*)'[^']*'[^']+'", re.DOTALL)
_CONSTRAINT = re.compile(r"CONSTRAINT `((?:[^`]|``)+)`|'([^']+)'", re.IGNORECASE)
_PRIMARY = "PRIMARY"


def read_mysql(error: BaseException, execution: Execution) -> Fault:
    """Return the fault behind an error of PyMySQL, mysqlclient or another driver."""
    number, text = _number(error), _text(error)
    kind = _KINDS.get(number, Kind.OTHER)
    if kind is Kind.UNIQUE:
        return _unique(text, execution)
    if kind in {Kind.PARENT_MISSING, Kind.STILL_REFERENCED, Kind.RULE}:
        name = _CONSTRAINT.search(text)
        return Fault(kind, (name[1] or name[2]) if name else None)
    return Fault(kind)


def _number(error: BaseException) -> int:
    number = getattr(error, "errno", None)
    if number is None:
        number = error.args[0] if error.args else None
    return number if isinstance(number, int) else -1


def _text(error: BaseException) -> str:
    return next((str(part) for part in reversed(error.args)), "")


def _unique(text: str, execution: Execution) -> Fault:
    """Read which key; MySQL 8 puts the table before its name, MariaDB does not."""
    key = _LAST_QUOTED.match(text)
    if key is None:
        return Fault(Kind.UNIQUE)
    table, _, name = key[1].rpartition(".")
    table = table or read_statement(execution.statement).table
    if name != _PRIMARY:
        return Fault(Kind.UNIQUE, name, table)
    entry = _ENTRY.search(text)
    return Fault(Kind.UNIQUE, primary_key(table), table, entry=entry and entry[1])
