"""Options that several commands share, and the journal as these commands use it."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from failwell._journal import Journal
from failwell.cli._journal import current_journal
from failwell.exceptions import NotFoundError
from failwell.logs import escape
from failwell.store import StoreError

MOST = 10_000
_ALL = "*"

group_id_type = click.IntRange(1, 10**12 - 1)
limit_type = click.IntRange(1, MOST)
as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for programs."
)
application_option = click.option(
    "--application",
    metavar="NAME",
    help="One of those that share the store, or '*' for all; default: this one.",
)


def chosen_application(journal: Journal, given: str | None) -> str | None:
    """Return whose errors are meant; None for all."""
    if given == _ALL:
        return None
    return journal.settings.application if given is None else given


@contextmanager
def using_store(*, settled: bool = True) -> Iterator[Journal]:
    """Give the journal, caught up; what the store raises becomes one line.

    Args:
        settled: Whether what is spooled now has to be in the store first.
    """
    journal = current_journal()
    try:
        if settled and not journal.settle():
            click.echo("Not all that was recorded is in the store yet.", err=True)
        yield journal
    except NotFoundError as error:
        message = f"{escape(str(error))}; `flask failwell errors` lists the groups."
        raise click.ClickException(message) from error
    except StoreError as error:
        message = f"{escape(error.describe())}; `flask failwell doctor` may say more."
        raise click.ClickException(message) from error
