"""Errors as text for elsewhere: an issue, a suite of tests, a table, a program.

Owns what of a record goes along, and in which form. Refuses to let anything that was
recorded become markup, code or a formula: it stands in code spans, in literals, in cells
that begin with a harmless character.
"""

from failwell.excerpts._markdown import as_markdown
from failwell.excerpts._reproduction import as_test
from failwell.excerpts._rows import (
    event_rows,
    group_rows,
    json_lines,
    record_document,
)

__all__ = [
    "as_markdown",
    "as_test",
    "event_rows",
    "group_rows",
    "json_lines",
    "record_document",
]
