"""The command `failwell`: a store alone, on a machine without the application.

Owns how the store is named. Refuses to make one: a slip in its path must not become an
empty store, in which nothing is wrong.
"""

from collections.abc import Collection
from contextlib import ExitStack, closing
from functools import cache
from typing import Any

import click

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._setting_values import SettingsError, read_store_url
from failwell._version import __version__
from failwell.cli._place import Place
from failwell.cli._shared import add_shared
from failwell.logs import escape
from failwell.store import Store

_ELSEWHERE = frozenset({"alerts", "catalog", "circuits", "doctor", "ship", "spool"})


class _Group(click.Group):
    """A group that knows which commands need an application.

    Args:
        elsewhere: Their names.
        arguments: As `click.Group` takes them.
    """

    def __init__(self, *, elsewhere: Collection[str], **arguments: Any) -> None:  # noqa: ANN401 - as click says
        super().__init__(**arguments)
        self._elsewhere = elsewhere

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in self._elsewhere:
            path = " ".join([*ctx.command_path.split()[1:], name])
            message = (
                f"{name!r} needs the application, with its settings and its spool:"
                f" run `flask failwell {path}` where that is installed"
            )
            raise click.UsageError(message, ctx)
        return super().resolve_command(ctx, args)


def create_alone(clock: Clock = SYSTEM_CLOCK) -> click.Group:
    """Return the command.

    Args:
        clock: Decides what "now" and "ago" are.
    """

    @click.group(cls=_Group, elsewhere=_ELSEWHERE)
    @click.option(
        "--store",
        "url",
        envvar="FAILWELL_STORE_URL",
        metavar="URL",
        help="sqlite:////path/store.db or postgresql://user@host/database, of a store"
        " that is there; best given as FAILWELL_STORE_URL, where no other user sees it.",
    )
    @click.version_option(__version__, message="%(version)s")
    @click.pass_context
    def failwell(context: click.Context, url: str | None) -> None:
        """Look at the errors in a store, and keep them in order."""
        opened = ExitStack()
        context.call_on_close(opened.close)
        # Not yet: `--help` of a command needs none.
        context.obj = Place(
            open_store=cache(lambda: opened.enter_context(closing(_open(url, clock)))),
            application=None,
            settle=lambda: True,
            prefix="failwell",
            advice="it has to be there, this command makes none",
        )

    help_ = "Look after the database that errors rest in."
    in_store = _Group(name="store", help=help_, elsewhere={"prune"})
    add_shared(failwell, in_store, clock)
    return failwell


def _open(url: str | None, clock: Clock) -> Store:
    if not url:
        message = (
            "which store? Name it with --store URL or in FAILWELL_STORE_URL:"
            " sqlite:////path/store.db or postgresql://user@host/database"
        )
        raise click.UsageError(message)
    try:
        checked = read_store_url("--store", url)
    except SettingsError as error:
        raise click.UsageError(escape(str(error))) from error
    return Store(checked, clock=clock, make=False)


def main() -> None:
    """Run the command."""
    create_alone()(prog_name="failwell")
