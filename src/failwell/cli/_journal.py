"""The journal of the application that a command runs for."""

import click
from flask import current_app

from failwell._journal import Journal, journal_of


def current_journal() -> Journal:
    """Return it.

    Raises:
        click.ClickException: The application does not use failwell.
    """
    try:
        return journal_of(current_app)
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error
