"""What an alert says: its title, and why somebody gets it."""

from datetime import UTC, datetime
from typing import NamedTuple

from failwell._settings import Settings
from failwell.alerts._alert import Alert, Finding
from failwell.alerts._memory import Memory
from failwell.alerts._rule import Rule, RuleKind, describe
from failwell.logs import escape
from failwell.store import GroupRate, Happening

_LONGEST_TITLE = 200
_LONGEST_SAID = 500


class _Headline(NamedTuple):
    one: str
    many: str


_HEADLINES: dict[RuleKind, _Headline] = {
    "new": _Headline("New error", "new errors"),
    "regression": _Headline("Error is back", "errors are back"),
    "threshold": _Headline("Many errors", "times many errors"),
    "spike": _Headline(
        "Far more errors than usual", "times far more errors than usual"
    ),
    "error_rate": _Headline("Route fails", "routes fail"),
    "circuit_opened": _Headline("Circuit opened", "circuits opened"),
    "pipeline": _Headline(
        "Recording of errors", "troubles with the recording of errors"
    ),
}
_HAPPENED = {
    "new": "It was never met before.",
    "regressed": "It was resolved, and has come back.",
    "unmuted": "It was muted, up to a limit that it has reached.",
}


def compose(
    alert_id: str, rule: Rule, memory: Memory, now: float, settings: Settings
) -> Alert:
    """Return the alert that tells of all that a rule has held."""
    return Alert(
        id=alert_id,
        at=datetime.fromtimestamp(now, UTC),
        application=settings.application,
        environment=settings.environment,
        rule=rule.name,
        kind=rule.kind,
        title=_title(rule, memory),
        number=memory.held,
        findings=memory.first,
        why=_why(rule, memory),
        change=f"flask failwell alerts change {rule.name} …, or"
        f" flask failwell alerts mute {rule.name} --for 8h",
        link=settings.console_url or "",
    )


def of_group(happening: Happening, at: datetime, link: str) -> Finding:
    """Return what happened to a group."""
    message = f" {happening.message}" if happening.message else ""
    return Finding(
        subject=f"group {happening.group_id}",
        title=_line(f"{happening.type} in {happening.culprit}", _LONGEST_TITLE),
        said=_line(f"{_HAPPENED[happening.kind]}{message}", _LONGEST_SAID),
        at=at,
        group_id=happening.group_id,
        code=happening.code,
        link=link,
    )


def of_rate(rate: GroupRate, said: str, at: datetime, link: str) -> Finding:
    """Return that a group has many errors."""
    return Finding(
        subject=f"group {rate.group_id}",
        title=_line(f"{rate.type} in {rate.culprit}", _LONGEST_TITLE),
        said=said,
        at=at,
        group_id=rate.group_id,
        code=rate.code,
        link=link,
    )


def of_all(subject: str, title: str, said: str, at: datetime) -> Finding:
    """Return something that is not about one group."""
    return Finding(
        subject=_line(subject, _LONGEST_TITLE),
        title=_line(title, _LONGEST_TITLE),
        said=_line(said, _LONGEST_SAID),
        at=at,
    )


def _title(rule: Rule, memory: Memory) -> str:
    first, headline = memory.first[0].title, _HEADLINES[rule.kind]
    if memory.held == 1:
        return _line(f"{headline.one}: {first}", _LONGEST_TITLE)
    return _line(f"{memory.held:,} {headline.many}; first {first}", _LONGEST_TITLE)


def _why(rule: Rule, memory: Memory) -> str:
    pause = f"{rule.pause_minutes} minutes" if rule.pause_minutes > 1 else "minute"
    gathered = ""
    if memory.held > 1:
        since = memory.first[0].at.strftime("%Y-%m-%d %H:%M")
        gathered = f" This one gathers {memory.held:,} since {since} UTC."
    return (
        f"The rule {rule.name} asks for {describe(rule)}, and speaks at most once in"
        f" {pause}.{gathered}"
    )


def _line(text: str, longest: int) -> str:
    shown = escape(text)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
