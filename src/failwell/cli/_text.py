"""Stored text as rich's inert text."""

from rich.text import Text

from failwell.logs import escape


def shown(value: object, style: str = "") -> Text:
    """Return `value` as one line without markup and without control characters."""
    return Text(escape(str(value)), style)
