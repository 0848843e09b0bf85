"""`merge`, `unmerge`, `resolve`, `reopen`, `mute`: order among the groups."""

from collections.abc import Callable
from typing import TypeVar

import click
from flask.cli import AppGroup

from failwell.cli._options import group_id_type, using_store
from failwell.logs import escape
from failwell.store import State

_Answer = TypeVar("_Answer")

_STATES: tuple[tuple[str, State, str], ...] = (
    (
        "resolve",
        "resolved",
        "Say that groups are mended; a later error opens them again.",
    ),
    ("reopen", "open", "Say that resolved or muted groups need work."),
    ("mute", "muted", "Say that groups need no attention, whatever comes."),
)


def add_keeping(group: AppGroup) -> None:
    """Add the commands to the group."""
    _add_merge(group)
    _add_unmerge(group)
    for name, state, text in _STATES:
        _add_state(group, name, state, text)


def _add_merge(group: AppGroup) -> None:
    @group.command("merge")
    @click.argument(
        "ids", metavar="ID ID...", nargs=-1, type=group_id_type, required=True
    )
    def merge(ids: tuple[int, ...]) -> None:
        """Make groups one with the first of them, for what comes later too."""
        with using_store() as journal:
            target = _said(lambda: journal.store.merge(ids))
        click.echo(f"They are group {target} now; `unmerge {target}` takes it back.")


def _add_unmerge(group: AppGroup) -> None:
    @group.command("unmerge")
    @click.argument("id", type=group_id_type)
    def unmerge(id: int) -> None:  # noqa: A002 - click's name
        """Take a merge back, for what comes later too.

        ID is a group that was merged into another, or the one that others were merged
        into; then all of them come back.
        """
        with using_store() as journal:
            back = _said(lambda: journal.store.unmerge(id))
        click.echo(f"There again: {', '.join(map(str, back))}.")


def _add_state(group: AppGroup, name: str, state: State, text: str) -> None:
    @group.command(name, help=text)
    @click.argument("ids", metavar="ID...", nargs=-1, type=group_id_type, required=True)
    def give(ids: tuple[int, ...]) -> None:
        with using_store() as journal:
            journal.store.set_state(ids, state)
        named = ", ".join(map(str, ids))
        click.echo(f"Group {named} is {state} now.")


def _said(order: Callable[[], _Answer]) -> _Answer:
    """Do it; what it was refused for becomes one line."""
    try:
        return order()
    except ValueError as error:
        raise click.ClickException(escape(str(error))) from error
