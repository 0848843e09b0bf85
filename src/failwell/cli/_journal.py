"""What the commands need of the application."""

from typing import Protocol, cast

import click
from flask import current_app

from failwell._settings import Settings
from failwell.spool import MemorySpool, SpoolDirectory
from failwell.store import Store


class Journal(Protocol):
    """Where the errors of an application are: `app.extensions["failwell"]`."""

    @property
    def settings(self) -> Settings:
        """The settings of the application."""

    @property
    def store(self) -> Store:
        """Where errors are read."""

    @property
    def source(self) -> SpoolDirectory | MemorySpool:
        """What is shipped to the store."""

    def settle(self, timeout_s: float = 2.0) -> bool:
        """Wait until what is spooled is in the store; return whether it is."""


def current_journal() -> Journal:
    """Return the journal of the application that the command runs for.

    Raises:
        click.ClickException: The application does not use failwell.
    """
    journal = current_app.extensions.get("failwell")
    if journal is None:
        message = (
            f"The application {current_app.name!r} does not use failwell;"
            " write Failwell(app) where it is made."
        )
        raise click.ClickException(message)
    return cast(Journal, journal)
