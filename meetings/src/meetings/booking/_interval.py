"""The time of a meeting: half-open, aware, at most a day long."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from meetings.storage import LONGEST_MEETING_S

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` up to, but not including, `end`."""

    start: datetime
    end: datetime


def interval_problem(start: datetime, end: datetime) -> tuple[str, str] | None:
    """Return what is wrong with `end`, as (code, message), or None."""
    if end <= start:
        return "end_before_start", "The end must be after the start"
    if end - start > timedelta(seconds=LONGEST_MEETING_S):
        hours = LONGEST_MEETING_S // 3600
        return "too_long", f"A meeting lasts {hours} hours at most"
    return None
