"""`errors`, `show` and `stats`: the questions of a person at a terminal."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click

from failwell._clock import Clock
from failwell.cli._counts import Counts
from failwell.cli._json import page_document, print_json
from failwell.cli._moments import Moment, present
from failwell.cli._options import (
    MOST,
    application_option,
    as_json_option,
    at_store,
    chosen_application,
    limit_type,
    rightly,
)
from failwell.cli._place import Place
from failwell.excerpts import as_markdown, as_test
from failwell.logs import escape
from failwell.records import ErrorRecord
from failwell.store import (
    SORTS,
    STATES,
    Bucket,
    GroupPage,
    GroupQuery,
    parse_search,
)

_GROUP_ID_DIGITS = 12
_LONGEST_BY_HOUR = timedelta(days=3)

_Command = TypeVar("_Command", bound=Callable[..., None])


def add_reading(group: click.Group, clock: Clock) -> None:
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


def _add_errors(group: click.Group, clock: Clock) -> None:
    @group.command("errors")
    @click.argument("search", nargs=-1)
    @_filters(clock)
    @as_json_option
    def errors(
        *,
        search: tuple[str, ...],
        application: str | None,
        as_json: bool,
        **options: Any,  # noqa: ANN401 - as the options say
    ) -> None:
        """List the groups of errors that SEARCH finds, those seen last first.

        SEARCH is words that all hold, or do not with `-` in front: text, "two words",
        code:X, type:X, route:X, user:X, release:X, environment:X, app:X, assigned:X,
        assigned:none, is:open, is:resolved, is:muted, is:regressed, seen:>2026-11-01,
        seen:<7d.

        Times are 2026-11-23T18:00 (UTC), the same with an offset, or how long ago:
        30m, 24h, 7d, 4w.
        """
        with at_store() as place:
            whose = chosen_application(place, application)
            words, now = " ".join(search), present(clock)
            query = rightly(lambda: _query(words, now, whose, options))
            groups = place.store.groups(query)
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


def _query(
    words: str, now: datetime, application: str | None, options: dict[str, Any]
) -> GroupQuery:
    """Return what words and options ask for together."""
    query = parse_search(
        words,
        now=now,
        application=application,
        sort=options.pop("sort").replace("-", "_"),
        limit=options.pop("limit"),
        after=options.pop("after"),
    )
    given = {name: value for name, value in options.items() if value}
    for name in given:
        if getattr(query, name):
            message = f"{name} is asked for in words and by --{name}; allowed: once"
            raise ValueError(message)
    return replace(query, **given)


def _add_show(group: click.Group, clock: Clock) -> None:
    @group.command("show")
    @click.argument("id")
    @click.option("--events", type=limit_type, default=10, show_default=True)
    @click.option("form", "--markdown", flag_value="markdown", help="For an issue.")
    @click.option(
        "form", "--test", flag_value="test", help="A pytest test that sends it again."
    )
    @as_json_option
    def show(id: str, events: int, form: str | None, *, as_json: bool) -> None:  # noqa: A002 - click's name
        """Show a group or an error: facts, stack, request, newest events.

        ID is the number of a group, or the id of an error as a client was given it.
        """
        with at_store() as place:
            found = _find(place, id.strip(), events)
        if found is None:
            message = (
                f"Nothing is known under {escape(id)!r}; `{place.prefix} errors`"
                " lists the groups."
            )
            raise click.ClickException(message)
        page, error = found
        if form is not None:
            click.echo(_excerpt(page, error, form), nl=False)
            return
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


def _excerpt(page: GroupPage, error: ErrorRecord | None, form: str) -> str:
    record = error or next(iter(page.events), None)
    if record is None:
        message = "No error of this group is kept in full any more."
        raise click.ClickException(message)
    text = as_markdown(page.group, record) if form == "markdown" else as_test(record)
    if text is None:
        message = "This error did not come of a request: there is none to send again."
        raise click.ClickException(message)
    return text


def _add_stats(group: click.Group, clock: Clock) -> None:
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
    with at_store() as place:
        whose = chosen_application(place, application)
        store = place.store
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
    place: Place, wanted: str, events: int
) -> tuple[GroupPage, ErrorRecord | None] | None:
    if wanted.isdecimal() and len(wanted) <= _GROUP_ID_DIGITS:
        page = place.store.group(int(wanted), events)
        return None if page is None else (page, None)
    return place.store.find(wanted.lower(), events)
