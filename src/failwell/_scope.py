"""What is said of a piece of work: whose it is, its tags, and what happened so far.

Owns the place where that is kept for a request, or for a block that says that it is one
piece of work. It is never changed, only replaced: whoever copies a context (asyncio, a
thread pool) gets what was said until then, and what is said afterwards on one side is
unknown on the other.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple


class Crumb(NamedTuple):
    """One thing that happened; nothing in it keeps an object of the application alive."""

    timestamp: float
    category: str
    level: str
    message: str
    """Of a log line the template."""
    arguments: Any = ()
    """What belongs into the template; plain values."""
    data: Any = None
    """Redacted JSON types."""


class Scope(NamedTuple):
    """What is known of one piece of work."""

    user: str | None = None
    tags: Mapping[str, str] = {}
    crumbs: tuple[Crumb, ...] = ()


NOTHING_SAID = Scope()
"""The scope of a request at its begin."""

scope: ContextVar[Scope | None] = ContextVar("failwell_scope", default=None)
"""None outside of any piece of work."""
