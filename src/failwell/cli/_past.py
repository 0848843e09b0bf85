"""`history` and `audit`: who did what with a group, and with all of it."""

from collections.abc import Iterable
from dataclasses import asdict

import click

from failwell.cli._json import print_json
from failwell.cli._options import (
    as_json_option,
    at_store,
    find_groups,
    group_argument,
    limit_type,
    rightly,
)
from failwell.store import HistoryEntry


def add_past(group: click.Group) -> None:
    """Add the commands to the group."""
    _add_history(group)
    _add_audit(group)


def _add_history(group: click.Group) -> None:
    @group.command("history")
    @group_argument
    @click.option("--limit", type=limit_type, default=100, show_default=True)
    @as_json_option
    def history(id: str, limit: int, *, as_json: bool) -> None:  # noqa: A002 - click's name
        """Show what was done with a group, the newest first; also with a deleted one."""
        with at_store() as place:
            (group_id,) = find_groups(place, [id])
            entries = place.store.history(group_id, limit)
        if not entries:
            message = f"Nothing was ever done with a group {group_id}."
            raise click.ClickException(message)
        if as_json:
            print_json({"entries": [asdict(entry) for entry in entries]})
            return
        _show(entries)


def _add_audit(group: click.Group) -> None:
    @group.command("audit")
    @click.option("--limit", type=limit_type, default=100, show_default=True)
    @click.option("--after", metavar="CURSOR", help="Go on behind a page.")
    @as_json_option
    def audit(limit: int, after: str | None, *, as_json: bool) -> None:
        """Show what was done with all groups, who signed in, and who exported."""
        with at_store(settled=False) as place:
            page = rightly(lambda: place.store.audit(limit, after))
        if as_json:
            entries = [asdict(entry) for entry in page]
            print_json({"entries": entries, "next": page.next})
            return
        _show(page)
        if page.next:
            click.echo(f"There are more: --after {page.next}", err=True)


def _show(entries: Iterable[HistoryEntry]) -> None:
    from failwell.cli._past_screen import entries_table  # noqa: PLC0415 - loads rich
    from failwell.cli._screen import make_screen, show  # noqa: PLC0415 - as above

    show(make_screen(), entries_table(list(entries)))
