"""The group of commands, and those that look at no error: shipper, health, catalogue."""

from dataclasses import asdict

import click
from flask.cli import AppGroup

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.cli._alerts import add_alerts
from failwell.cli._catalog import print_catalog
from failwell.cli._circuits import add_circuits
from failwell.cli._doctor import examine
from failwell.cli._journal import current_journal
from failwell.cli._json import print_json
from failwell.cli._options import as_json_option
from failwell.cli._shared import add_shared
from failwell.cli._ship import ship_once, ship_until_signalled
from failwell.cli._spool import add_spool
from failwell.cli._upkeep import add_prune


def create_commands(clock: Clock = SYSTEM_CLOCK) -> AppGroup:
    """Return `failwell`, to be added to the commands of an application.

    The commands use what stands at `app.extensions["failwell"]`, a `Journal`.

    Args:
        clock: Decides what "now" and "ago" are.
    """
    group = AppGroup(
        "failwell",
        help="Look at recorded errors and circuit breakers, and keep both in order.",
    )
    store = AppGroup("store", help="Look after the database that errors rest in.")
    add_shared(group, store, clock)
    add_prune(store)
    _add_ship(group)
    _add_doctor(group, clock)
    add_spool(group)
    add_circuits(group)
    add_alerts(group, clock)
    _add_catalog(group)
    return group


def _add_ship(group: AppGroup) -> None:
    @group.command("ship")
    @click.option("--once", is_flag=True, help="Move what is there now, then end.")
    def ship(*, once: bool) -> None:
        """Move recorded errors from the spool into the store until told to stop."""
        journal = current_journal()
        if once:
            ship_once(journal)
            return
        click.echo(
            f"Shipper of {journal.settings.application}: moves recorded errors from"
            f" {journal.settings.spool_dir} into the store."
        )
        ship_until_signalled(journal)


def _add_doctor(group: AppGroup, clock: Clock) -> None:
    @group.command("doctor")
    @as_json_option
    def doctor(*, as_json: bool) -> None:
        """Check spool, store, shipper and console; exit with 1 if one of them fails."""
        checks = examine(current_journal(), clock)
        healthy = all(check.state != "fail" for check in checks)
        if as_json:
            print_json({"ok": healthy, "checks": [asdict(check) for check in checks]})
        else:
            from failwell.cli._screen import (  # noqa: PLC0415 - loads rich
                checks_table,
                make_screen,
                show,
            )

            show(make_screen(), checks_table(checks))
        if not healthy:
            click.get_current_context().exit(1)


def _add_catalog(group: AppGroup) -> None:
    @group.command("catalog")
    @click.argument("code", required=False)
    @as_json_option
    def catalog(code: str | None, *, as_json: bool) -> None:
        """List the error codes that the application answers with, or explain CODE."""
        print_catalog(code, as_json=as_json)
