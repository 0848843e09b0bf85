"""Where a command works: in the store of its application, or in one that was named."""

from collections.abc import Callable
from dataclasses import dataclass

import click

from failwell.cli._journal import current_journal
from failwell.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A store, and whose errors a command is about."""

    open_store: Callable[[], Store]
    application: str | None
    """The one that is meant where nobody says so; None for all that share the store."""
    settle: Callable[[], bool]
    """Wait, within bounds, until what is spooled is in the store; whether it is."""
    prefix: str
    """What stands before the name of a command."""
    advice: str = ""
    """What to do where the store is away."""

    @property
    def store(self) -> Store:
        """The store."""
        return self.open_store()


def current_place() -> Place:
    """Return the place of the present command.

    Raises:
        click.ClickException: The application does not use failwell.
    """
    named = click.get_current_context().find_object(Place)
    if named is not None:
        return named
    journal = current_journal()
    return Place(
        open_store=lambda: journal.store,
        application=journal.settings.application,
        settle=journal.settle,
        prefix="flask failwell",
        advice="`flask failwell doctor` may say more.",
    )
