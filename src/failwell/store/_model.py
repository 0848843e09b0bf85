"""What the store answers: the shapes that console, command line and API show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from failwell.records import ErrorRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSummary:
    """One row of the list of groups. Times are aware, in UTC."""

    id: int
    hash: str
    application: str
    code: str
    type: str
    culprit: str
    message: str
    count: int
    """All errors ever counted, kept in full or not."""
    first_seen: datetime
    last_seen: datetime
    hourly: tuple[int, ...] = ()
    """Counts of the last 24 hours, the oldest first, the present hour last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPage:
    """A group with its newest events."""

    group: GroupSummary
    hashes: tuple[str, ...]
    environments: tuple[str, ...]
    releases: tuple[str, ...]
    events: Sequence[ErrorRecord] = field(default_factory=tuple)
    """The newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorStats:
    """Counts of a range of time."""

    total_errors: int
    error_types: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCount:
    """How often a code was answered on a route without being recorded."""

    code: str
    status: int
    method: str
    route: str
    count: int
