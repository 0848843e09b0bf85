"""What the store tells of alerts: happenings, rates, rules as text, and the outbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, get_args

HappeningKind = Literal["new", "regressed", "unmuted"]
OutboxState = Literal["waiting", "sent", "dead"]
OUTBOX_STATES: tuple[OutboxState, ...] = get_args(OutboxState)


class Happening(NamedTuple):
    """Something that befell a group, and what the group is."""

    id: int
    at: int
    kind: HappeningKind
    group_id: int
    code: str
    type: str
    culprit: str
    message: str


class GroupRate(NamedTuple):
    """What a group had of late, and what it is."""

    group_id: int
    n: int
    code: str
    type: str
    culprit: str
    first_seen: int


class StoredRule(NamedTuple):
    """A rule as somebody wrote it, and who did."""

    rule: str | None
    """None where somebody removed it."""
    changed_by: str
    changed_at: datetime


class Posted(NamedTuple):
    """An alert as it is put into the outbox, once for each channel."""

    alert_id: str
    rule: str
    title: str
    body: str
    channels: Sequence[str]


class OutboxEntry(NamedTuple):
    """An alert and one of its channels."""

    id: int
    alert_id: str
    """The same for all channels, and in each try."""
    channel: str
    rule: str
    title: str
    body: str
    at: datetime
    state: OutboxState
    tries: int
    due_at: datetime
    """When the next try is due; of one that is under way, when it counts as failed."""
    done_at: datetime | None
    """When it was sent or given up."""
    error: str
    """What the last try failed with; empty where it did not."""
