"""The history as a table that a person reads; loads rich, so it is loaded late."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from failwell.cli._moments import exact
from failwell.cli._screen import make_table
from failwell.cli._text import shown
from failwell.store import HistoryEntry


def entries_table(entries: Sequence[HistoryEntry]) -> RenderableType:
    """Return a line for each entry."""
    if not entries:
        return Text("Nothing was done yet.")
    table = make_table("time (UTC)", "group", "what", "by", "details")
    for entry in entries:
        table.add_row(
            exact(entry.at),
            "" if entry.group_id is None else str(entry.group_id),
            shown(entry.action, "bold"),
            shown(entry.by),
            shown(_told(entry)),
        )
    return table


def _told(entry: HistoryEntry) -> str:
    """Return the details that say something, as `name: value`."""
    if entry.action == "commented":
        return str(entry.details.get("text", ""))
    known = entry.details.items()
    return ", ".join(f"{name}: {value}" for name, value in known if value is not None)
