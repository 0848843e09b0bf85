"""`errors`, `show` and `stats`: the questions of a person at a terminal."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click
from flask.cli import AppGroup

from failwell._clock import Clock
from failwell._journal import Journal
from failwell.cli._counts import Counts
from failwell.cli._json import page_document, print_json
from failwell.cli._moments import Moment, present
from failwell.cli._options import (
    MOST,
    application_option,
    as_json_option,
    chosen_application,
    limit_type,
    using_store,
)
from failwell.logs import escape
from failwell.records import ErrorRecord
from failwell.store import SORTS, STATES, Bucket, GroupPage, GroupQuery

_GROUP_ID_DIGITS = 12
_LONGEST_BY_HOUR = timedelta(days=3)

_Command = TypeVar("_Command", bound=Callable[..., None])


def add_reading(group: AppGroup, clock: Clock) -> None:
    """Add the commands to the group."""
    _add_errors(group, clock)
    _add_show(group, clock)
    _add_stats(group, clock)


def _filters(clock: Clock) -> Callable[[_Command], _Command]:
    """Return what adds the options that choose groups."""
    moment = Moment(clock)
    options = [
        click.option("--text", default="", help="In type, message, place or code."),
        click.option("--code"),
        click.option("--type", help="With its module, or the class alone."),
        click.option("--release"),
        click.option("--environment"),
        click.option("--route", help="Of an error that is kept."),
        click.option("--user", help="Of an error that is kept."),
        click.option("--state", type=click.Choice(STATES)),
        click.option("--since", type=moment, help="Had errors since then."),
        click.option("--until", type=moment, help="Had errors before then."),
        click.option(
            "--sort",
            type=click.Choice([name.replace("_", "-") for name in SORTS]),
            default="last-seen",
            show_default=True,
        ),
        click.option("--limit", type=limit_type, default=50, show_default=True),
        click.option("--after", metavar="CURSOR", help="Go on behind a page."),
        application_option,
    ]

    def add(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def _add_errors(group: AppGroup, clock: Clock) -> None:
    @group.command("errors")
    @_filters(clock)
    @as_json_option
    def errors(
        *,
        application: str | None,
        sort: str,
        as_json: bool,
        **filters: Any,  # noqa: ANN401 - as the options say
    ) -> None:
        """List the groups of errors, those seen last first.

        Times are 2026-11-23T18:00 (UTC), the same with an offset, or how long ago:
        30m, 24h, 7d, 4w.
        """
        with using_store() as journal:
            try:
                query = GroupQuery(
                    application=chosen_application(journal, application),
                    sort=sort.replace("-", "_"),  # type: ignore[arg-type] # a choice
                    **filters,
                )
            except ValueError as error:
                raise click.UsageError(escape(str(error))) from error
            groups = journal.store.groups(query)
        if as_json:
            listed = [asdict(group) for group in groups]
            print_json({"groups": listed, "next": groups.next})
            return
        from failwell.cli._screen import (  # noqa: PLC0415 - loads rich
            groups_table,
            make_screen,
            show,
        )

        screen = make_screen()
        show(screen, groups_table(groups, present(clock), screen.width))
        if groups.next:
            click.echo(f"There are more: --after {groups.next}", err=True)


def _add_show(group: AppGroup, clock: Clock) -> None:
    @group.command("show")
    @click.argument("id")
    @click.option("--events", type=limit_type, default=10, show_default=True)
    @as_json_option
    def show(id: str, events: int, *, as_json: bool) -> None:  # noqa: A002 - click's name
        """Show a group or an error: facts, stack, request, newest events.

        ID is the number of a group, or the id of an error as a client was given it.
        """
        with using_store() as journal:
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
        from failwell.cli._screen import (  # noqa: PLC0415 - loads rich
            make_screen,
            page_screen,
        )
        from failwell.cli._screen import show as print_  # noqa: PLC0415 - as above

        print_(make_screen(), page_screen(page, error, present(clock)))


def _add_stats(group: AppGroup, clock: Clock) -> None:
    moment = Moment(clock)

    @group.command("stats")
    @click.option("--since", type=moment, help="Default: 24 hours before --until.")
    @click.option("--until", type=moment, help="Default: now.")
    @application_option
    @as_json_option
    def stats(
        since: datetime | None,
        until: datetime | None,
        application: str | None,
        *,
        as_json: bool,
    ) -> None:
        """Count errors by type, release and time, and answers by code.

        Times are 2026-11-23T18:00 (UTC), the same with an offset, or how long ago:
        30m, 24h, 7d, 4w.
        """
        until = until or present(clock)
        since = since or until - timedelta(days=1)
        try:
            counts = _count(since, until, application)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--since") from error
        if as_json:
            print_json({"since": since, "until": until, **_stats_document(counts)})
            return
        from failwell.cli._screen import make_screen, show  # noqa: PLC0415 - loads rich
        from failwell.cli._stats_screen import stats_screen  # noqa: PLC0415 - as above

        show(make_screen(), stats_screen(counts, (since, until)))


def _count(since: datetime, until: datetime, application: str | None) -> Counts:
    within = since, until
    bucket: Bucket = "hour" if until - since <= _LONGEST_BY_HOUR else "day"
    with using_store() as journal:
        whose = chosen_application(journal, application)
        store = journal.store
        return Counts(
            store.stats(since, until, application=whose),
            store.series(since, until, bucket, application=whose),
            store.answers(MOST, application=whose, within=within),
            store.losses(application=whose, within=within),
        )


def _stats_document(counts: Counts) -> dict[str, object]:
    points = [{"begin": begin, "count": n} for begin, n in counts.series.points]
    return {
        **asdict(counts.stats),
        "series": {"bucket": counts.series.bucket, "points": points},
        "answers": [asdict(answer) for answer in counts.answers],
        "losses": [asdict(loss) for loss in counts.losses],
    }


def _find(
    journal: Journal, wanted: str, events: int
) -> tuple[GroupPage, ErrorRecord | None] | None:
    if wanted.isdecimal() and len(wanted) <= _GROUP_ID_DIGITS:
        page = journal.store.group(int(wanted), events)
        return None if page is None else (page, None)
    return journal.store.find(wanted.lower(), events)
