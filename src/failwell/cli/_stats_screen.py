"""The counts of a range of time as tables with bars; loads rich, so it is loaded late."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from failwell.cli._counts import Counts
from failwell.cli._moments import exact
from failwell.cli._screen import make_table
from failwell.cli._text import shown

_BAR = 40


def stats_screen(counts: Counts, period: tuple[datetime, datetime]) -> RenderableType:
    """Return totals by type, release and time, answers, and what was not kept."""
    since, until = period
    stats, series = counts.stats, counts.series
    length = len("2026-11-23" if series.bucket == "day" else "2026-11-23 18:00")
    times = [(exact(at)[:length], n) for at, n in series.points]
    codes: Counter[str] = Counter()
    for answer in counts.answers:
        codes[f"{answer.status} {answer.code}"] += answer.count
    releases = {name or "(none)": n for name, n in stats.releases.items()}
    return Group(
        Text(
            f"{stats.total_errors:,} errors from {exact(since)} to {exact(until)} UTC",
            "bold",
        ),
        *_ranked("By type", "type", stats.error_types),
        *(_ranked("By release", "release", releases) if len(releases) > 1 else ()),
        *(_section(f"By {series.bucket}", "UTC", times) if stats.total_errors else ()),
        *_ranked("Answered without being recorded", "answer", codes),
        *_ranked(
            "Counted, not kept in full",
            "why",
            {loss.reason: loss.count for loss in counts.losses},
        ),
    )


def _ranked(title: str, name: str, counts: Mapping[str, int]) -> list[RenderableType]:
    return _section(title, name, sorted(counts.items(), key=lambda item: -item[1]))


def _section(
    title: str, name: str, rows: Sequence[tuple[str, int]]
) -> list[RenderableType]:
    if not rows:
        return []
    return [Text(), Text(title, "bold"), _bars(name, rows)]


def _bars(name: str, rows: Sequence[tuple[str, int]]) -> Table:
    table = make_table(name, "count", "")
    table.columns[1].justify = "right"
    most = max(count for _, count in rows)
    for label, count in rows:
        length = -(-count * _BAR // most) if most else 0
        table.add_row(shown(label), f"{count:,}", Text("█" * length, "red"))
    return table
