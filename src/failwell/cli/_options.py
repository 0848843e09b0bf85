"""Options that several commands share, and the store as these commands use it.

A command ends with 0 where it did what it was asked for, 1 where there is nothing such,
2 where it was asked in a wrong way, and 3 where the store is away.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import click

from failwell._journal import Journal
from failwell.cli._journal import current_journal
from failwell.cli._place import Place, current_place
from failwell.exceptions import NotFoundError
from failwell.logs import escape
from failwell.store import StoreError

MOST = 10_000
_ALL = "*"
_ERROR_ID = re.compile(r"[0-9a-f]{16}(?:-[0-9a-f]{16})?", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)

Answer = TypeVar("Answer")

limit_type = click.IntRange(1, MOST)
as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for programs."
)
application_option = click.option(
    "--application",
    metavar="NAME",
    help="One of those that share the store, or '*' for all; default: this one.",
)


class StoreAwayError(click.ClickException):
    """The store cannot be used."""

    exit_code = 3


class GroupName(click.ParamType[str]):
    """The number of a group, or the id of one of its errors as a client was given it."""

    name = "id"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return it, in small letters."""
        named = value.strip().lower()
        if not (_NUMBER.fullmatch(named) or _ERROR_ID.fullmatch(named)):
            said = "is neither the number of a group nor the id of an error"
            self.fail(f"{escape(value)!r} {said}", param, ctx)
        return named


group_argument = click.argument("id", type=GroupName())
groups_argument = click.argument(
    "ids", metavar="ID...", nargs=-1, type=GroupName(), required=True
)


def chosen_application(place: Place, given: str | None) -> str | None:
    """Return whose errors are meant; None for all."""
    if given == _ALL:
        return None
    return place.application if given is None else given


def find_groups(place: Place, names: Sequence[str]) -> list[int]:
    """Return the numbers of these groups.

    Raises:
        NotFoundError: No group has an error with such an id.
    """
    found = []
    for name in names:
        if _NUMBER.fullmatch(name):
            found.append(int(name))
            continue
        known = place.store.find(name, events=1)
        if known is None:
            raise NotFoundError("Error", name)
        found.append(known[0].group.id)
    return found


@contextmanager
def at_store(*, settled: bool = True) -> Iterator[Place]:
    """Give the present place, caught up; what the store raises becomes one line.

    Args:
        settled: Whether what is spooled now has to be in the store first.
    """
    place = current_place()
    with _in_one_line(place):
        if settled and not place.settle():
            click.echo("Not all that was recorded is in the store yet.", err=True)
        yield place


@contextmanager
def using_store(*, settled: bool = True) -> Iterator[Journal]:
    """Give the journal of the application, as `at_store` gives the place."""
    journal = current_journal()
    with at_store(settled=settled):
        yield journal


@contextmanager
def _in_one_line(place: Place) -> Iterator[None]:
    try:
        yield
    except NotFoundError as error:
        message = f"{escape(str(error))}; `{place.prefix} errors` lists the groups."
        raise click.ClickException(message) from error
    except StoreError as error:
        message = f"{escape(error.describe())}; {place.advice}".rstrip("; ")
        raise StoreAwayError(message) from error


def rightly(ask: Callable[[], Answer]) -> Answer:
    """Ask the store; what it cannot be asked becomes wrong usage."""
    try:
        return ask()
    except ValueError as error:
        raise click.UsageError(escape(str(error))) from error
