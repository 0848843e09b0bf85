"""Alerts as tables that a person reads; loads rich, so it is loaded late."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from failwell.alerts import Health, RuleEntry, describe
from failwell.cli._moments import ago, exact
from failwell.cli._screen import make_table
from failwell.cli._text import shown
from failwell.store import OutboxEntry

_COLOURS = {"waiting": "yellow", "sent": "green", "dead": "bold red"}


def alerts_screen(
    channels: Sequence[str],
    entries: Sequence[RuleEntry],
    health: Health,
    newest: Sequence[OutboxEntry],
    now: datetime,
) -> RenderableType:
    """Return channels, rules, and the last alerts."""
    return Group(
        _facts(channels, health, now),
        Text(),
        _rules(entries, now),
        Text(),
        outbox_table(newest, now),
    )


def outbox_table(entries: Sequence[OutboxEntry], now: datetime) -> RenderableType:
    """Return a line for each alert and channel."""
    if not entries:
        return Text("No alert was written yet.")
    table = make_table("when", "state", "channel", "tries", "title", "alert", "why not")
    for entry in entries:
        table.add_row(
            ago(entry.at, now),
            Text(entry.state, _COLOURS[entry.state]),
            shown(entry.channel),
            str(entry.tries),
            shown(entry.title),
            entry.alert_id,
            shown(entry.error),
        )
    return table


def _facts(channels: Sequence[str], health: Health, now: datetime) -> Text:
    if not channels:
        return Text("No channel is set, so nobody is told: set FAILWELL_ALERTS_TO.")
    judged = "never" if health.judged_at is None else ago(health.judged_at, now)
    said = f"Channels: {', '.join(channels)}. Judged last: {judged}."
    said += f" Waiting: {health.waiting:,}. Given up: {health.dead:,}."
    line = shown(said)
    if health.failing:
        line.append_text(shown(f" Failing: {', '.join(health.failing)}.", "bold red"))
    return line


def _rules(entries: Sequence[RuleEntry], now: datetime) -> RenderableType:
    table = make_table("rule", "kind", "asks for", "told", "at most", "changed by")
    for rule, by, _ in entries:
        name = shown(rule.name, "bold")
        if rule.muted_until is not None and rule.muted_until > now:
            name.append_text(shown(f" muted until {exact(rule.muted_until)}", "yellow"))
        table.add_row(
            name,
            rule.kind,
            shown(describe(rule)),
            shown(", ".join(rule.to) or "all channels"),
            f"once in {rule.pause_minutes} min{', urgent' if rule.urgent else ''}",
            shown(by or "as it came"),
        )
    return table
