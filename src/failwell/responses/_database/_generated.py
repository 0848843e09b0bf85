"""Whose the value is that is taken: the client's, or one that the database made up.

Owns the rule, from what the exception knows and nothing else:

- The statement is an INSERT that lists its columns, and gives none of the violated
  key's columns a value: then only a default or a sequence can have made it up. A
  composite key of which a part was given counts as given.
- MariaDB does not tell the columns of a primary key, but the value. It was made up when
  it is a whole number, as AUTO_INCREMENT makes them, and no bound value equals it.

A sequence that has fallen behind its table, after a restore or an import with given
ids, is the operator's to mend: no client can do anything about it. In doubt the value
counts as given, and the client is told of a conflict.
"""

from failwell.responses._database._execution import Execution, values_of
from failwell.responses._database._fault import Fault
from failwell.responses._database._statement import read_statement


def is_generated_key(fault: Fault, execution: Execution) -> bool:
    """Return whether the database itself made up the value that is taken."""
    statement = read_statement(execution.statement)
    if statement.verb != "INSERT" or statement.given is None:
        return False
    if fault.columns:
        # The words for an expression, such as `lower(email)`, are no column.
        plain = all("(" not in column for column in fault.columns)
        return plain and statement.given.isdisjoint(fault.columns)
    if fault.entry is None or not execution.parameters:
        return False
    bound = {_text(value) for value in values_of(execution.parameters)}
    return fault.entry.isdigit() and fault.entry not in bound


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(int(value) if isinstance(value, bool) else value)
