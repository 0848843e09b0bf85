"""The geometry of a bar chart of hours or days. The templates draw it as SVG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOURS, DAYS = 24, 30
_STEP, _WIDTH = 10, 7
_LEAST = 2.0

Point = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour or day, in units of the chart's view box."""

    x: int
    y: float
    height: float
    count: int
    begin: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that began in the time of one of the bars."""

    x: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Bars of equal parts of time, the present one last."""

    bars: tuple[Bar, ...]
    height: int
    total: int
    peak: Bar
    """The highest bar, the latest of equal ones."""
    width: int
    bar_width: int = _WIDTH
    marks: tuple[Mark, ...] = ()

    @property
    def outline(self) -> str:
        """All bars as one path: a list of many small charts stays light."""
        return "".join(
            f"M{bar.x} {bar.y:g}h{self.bar_width}v{bar.height:g}h-{self.bar_width}z"
            for bar in self.bars
            if bar.count
        )


def last_day(now: datetime) -> tuple[datetime, datetime]:
    """Return the beginning and the end of the 24 hours, the present one the last."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    end = hour + timedelta(hours=1)
    return end - timedelta(hours=HOURS), end


def last_month(now: datetime) -> tuple[datetime, datetime]:
    """Return the beginning of the 30 days, today the last, and a moment of today."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=DAYS - 1), today + timedelta(hours=1)


def bar_chart(counts: Sequence[int], now: datetime, height: int) -> BarChart:
    """Lay out the counts of the last hours, the present one last.

    Missing hours at the beginning count as zero.
    """
    hours = (*[0] * HOURS, *counts)[-HOURS:]
    begin, _ = last_day(now)
    points = [(begin + timedelta(hours=i), count) for i, count in enumerate(hours)]
    return lay_out(points, height)


def lay_out(
    points: Sequence[Point], height: int, marks: Iterable[tuple[datetime, str]] = ()
) -> BarChart:
    """Lay out counts, the oldest first.

    Every count above zero can be seen, however high the peak is.

    Args:
        points: The beginning and the count of each part of time; at least one.
        height: Of the chart.
        marks: What began when; what began before the first point is left out.
    """
    top = max(count for _, count in points) or 1
    bars = []
    for i, (begin, count) in enumerate(points):
        tall = round(max(height * count / top, _LEAST), 1) if count else 0.0
        bars.append(Bar(i * _STEP, round(height - tall, 1), tall, count, begin))
    return BarChart(
        bars=tuple(bars),
        height=height,
        total=sum(count for _, count in points),
        peak=max(bars, key=lambda bar: (bar.count, bar.x)),
        width=len(bars) * _STEP - (_STEP - _WIDTH),
        marks=tuple(_marks(bars, marks)),
    )


def _marks(bars: Sequence[Bar], marks: Iterable[tuple[datetime, str]]) -> list[Mark]:
    """Return the marks in the order of time; what began together shares one."""
    names: dict[int, list[str]] = {}
    for moment, name in sorted(marks):
        begun = [bar.x for bar in bars if bar.begin <= moment]
        if begun:
            names.setdefault(begun[-1], []).append(name)
    return [Mark(x, ", ".join(several)) for x, several in names.items()]
