"""What the store answers: the shapes that console, command line and API show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from failwell.records import ErrorRecord
from failwell.store._query import State
from failwell.store._times import MINUTES_PER_DAY, MINUTES_PER_HOUR

Bucket = Literal["minute", "hour", "day"]
BUCKETS: tuple[Bucket, ...] = get_args(Bucket)
MINUTES_OF: dict[Bucket, int] = {
    "minute": 1,
    "hour": MINUTES_PER_HOUR,
    "day": MINUTES_PER_DAY,
}


Override = Literal["open", "closed", "disabled"]
OVERRIDES: tuple[Override, ...] = get_args(Override)


class Deployment(NamedTuple):
    """An application in one environment: the processes that share circuit breakers."""

    application: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitOrder:
    """An operator's last word on the circuit breakers of a name."""

    name: str
    override: Override | None
    """What they are held to; None lets the calls decide again, closed at first."""
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSummary:
    """One row of the list of groups. Times are aware, in UTC."""

    id: int
    hash: str
    """With which the ids of its errors begin; one of several where groups were merged."""
    application: str
    code: str
    type: str
    culprit: str
    message: str
    state: State
    state_at: datetime | None
    """When a person or a later error changed the state; None when nothing ever did."""
    regressed: bool = False
    """Whether it opened again by itself, and nobody has done anything since."""
    assigned_to: str | None = None
    muted_until: datetime | None = None
    """The first error after that opens it."""
    muted_more: int | None = None
    """How many more errors it takes to open it."""
    resolved_in: str | None = None
    """The newest release when it was resolved: errors of older ones do not open it."""
    until_next_release: bool = False
    """Whether only errors of a release that is yet to come open it again."""
    count: int
    """All errors ever counted, kept in full or not."""
    users: int
    """About how many users had it: an estimate, right to a few percent."""
    first_seen: datetime
    last_seen: datetime
    hourly: tuple[int, ...] = ()
    """Counts of the last 24 hours, the oldest first, the present hour last."""
    trend: int = 0
    """How many errors more than in the 24 hours before these; less when negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """What was done, by whom, and when; aware, in UTC."""

    id: int
    """0 for what is not written down but known: that a group appeared."""
    at: datetime
    by: str
    """Who did it: a person, or `failwell` where new errors did."""
    action: str
    """Of groups: `appeared`, `resolved`, `reopened`, `muted`, `assigned`, `commented`,
    `merged`, `unmerged`, `deleted`, `regressed`, `unmuted`."""
    group_id: int | None
    """None where it is about no group."""
    details: Mapping[str, Any]
    """JSON types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What gathers errors in a group; several where groups were merged."""

    hash: str
    algorithm: str
    parts: tuple[str, ...]
    """What the hash was made of."""
    home: int
    """The group that it goes back to when the groups are taken apart."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCount:
    """How often a value came with the errors of a group."""

    value: str
    count: int
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPage:
    """A group with its newest events."""

    group: GroupSummary
    fingerprints: tuple[Fingerprint, ...]
    environments: tuple[ValueCount, ...]
    """Of all errors, the most frequent first."""
    releases: tuple[ValueCount, ...]
    """Of all errors, the one seen last first; errors without a release are not here."""
    tags: Mapping[str, tuple[ValueCount, ...]]
    """Routes and tags of the errors that were kept in full: at most ten values of each
    name, the most frequent first."""
    events: Sequence[ErrorRecord] = field(default_factory=tuple)
    """The newest first."""
    first: ErrorRecord | None = None
    """The first one, however long ago; None where none was kept in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorStats:
    """Counts of a range of time, each table with the most frequent first."""

    total_errors: int
    error_types: dict[str, int]
    codes: dict[str, int]
    environments: dict[str, int]
    releases: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSeries:
    """Counts of equal parts of a range of time."""

    bucket: Bucket
    points: tuple[tuple[datetime, int], ...]
    """Each part's beginning and its count, the oldest first, those of 0 too."""
    complete: bool
    """Whether the counts of these parts are still kept apart for all of the range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCount:
    """How often a code was answered on a route without being recorded."""

    code: str
    status: int
    method: str
    route: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LossCount:
    """How many errors were counted and not kept in full, for one reason."""

    reason: str
    """`sampled out`, or what could not be done."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How much the store keeps; 0 is no limit. Totals are kept for ever."""

    days: int = 90
    """How old errors that were kept in full become, their landmarks apart."""
    events: int = 1_000_000
    """How many errors are kept in full."""
    bytes: int = 5 * 1024**3
    """How large the database becomes, in bytes."""


class Pruned(NamedTuple):
    """What was removed."""

    events: int = 0
    """Errors that had been kept in full."""
    landmarks: int = 0
    """Of these, errors that are kept all the same: the first or last of their group."""
    counts: int = 0
    """Rows of counts that wider buckets hold too, of tags and of sketches."""
    stacks: int = 0
    days: int = 0
    """Days whose events were removed all at once."""
    freed: int = 0
    """Bytes given back to the file system."""

    def plus(self, other: "Pruned") -> "Pruned":
        """Return both together."""
        return Pruned(*(a + b for a, b in zip(self, other, strict=True)))


class Erased(NamedTuple):
    """What was removed of one user."""

    events: int = 0
    """Errors of the user that had been kept in full."""
    landmarks: int = 0
    """The same, of those kept as the first or last of their group."""
    tags: int = 0
    """Tags with the id as their value."""
    quarantined: int = 0
    """Frames that could not be stored and name the id."""
    titles: int = 0
    """Groups whose message had the id in it; it is replaced there."""
    history: int = 0
    """Entries of the history, and groups by whom they are assigned to, with the id in
    them; it is replaced there."""
