"""`alerts` and what is below it: rules, channels, the outbox, and tests of channels."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import click
import msgspec
from flask.cli import AppGroup, with_appcontext

from failwell._clock import Clock
from failwell.alerts import KINDS, Alerts, Rule, describe, make_rule
from failwell.cli._alert_options import by_option, given, rule_options
from failwell.cli._json import print_json
from failwell.cli._moments import Duration, exact, present
from failwell.cli._options import as_json_option, limit_type, using_store
from failwell.cli._who import who
from failwell.exceptions import NotFoundError
from failwell.logs import escape
from failwell.store import OUTBOX_STATES, OutboxState

_SHOWN = 10


def add_alerts(group: AppGroup, clock: Clock) -> None:
    """Add the commands to the group."""

    @group.group("alerts", cls=AppGroup, invoke_without_command=True)
    @as_json_option
    @click.pass_context
    @with_appcontext
    def alerts(context: click.Context, *, as_json: bool) -> None:
        """Show by which rules somebody is told, where, and what waits."""
        if context.invoked_subcommand is None:
            with _using_alerts() as known:
                _show(known, clock, as_json=as_json)

    _add_rules(alerts)
    _add_silence(alerts, clock)
    _add_outbox(alerts, clock)
    _add_test(alerts)


def _add_rules(alerts: click.Group) -> None:
    @alerts.command("add")
    @click.argument("name")
    @click.argument("kind", type=click.Choice(list(KINDS)))
    @rule_options
    @by_option
    def add(name: str, kind: str, by: str | None, **options: Any) -> None:  # noqa: ANN401 - fields of a rule
        """Add a rule NAME of a KIND; each kind takes some of the options."""
        with _using_alerts() as known:
            rule = make_rule(name, kind, **given(options))
            known.add(rule, by=by or who())
        _say(rule)

    @alerts.command("change")
    @click.argument("name")
    @rule_options
    @by_option
    def change(name: str, by: str | None, **options: Any) -> None:  # noqa: ANN401 - fields of a rule
        """Change what is given of the rule NAME; the rest stays."""
        with _using_alerts() as known:
            rule = known.change(name, by=by or who(), **given(options))
        _say(rule)

    @alerts.command("remove")
    @click.argument("name")
    @by_option
    def remove(name: str, by: str | None) -> None:
        """Remove the rule NAME, and with it what it holds."""
        with _using_alerts() as known:
            known.remove(name, by=by or who())
        click.echo(f"The rule {escape(name)} is removed.")


def _add_silence(alerts: click.Group, clock: Clock) -> None:
    @alerts.command("mute")
    @click.argument("name")
    @click.option(
        "--for", "length", type=Duration(), default="8h", help="8h (default), 30m, 2d."
    )
    @by_option
    def mute(name: str, length: timedelta, by: str | None) -> None:
        """Have the rule NAME hold everything back for a while, then tell it at once."""
        with _using_alerts() as known:
            until = present(clock) + length
            known.mute(name, until, by=by or who())
        click.echo(f"The rule {escape(name)} is silent until {exact(until)} UTC.")

    @alerts.command("unmute")
    @click.argument("name")
    @by_option
    def unmute(name: str, by: str | None) -> None:
        """Let the rule NAME speak again."""
        with _using_alerts() as known:
            known.mute(name, None, by=by or who())
        click.echo(f"The rule {escape(name)} speaks again.")


def _add_outbox(alerts: click.Group, clock: Clock) -> None:
    @alerts.command("outbox")
    @click.option("--state", type=click.Choice(OUTBOX_STATES), help="One state alone.")
    @click.option("--limit", type=limit_type, default=100, help="Default 100.")
    @as_json_option
    def outbox(*, state: OutboxState | None, limit: int, as_json: bool) -> None:
        """List what was sent, waits, or was given up, the newest first."""
        with _using_alerts() as known:
            entries = known.outbox(limit, state)
        if as_json:
            print_json({"outbox": [entry._asdict() for entry in entries]})
            return
        from failwell.cli._alerts_screen import outbox_table  # noqa: PLC0415 - rich
        from failwell.cli._screen import make_screen, show  # noqa: PLC0415 - rich

        show(make_screen(), outbox_table(entries, present(clock)))

    @alerts.command("retry")
    @click.argument("alert_id", required=False)
    def retry(alert_id: str | None) -> None:
        """Send what waits or was given up with the next look, or ALERT_ID alone."""
        with _using_alerts() as known:
            n = known.retry(alert_id)
        click.echo(f"{n} to be sent within about 10 seconds, where somebody ships.")


def _add_test(alerts: click.Group) -> None:
    @alerts.command("test")
    @click.argument("channel", required=False)
    @as_json_option
    def test(channel: str | None, *, as_json: bool) -> None:
        """Send a test to all channels, or to CHANNEL; exit with 1 if one refuses."""
        with _using_alerts() as known:
            outcomes = known.test(channel)
        if as_json:
            print_json({"channels": [outcome._asdict() for outcome in outcomes]})
        else:
            for outcome in outcomes:
                said = f"failed: {outcome.error}" if outcome.error else "took it"
                click.echo(escape(f"{outcome.channel} {said}"))
            if not outcomes:
                click.echo("There are no channels: set FAILWELL_ALERTS_TO.")
        if not outcomes or any(outcome.error for outcome in outcomes):
            click.get_current_context().exit(1)


def _show(known: Alerts, clock: Clock, *, as_json: bool) -> None:
    entries, health = known.entries(), known.health()
    newest = known.outbox(_SHOWN)
    if as_json:
        rules = [
            {
                **msgspec.structs.asdict(entry.rule),
                "asks": describe(entry.rule),
                "changed_by": entry.changed_by,
                "changed_at": entry.changed_at,
            }
            for entry in entries
        ]
        print_json(
            {
                "channels": known.channels,
                "rules": rules,
                "judged_at": health.judged_at,
                "waiting": health.waiting,
                "failing": health.failing,
                "dead": health.dead,
            }
        )
        return
    from failwell.cli._alerts_screen import alerts_screen  # noqa: PLC0415 - rich
    from failwell.cli._screen import make_screen, show  # noqa: PLC0415 - rich

    now = present(clock)
    show(make_screen(), alerts_screen(known.channels, entries, health, newest, now))


def _say(rule: Rule) -> None:
    where = f" Told: {', '.join(rule.to)}." if rule.to else ""
    click.echo(escape(f"The rule {rule.name} asks for {describe(rule)}.{where}"))


@contextmanager
def _using_alerts() -> Iterator[Alerts]:
    with using_store(settled=False) as journal:
        try:
            yield journal.alerts
        except NotFoundError as error:
            said = f"{error}; `flask failwell alerts` lists rules and channels."
            raise click.ClickException(escape(said)) from error
        except ValueError as error:
            raise click.ClickException(escape(str(error))) from error
