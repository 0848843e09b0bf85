"""What is stored as tables that a person reads; loads rich, so it is loaded late.

Everything that came out of the store goes through `shown`: as text without markup, with
every control character named, so that it can neither colour nor move the terminal.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

import click
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from failwell.cli._circumstances import circumstances
from failwell.cli._doctor import Check
from failwell.cli._moments import ago, exact
from failwell.cli._stack import stack
from failwell.cli._text import shown
from failwell.records import ErrorRecord, RequestInfo
from failwell.store import Fingerprint, GroupPage, GroupSummary, ValueCount

_PIPED_WIDTH = 500
_WIDE = 130
_LEVELS = "▁▂▃▄▅▆▇█"
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def make_screen() -> Console:
    """Return a console on standard output; into a pipe, plain and never cut."""
    screen = Console(
        file=sys.stdout, markup=False, highlight=False, emoji=False, soft_wrap=False
    )
    if not screen.is_terminal:
        screen.width = _PIPED_WIDTH
    return screen


def show(screen: Console, content: RenderableType) -> None:
    """Print `content`; into a pipe, without the blanks that fill up columns."""
    if screen.is_terminal:
        screen.print(content)
        return
    with screen.capture() as held:
        screen.print(content)
    for line in held.get().splitlines():
        click.echo(line.rstrip())


def groups_table(
    groups: Sequence[GroupSummary], now: datetime, width: int
) -> RenderableType:
    """Return the list of groups: a line each, two where `width` is small."""
    if not groups:
        return Text("No errors are recorded.")
    is_wide = width >= _WIDE
    what = ("code", "type", "where") if is_wide else ("what and where",)
    table = make_table("id", "count", "users", "last seen", *what, "last 24 h")
    for column in (*table.columns[:4], table.columns[-1]):
        column.no_wrap = True
    for column in table.columns[:3]:
        column.justify = "right"
    for group in groups:
        code, culprit = shown(group.code), shown(group.culprit)
        kind = shown(group.type, "bold")
        if group.state != "open":
            kind.append_text(shown(f" {group.state}", "dim"))
        if group.regressed:
            kind.append_text(Text(" regressed", "yellow"))
        if group.assigned_to:
            kind.append_text(shown(f" {group.assigned_to}", "dim"))
        narrow = Text("\n").join((kind, Text(" ").join((code, culprit))))
        table.add_row(
            str(group.id),
            f"{group.count:,}",
            f"{group.users:,}" if group.users else "",
            ago(group.last_seen, now),
            *((code, kind, culprit) if is_wide else (narrow,)),
            _spark(group.hourly),
        )
    return table


def page_screen(
    page: GroupPage, error: ErrorRecord | None, now: datetime
) -> RenderableType:
    """Return a group: its facts, one error with stack and request, its newest events."""
    record = error or next(iter(page.events), None)
    parts: list[RenderableType] = [
        Text(f"Group {page.group.id}  ").append_text(
            shown(page.group.type, "bold red")
        ),
        shown(page.group.message),
        Text(),
        _facts(page, now),
    ]
    if record is None:
        parts += [Text(), Text("No error of this group is kept in full any more.")]
    else:
        parts += [Text(), *stack(record), *circumstances(record), Text(), _events(page)]
    return Group(*parts)


def checks_table(checks: Iterable[Check]) -> RenderableType:
    """Return the findings of the doctor."""
    table = make_table("", "check", "finding", "what to do")
    for check in checks:
        table.add_row(
            Text(check.state, _COLOURS[check.state]),
            check.name,
            shown(check.finding),
            shown(check.remedy),
        )
    return table


def make_table(*columns: str) -> Table:
    """Return an empty table without lines."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _facts(page: GroupPage, now: datetime) -> Table:
    group = page.group
    table = Table.grid(padding=(0, 2, 0, 0))
    facts = [
        ("state", _state(group)),
        ("assigned to", group.assigned_to or ""),
        ("code", group.code),
        ("where", group.culprit),
        ("count", f"{group.count:,}"),
        ("users", f"about {group.users:,}" if group.users else ""),
        ("first seen", f"{exact(group.first_seen)} UTC"),
        ("last seen", f"{exact(group.last_seen)} UTC, {ago(group.last_seen, now)}"),
        ("application", group.application),
        ("environments", _values(page.environments)),
        ("releases", _values(page.releases)),
        *((name, _values(values)) for name, values in page.tags.items()),
        ("first error", page.first.id if page.first else ""),
        *(("grouped by", _parts(fingerprint)) for fingerprint in page.fingerprints),
    ]
    for name, value in facts:
        if value:
            table.add_row(shown(name, "dim"), shown(value))
    table.add_row(Text("last 24 h", "dim"), _spark(group.hourly))
    return table


def _state(group: GroupSummary) -> str:
    """Return the state, since when it is so, and what may end it."""
    parts: list[str] = [group.state]
    if group.regressed:
        parts.append("again by itself")
    if group.state_at:
        parts.append(f"since {exact(group.state_at)} UTC")
    if group.resolved_in:
        parts.append(f"in release {group.resolved_in}")
    if group.until_next_release:
        parts.append("until an error of the next release")
    ends = [f"until {exact(group.muted_until)} UTC"] if group.muted_until else []
    ends += [f"until {group.muted_more:,} more errors"] if group.muted_more else []
    return " ".join([*parts, " or ".join(ends)]).rstrip()


def _values(values: Sequence[ValueCount]) -> str:
    return ", ".join(f"{value.value} ({value.count:,})" for value in values)


def _parts(fingerprint: Fingerprint) -> str:
    """Return what was hashed, and to what."""
    return f"{fingerprint.hash}: {' · '.join(fingerprint.parts)}".removesuffix(": ")


def _events(page: GroupPage) -> Table:
    table = make_table("time (UTC)", "error", "request", "user", "release")
    for event in page.events:
        request = event.request or RequestInfo()
        table.add_row(
            exact(event.timestamp),
            shown(event.id),
            shown(f"{request.method} {request.route or request.path}".strip()),
            shown(event.user_id or ""),
            shown(event.release),
        )
    return table


def _spark(counts: Sequence[int]) -> Text:
    most = max(counts, default=0)
    if not most:
        return Text("·" * len(counts), "dim")
    marks = (_LEVELS[-(-n * len(_LEVELS) // most) - 1] if n else "·" for n in counts)
    return Text("".join(marks), "red")
