"""Moments and buckets: the store's whole numbers, and the datetimes that people use."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

SECOND = 1_000_000
MINUTE = 60 * SECOND
MINUTES_PER_HOUR = 60
HOURS_PER_DAY = 24
MINUTES_PER_DAY = HOURS_PER_DAY * MINUTES_PER_HOUR
HOUR = MINUTES_PER_HOUR * MINUTE
DAY = HOURS_PER_DAY * HOUR
HOURS_SHOWN = 24
MINUTES_SHOWN = 25 * MINUTES_PER_HOUR
"""How far back groups are counted by the minute."""
HOURS_KEPT = 400 * HOURS_PER_DAY
"""How far back groups are counted by the hour."""
LATEST_SECOND = 253_402_300_800
"""The first second of the year 10000, which no datetime can hold."""
LATEST_MINUTE = LATEST_SECOND // 60

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MinuteRange(NamedTuple):
    """Minutes from `first` up to, but not with, `end`."""

    first: int
    end: int

    @property
    def hours(self) -> range:
        """The hours that it touches."""
        return range(self.first // MINUTES_PER_HOUR, -(-self.end // MINUTES_PER_HOUR))


def minute_range(start: datetime, end: datetime) -> MinuteRange:
    """Return the minutes that the time from `start` to `end` touches.

    Naive datetimes are UTC; the edges are rounded outward to whole minutes.

    Raises:
        ValueError: `start` is after `end`.
    """
    first, last = aware(start), aware(end)
    if first > last:
        message = (
            f"start ({first.isoformat()}) is after end ({last.isoformat()}); "
            "give the earlier one first"
        )
        raise ValueError(message)
    minute = timedelta(minutes=1)
    return MinuteRange((first - _EPOCH) // minute, -((_EPOCH - last) // minute))


def moment(microseconds: int) -> datetime:
    """Return the aware datetime, in UTC, of a stored moment."""
    return _EPOCH + timedelta(microseconds=microseconds)


def minute_start(minute: int) -> datetime:
    """Return the aware datetime, in UTC, at which a minute begins."""
    return _EPOCH + timedelta(minutes=minute)


def stored(time: datetime) -> int:
    """Return the stored form of a moment; UTC when naive."""
    return (aware(time) - _EPOCH) // timedelta(microseconds=1)


def microseconds(seconds: float) -> int:
    """Return the stored form of a moment in seconds."""
    return round(seconds * SECOND)


def aware(time: datetime) -> datetime:
    """Return a moment with its zone, which is UTC where it has none."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
