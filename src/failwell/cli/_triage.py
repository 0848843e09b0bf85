"""`resolve`, `reopen`, `mute`, `assign`, `comment`, `merge`, `unmerge`, `delete`."""

from collections.abc import Callable, Sequence
from datetime import datetime

import click

from failwell._clock import Clock
from failwell.cli._json import print_json
from failwell.cli._moments import Coming, exact
from failwell.cli._options import (
    as_json_option,
    at_store,
    find_groups,
    group_argument,
    groups_argument,
    rightly,
)
from failwell.cli._place import Place
from failwell.cli._who import login_name
from failwell.logs import escape

_Change = Callable[[Place, list[int], str], list[int]]


def add_triage(group: click.Group, clock: Clock) -> None:
    """Add the commands to the group."""
    _add_resolve(group)
    _add_reopen(group)
    _add_mute(group, clock)
    _add_assign(group)
    _add_comment(group)
    _add_merge(group)
    _add_unmerge(group)
    _add_delete(group)


def _add_resolve(group: click.Group) -> None:
    @group.command("resolve")
    @groups_argument
    @click.option(
        "--next-release",
        is_flag=True,
        help="Errors of all releases of now are to be expected.",
    )
    @as_json_option
    def resolve(ids: tuple[str, ...], *, next_release: bool, as_json: bool) -> None:
        """Say that groups are mended; a later error opens them again."""
        changed = _change(
            ids,
            lambda place, found, by: place.store.resolve(
                found, by=by, until_next_release=next_release
            ),
        )
        until = ", until an error of the next release" if next_release else ""
        _say(changed, f"resolved now{until}", as_json=as_json)


def _add_reopen(group: click.Group) -> None:
    @group.command("reopen")
    @groups_argument
    @as_json_option
    def reopen(ids: tuple[str, ...], *, as_json: bool) -> None:
        """Say that resolved or muted groups need work."""
        changed = _change(
            ids, lambda place, found, by: place.store.reopen(found, by=by)
        )
        _say(changed, "open now", as_json=as_json)


def _add_mute(group: click.Group, clock: Clock) -> None:
    @group.command("mute")
    @groups_argument
    @click.option(
        "--until",
        type=Coming(clock),
        help="The first error from then on opens it: 2h, 3d, 2026-12-01T08:00 (UTC).",
    )
    @click.option(
        "--more", type=click.IntRange(1), help="The error with that number opens it."
    )
    @as_json_option
    def mute(
        ids: tuple[str, ...], until: datetime | None, more: int | None, *, as_json: bool
    ) -> None:
        """Say that groups need no attention: for ever, or for a while."""
        changed = _change(
            ids,
            lambda place, found, by: place.store.mute(
                found, by=by, until=until, more=more
            ),
        )
        ends = [f"until {exact(until)} UTC"] if until else []
        ends += [f"until {more:,} more errors"] if more else []
        said = f"muted now, {' or '.join(ends)}" if ends else "muted now"
        _say(changed, said, as_json=as_json)


def _add_assign(group: click.Group) -> None:
    @group.command("assign")
    @groups_argument
    @click.option("--to", metavar="NAME", help="Whose they are.")
    @click.option("--nobody", is_flag=True, help="They are nobody's.")
    @as_json_option
    def assign(
        ids: tuple[str, ...], to: str | None, *, nobody: bool, as_json: bool
    ) -> None:
        """Say whose groups are."""
        if (to is None) != nobody:
            message = "say either --to NAME or --nobody"
            raise click.UsageError(message)
        changed = _change(
            ids, lambda place, found, by: place.store.assign(found, to, by=by)
        )
        whose = "nobody's" if to is None else f"assigned to {escape(to)}"
        _say(changed, f"{whose} now", as_json=as_json)


def _add_comment(group: click.Group) -> None:
    @group.command("comment")
    @group_argument
    @click.argument("text")
    def comment(id: str, text: str) -> None:  # noqa: A002 - click's name
        """Add TEXT to the history of a group."""
        changed = _change(
            [id], lambda place, found, by: place.store.comment(found[0], text, by=by)
        )
        click.echo(f"Commented on group {changed[0]}.")


def _add_merge(group: click.Group) -> None:
    @group.command("merge")
    @groups_argument
    def merge(ids: tuple[str, ...]) -> None:
        """Make groups one with the first of them, for what comes later too."""
        (target,) = _change(
            ids, lambda place, found, by: [place.store.merge(found, by=by)]
        )
        click.echo(f"They are group {target} now; `unmerge {target}` takes it back.")


def _add_unmerge(group: click.Group) -> None:
    @group.command("unmerge")
    @group_argument
    def unmerge(id: str) -> None:  # noqa: A002 - click's name
        """Take a merge back, for what comes later too.

        ID is a group that was merged into another, or the one that others were merged
        into; then all of them come back.
        """
        back = _change(
            [id], lambda place, found, by: place.store.unmerge(found[0], by=by)
        )
        click.echo(f"There again: {', '.join(map(str, back))}.")


def _add_delete(group: click.Group) -> None:
    @group.command("delete")
    @groups_argument
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @as_json_option
    def delete(ids: tuple[str, ...], *, yes: bool, as_json: bool) -> None:
        """Remove groups with their errors and counts; statistics of all errors stay."""
        if not yes:
            named = ", ".join(ids)
            question = f"Remove {named} with all errors, and what was merged into it?"
            click.confirm(question, abort=True, err=True)
        changed = _change(
            ids, lambda place, found, by: place.store.delete(found, by=by)
        )
        _say(changed, "gone", as_json=as_json)


def _change(names: Sequence[str], change: _Change) -> list[int]:
    by = f"command line ({login_name()})"
    with at_store() as place:
        found = find_groups(place, names)
        return rightly(lambda: change(place, found, by))


def _say(changed: Sequence[int], said: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"changed": changed})
    elif changed:
        click.echo(f"Group {', '.join(map(str, changed))} is {said}.")
    else:
        click.echo("Nothing has changed: it was so already.")
