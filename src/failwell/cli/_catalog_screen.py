"""The catalogue as tables that a person reads; loads rich, so it is loaded late."""

from collections.abc import Iterable
from http import HTTPStatus

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from failwell.catalog import CatalogEntry, status_phrase
from failwell.cli._text import shown

_WIDE = 130


def catalog_table(entries: Iterable[CatalogEntry], width: int) -> RenderableType:
    """Return the list of codes: a line each, more where `width` is small."""
    is_wide = width >= _WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    texts = (
        ("what happened", "what to do") if is_wide else ("what happened, what to do",)
    )
    for column in ("", "code", "retry", *texts):
        table.add_column(column, overflow="fold")
    for column in table.columns[:3]:
        column.no_wrap = True
    for entry in entries:
        meaning, remedy = shown(entry.meaning), shown(entry.remedy, "dim")
        together = Text("\n").join((meaning, remedy))
        table.add_row(
            _status(entry),
            shown(entry.code, "bold"),
            Text("yes", "green") if entry.retryable else Text("no", "dim"),
            *((meaning, remedy) if is_wide else (together,)),
        )
    return table


def entry_screen(entry: CatalogEntry) -> RenderableType:
    """Return one entry: what it means, what to do, and how its details look."""
    facts = Table.grid(padding=(0, 2, 0, 0))
    for name, value in (
        ("what happened", entry.meaning),
        ("what to do", entry.remedy),
        ("send it again?", entry.advice),
    ):
        if value:
            facts.add_row(Text(name, "dim"), shown(value))
    parts: list[RenderableType] = [
        Text(" ").join((_status(entry), shown(entry.code, "bold"))),
        shown(f"{entry.title} ({status_phrase(entry.status)})"),
        Text(),
        facts,
    ]
    if entry.example:
        example = msgspec.json.encode(entry.example)
        lines = msgspec.json.format(example, indent=2).decode().split("\n")
        parts += [Text(), Text("details, for example", "dim"), *map(shown, lines)]
    return Group(*parts)


def _status(entry: CatalogEntry) -> Text:
    is_ours = entry.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Text(str(entry.status), "red" if is_ours else "yellow")
