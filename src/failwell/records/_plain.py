"""Values that may wait: small, plain, and nobody else's.

Owns what may be held until an error needs it. Of anything else the name of its type
stands in: no object of the application is kept alive, and none of its code runs.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from failwell.records._text import clean, is_text, type_name

Plain = (
    None
    | bool
    | int
    | float
    | str
    | Decimal
    | UUID
    | date
    | datetime
    | time
    | timedelta
)

TEXT_LENGTH = 800
"""Some more than is ever kept of it: what is cut here may be a secret's first half."""
_INTEGER_BITS = 1024
_KINDS = frozenset(
    {type(None), bool, int, float, Decimal, UUID, date, datetime, time, timedelta}
)


def plain(value: object) -> Plain:
    """Return `value` if it is small and plain, a text cut to 800 characters, else `<type>`."""
    if is_text(value):
        return clean(value, TEXT_LENGTH)
    if type(value) not in _KINDS:
        return f"<{type_name(type(value))}>"
    if type(value) is int and value.bit_length() > _INTEGER_BITS:
        return "<int>"
    return value  # type: ignore[return-value] # one of these kinds
