"""The units of the spool as a table that a person reads; loads rich, so loaded late."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from failwell.cli._moments import exact
from failwell.cli._text import shown
from failwell.spool import UnitReport

_KIBIBYTE = 1024
_COLUMNS = ("unit", "began (UTC)", "process", "KiB", "records", "counted", "damage")


def units_screen(
    reports: Sequence[UnitReport], folder: Path, used: int, quota: int
) -> RenderableType:
    """Return the folder's line and a row for each unit."""
    share = f"{used // _KIBIBYTE:,} of {quota // _KIBIBYTE:,} KiB"
    first = shown(f"{folder}: {len(reports)} units, {share}", "bold")
    if not reports:
        return first
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in _COLUMNS:
        table.add_column(name, overflow="fold")
    for column in table.columns[3:6]:
        column.justify = "right"
    for report in reports:
        size = report.segment_bytes + report.counters_bytes
        owner = f"{report.pid}, at work" if report.is_live else f"{report.pid}, ended"
        table.add_row(
            shown(report.unit),
            exact(report.began_at),
            owner,
            f"{size // _KIBIBYTE:,}",
            f"{report.records:,}",
            f"{report.counted:,}",
            _damage(report),
        )
    return Group(first, table)


def _damage(report: UnitReport) -> Text:
    if report.problem:
        return shown(report.problem, "bold red")
    if report.damaged_bytes:
        return Text(f"{report.damaged_bytes:,} bytes", "bold red")
    return Text("none", "green")
