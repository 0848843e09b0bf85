"""The shapes of the JSON answers that are the console's own; the store has the others."""

from datetime import datetime

import msgspec

from failwell.records import ErrorRecord
from failwell.store import AnswerCount, GroupSummary, HistoryEntry, LossCount


class GroupList(msgspec.Struct, kw_only=True):
    """A page of the list of groups, and the answers that were counted only."""

    groups: tuple[GroupSummary, ...]
    next: str | None
    """What to send as `after` to get what follows; null at the end."""
    answers: list[AnswerCount]


class EventList(msgspec.Struct, kw_only=True):
    """A page of the errors of a group that were kept in full, the newest first."""

    events: tuple[ErrorRecord, ...]
    next: str | None


class EntryList(msgspec.Struct, kw_only=True):
    """A page of what was done, the newest first."""

    entries: tuple[HistoryEntry, ...]
    next: str | None = None


class FoundError(msgspec.Struct, kw_only=True):
    """An error and its group; the event is null when it was counted, not kept."""

    group: GroupSummary
    event: ErrorRecord | None


class Text(msgspec.Struct, kw_only=True):
    """An error in words for elsewhere."""

    text: str


class Count(msgspec.Struct, kw_only=True):
    """How many errors there were in an hour or a day."""

    begin: datetime
    count: int


class Counts(msgspec.Struct, kw_only=True):
    """Errors over time, the oldest first."""

    counts: list[Count]


class Stats(msgspec.Struct, kw_only=True):
    """The counts of the last 24 hours, the present one the last."""

    begin: datetime
    end: datetime
    total_errors: int
    error_types: dict[str, int]
    codes: dict[str, int]
    losses: list[LossCount]
    hourly: list[Count]


class Changed(msgspec.Struct, kw_only=True):
    """The groups that were changed."""

    changed: list[int]


class Me(msgspec.Struct, kw_only=True):
    """Who makes the request."""

    name: str
    role: str
