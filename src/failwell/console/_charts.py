"""The geometry of a bar chart of hours. The templates draw it as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOURS = 24
_STEP, _WIDTH = 10, 7
_LEAST = 2.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour, in units of the chart's view box."""

    x: int
    y: float
    height: float
    count: int
    begin: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """24 bars, the present hour last."""

    bars: tuple[Bar, ...]
    height: int
    total: int
    peak: Bar
    """The highest bar, the latest of equal ones."""
    width: int = HOURS * _STEP - (_STEP - _WIDTH)
    bar_width: int = _WIDTH

    @property
    def outline(self) -> str:
        """All bars as one path: a list of a hundred small charts stays light."""
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


def bar_chart(counts: Sequence[int], now: datetime, height: int) -> BarChart:
    """Lay out the counts of the last hours, the present one last.

    Missing hours at the beginning count as zero. Every count above zero can be seen,
    however high the peak is.
    """
    hours = (*[0] * HOURS, *counts)[-HOURS:]
    begin, _ = last_day(now)
    top = max(hours) or 1
    bars = []
    for i, count in enumerate(hours):
        tall = round(max(height * count / top, _LEAST), 1) if count else 0.0
        hour = begin + timedelta(hours=i)
        bars.append(Bar(i * _STEP, round(height - tall, 1), tall, count, hour))
    peak = max(bars, key=lambda bar: (bar.count, bar.x))
    return BarChart(bars=tuple(bars), height=height, total=sum(hours), peak=peak)
