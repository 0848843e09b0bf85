"""The commands: their names, their options, and who does the work."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._journal import Journal
from failwell.cli._catalog import print_catalog
from failwell.cli._doctor import examine
from failwell.cli._journal import current_journal
from failwell.cli._json import page_document, print_json
from failwell.cli._moments import Moment, present
from failwell.cli._ship import ship_once, ship_until_signalled
from failwell.cli._spool import check_spool, dump_spool, repair_spool
from failwell.logs import escape
from failwell.records import ErrorRecord
from failwell.store import GroupPage, StoreError

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST = 10_000
_GROUP_ID_DIGITS = 12
_limit = click.IntRange(1, _MOST)
_as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for programs."
)


def create_commands(clock: Clock = SYSTEM_CLOCK) -> AppGroup:
    """Return `failwell`, to be added to the commands of an application.

    The commands use what stands at `app.extensions["failwell"]`, a `Journal`.

    Args:
        clock: Decides what "now" and "ago" are.
    """
    group = AppGroup(
        "failwell",
        help="Look at the recorded errors, ship them, and explain the codes.",
    )
    _add_errors(group, clock)
    _add_show(group, clock)
    _add_stats(group, clock)
    _add_ship(group)
    _add_doctor(group, clock)
    _add_catalog(group)
    _add_spool(group)
    return group


def _add_errors(group: AppGroup, clock: Clock) -> None:
    @group.command("errors")
    @click.option("--limit", type=_limit, default=50, show_default=True)
    @_as_json
    def errors(limit: int, *, as_json: bool) -> None:
        """List the groups of errors, those seen last first."""
        with _reading() as journal:
            groups = journal.store.groups(limit)
        if as_json:
            print_json({"groups": [asdict(group) for group in groups]})
            return
        from failwell.cli._screen import (  # noqa: PLC0415 - loads rich
            groups_table,
            make_screen,
            show,
        )

        screen = make_screen()
        show(screen, groups_table(groups, present(clock), screen.width))


def _add_show(group: AppGroup, clock: Clock) -> None:
    @group.command("show")
    @click.argument("id")
    @click.option("--events", type=_limit, default=10, show_default=True)
    @_as_json
    def show(id: str, events: int, *, as_json: bool) -> None:  # noqa: A002 - click's name
        """Show a group or an error: facts, stack, request, newest events.

        ID is the number of a group, or the id of an error as a client was given it.
        """
        with _reading() as journal:
            found = _find(journal, id.strip(), events)
        if found is None:
            message = (
                f"Nothing is known under {escape(id)!r}; `flask failwell errors`"
                " lists the groups."
            )
            raise click.ClickException(message)
        page, error = found
        if as_json:
            print_json(page_document(page, error))
            return
        if error is None and not id.strip().isdecimal():
            click.echo(
                "This error was counted but not kept in full;"
                " this is the newest of its group.",
                err=True,
            )
        from failwell.cli._screen import page_screen  # noqa: PLC0415 - loads rich

        _show(page_screen(page, error, present(clock)))


def _add_stats(group: AppGroup, clock: Clock) -> None:
    moment = Moment(clock)

    @group.command("stats")
    @click.option("--since", type=moment, help="Default: 24 hours before --until.")
    @click.option("--until", type=moment, help="Default: now.")
    @_as_json
    def stats(since: datetime | None, until: datetime | None, *, as_json: bool) -> None:
        """Count errors by type and hour, and answers by code.

        Times are 2026-11-23T18:00 (UTC), the same with an offset, or how long ago:
        30m, 24h, 7d, 4w.
        """
        until = until or present(clock)
        since = since or until - timedelta(days=1)
        try:
            with _reading() as journal:
                counts = journal.store.stats(since, until)
                hours = journal.store.hourly(since, until)
                answers = journal.store.answers(_MOST)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--since") from error
        if as_json:
            print_json(
                {
                    "since": since,
                    "until": until,
                    **asdict(counts),
                    "hourly": [{"hour": hour, "count": n} for hour, n in hours],
                    "answers": [asdict(answer) for answer in answers],
                }
            )
            return
        from failwell.cli._screen import stats_screen  # noqa: PLC0415 - loads rich

        _show(stats_screen(counts, hours, answers, (since, until)))


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
    @_as_json
    def doctor(*, as_json: bool) -> None:
        """Check spool, store, shipper and console; exit with 1 if one of them fails."""
        checks = examine(current_journal(), clock)
        healthy = all(check.state != "fail" for check in checks)
        if as_json:
            print_json({"ok": healthy, "checks": [asdict(check) for check in checks]})
        else:
            from failwell.cli._screen import checks_table  # noqa: PLC0415 - loads rich

            _show(checks_table(checks))
        if not healthy:
            click.get_current_context().exit(1)


def _add_catalog(group: AppGroup) -> None:
    @group.command("catalog")
    @click.argument("code", required=False)
    @_as_json
    def catalog(code: str | None, *, as_json: bool) -> None:
        """List the error codes that the application answers with, or explain CODE."""
        print_catalog(code, as_json=as_json)


def _add_spool(group: AppGroup) -> None:
    spool = AppGroup(
        "spool", help="Look at what is not in the store yet; needs no store."
    )
    group.add_command(spool)

    @spool.command("check")
    @_as_json
    def check(*, as_json: bool) -> None:
        """Read every unit to its end; exit with 1 if something in them is damaged."""
        if not check_spool(as_json=as_json):
            click.get_current_context().exit(1)

    @spool.command("dump")
    @click.argument("unit", required=False)
    def dump(unit: str | None) -> None:
        """Print what is in UNIT, or in all units: a line of JSON for each part."""
        dump_spool(unit)

    @spool.command("repair")
    @_as_json
    def repair(*, as_json: bool) -> None:
        """Lay damaged bytes aside in the folder quarantine; keep all that is whole.

        Units that a process writes or ships are left alone.
        """
        repair_spool(as_json=as_json)


@contextmanager
def _reading() -> Iterator[Journal]:
    """Give the journal, caught up; what the store raises becomes one line."""
    journal = current_journal()
    try:
        if not journal.settle():
            click.echo("Not all that was recorded is in the store yet.", err=True)
        yield journal
    except StoreError as error:
        message = f"{escape(error.describe())}; `flask failwell doctor` may say more."
        raise click.ClickException(message) from error


def _find(
    journal: Journal, wanted: str, events: int
) -> tuple[GroupPage, ErrorRecord | None] | None:
    if wanted.isdecimal() and len(wanted) <= _GROUP_ID_DIGITS:
        page = journal.store.group(int(wanted), events)
        return None if page is None else (page, None)
    return journal.store.find(wanted.lower(), events)


def _show(content: "RenderableType") -> None:
    from failwell.cli._screen import make_screen, show  # noqa: PLC0415 - loads rich

    show(make_screen(), content)
