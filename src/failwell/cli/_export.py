"""`export`: groups or errors as lines for other programs, however many there are."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import TextIO

import click

from failwell._clock import Clock
from failwell.cli._moments import present
from failwell.cli._options import (
    application_option,
    at_store,
    chosen_application,
    rightly,
)
from failwell.cli._place import Place
from failwell.cli._who import login_name
from failwell.excerpts import event_rows, group_rows, json_lines
from failwell.logs import escape
from failwell.store import GroupQuery, parse_search


def add_export(group: click.Group, clock: Clock) -> None:
    """Add the command to the group."""

    @group.command("export")
    @click.argument("what", type=click.Choice(["groups", "events"]))
    @click.argument("search", nargs=-1)
    @click.option(
        "--format",
        "form",
        type=click.Choice(["jsonl", "csv"]),
        default="jsonl",
        show_default=True,
    )
    @click.option(
        "--output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="A file, which nobody else may read; default: standard output.",
    )
    @application_option
    def export(
        what: str,
        search: tuple[str, ...],
        form: str,
        output: Path | None,
        application: str | None,
    ) -> None:
        """Print all groups that SEARCH finds, or their errors that are kept in full.

        One line each, as JSON or CSV; SEARCH as for `errors`.
        """
        words = " ".join(search)
        with at_store() as place:
            whose = chosen_application(place, application)
            query = rightly(
                lambda: parse_search(words, now=present(clock), application=whose)
            )
            _note(place, what, words)
            lines = _lines(place, what, form, query)
            with _opened(output) as file:
                file.writelines(_shown(lines, what, output))


def _lines(place: Place, what: str, form: str, query: GroupQuery) -> Iterator[str]:
    if what == "groups":
        groups = place.store.export_groups(query)
        return group_rows(groups) if form == "csv" else json_lines(groups)
    records = place.store.export_events(query)
    return event_rows(records) if form == "csv" else json_lines(records)


def _note(place: Place, what: str, words: str) -> None:
    by = f"command line ({login_name()})"
    place.store.note("exported", by=by, details={"what": what, "search": words})


@contextmanager
def _opened(output: Path | None) -> Iterator[TextIO]:
    """Give the file to write to, whole in the end or not there."""
    if output is None:
        yield sys.stdout
        return
    try:
        descriptor, name = mkstemp(prefix=f"{output.name}.", dir=output.parent)
        part = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                yield file
            part.replace(output)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"{escape(str(output))} cannot be written: {error.strerror}"
        raise click.ClickException(message) from error


def _shown(lines: Iterable[str], what: str, output: Path | None) -> Iterable[str]:
    """Return the lines, and show how far they are where that is in nobody's way."""
    is_free = output is not None or not sys.stdout.isatty()
    if not (is_free and sys.stderr.isatty()):
        return lines
    from failwell.cli._export_screen import counted  # noqa: PLC0415 - loads rich

    return counted(lines, what)
