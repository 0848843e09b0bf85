"""Times as people write and read them on a command line."""

import re
from datetime import UTC, datetime, timedelta

import click

from failwell._clock import Clock

_AGO = re.compile(r"(\d{1,6})(m|h|d|w)", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Moment(click.ParamType[datetime]):
    """`2026-11-23T18:00`, with an offset or in UTC, or how long ago: `30m`, `24h`, `7d`.

    Args:
        clock: What "ago" is counted from.
    """

    name = "time"
    _sign = -1
    _wanted = "no time; write {}, or how long ago: 30m, 24h, 7d, 4w"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def convert(
        self,
        value: str | datetime,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> datetime:
        """Return the moment, aware."""
        if isinstance(value, datetime):
            return value
        try:
            if found := _AGO.fullmatch(value):
                span = timedelta(**{_UNITS[found[2]]: int(found[1])})
                return present(self._clock) + self._sign * span
            moment = datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            forms = "2026-11-23T18:00 (UTC), the same with an offset"
            self.fail(f"{value!r} is {self._wanted.format(forms)}", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Duration(click.ParamType[timedelta]):
    """How long: `30m`, `8h`, `2d`, `1w`."""

    name = "duration"

    def convert(
        self,
        value: str | timedelta,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> timedelta:
        """Return the duration."""
        if isinstance(value, timedelta):
            return value
        found = _AGO.fullmatch(value)
        if found is None:
            self.fail(f"{value!r} is no duration; write 30m, 8h, 2d or 1w", param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


class Coming(Moment):
    """A moment to come: `2026-11-23T18:00`, with an offset or in UTC, or `2h`, `3d`.

    Args:
        clock: What "in" is counted from.
    """

    _sign = 1
    _wanted = "no time to come; write {}, or in how long: 30m, 2h, 3d, 4w"


def present(clock: Clock) -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.fromtimestamp(clock.now(), UTC)


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment is, in its largest unit: `3 min ago`."""
    seconds = int((now - moment).total_seconds())
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h ago"
    days = seconds // _DAY
    return "yesterday" if days == 1 else f"{days} days ago"


def exact(moment: datetime | float) -> str:
    """Return a moment to the second, in UTC, as `2026-11-23 18:00:00`."""
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, UTC)
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
