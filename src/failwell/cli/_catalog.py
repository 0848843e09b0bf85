"""`flask failwell catalog`: the error codes of the application, for people and programs.

Reads nothing but the catalogue of this process, with what the application added to it.
"""

import difflib

import click

from failwell.catalog import CATALOG, CatalogEntry
from failwell.cli._json import print_json
from failwell.logs import escape


def print_catalog(code: str | None, *, as_json: bool) -> None:
    """Print all entries, or the one of `code`, in whatever case it is given.

    Raises:
        click.ClickException: There is no such entry; says which resembles it.
    """
    entry = None if code is None else _find(code)
    if as_json and entry is not None:
        print_json(entry.facts())
        return
    if as_json:
        print_json({"problems": [each.facts() for each in CATALOG]})
        return
    from failwell.cli._catalog_screen import (  # noqa: PLC0415 - loads rich
        catalog_table,
        entry_screen,
    )
    from failwell.cli._screen import make_screen, show  # noqa: PLC0415 - as above

    screen = make_screen()
    content = entry_screen(entry) if entry else catalog_table(CATALOG, screen.width)
    show(screen, content)


def _find(code: str) -> CatalogEntry:
    wanted = code.strip().upper()
    for entry in CATALOG:
        if entry.code.upper() == wanted:
            return entry
    near = difflib.get_close_matches(wanted, [entry.code for entry in CATALOG], n=1)
    hint = f"did you mean {near[0]}?" if near else "`flask failwell catalog` lists all."
    message = f"{escape(code)!r} is not in the catalogue; {hint}"
    raise click.ClickException(message)
