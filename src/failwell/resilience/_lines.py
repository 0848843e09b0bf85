"""One line about an error, bounded and printable, whatever the error does.

Owns what a log line of this room may contain.
"""

_LONGEST = 200


def one_line(error: BaseException) -> str:
    """Return type and message in one line of printable characters.

    The message is cut at 200 characters; what cannot be printed is escaped, so that no
    error forges a line of its own. An error that cannot be turned into text is named.
    """
    name = printable(type(error).__qualname__)
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - the line is about this error, which must not end it
        text = "its message cannot be read"
    return f"{name}: {printable(text)}" if text else name


def printable(text: str) -> str:
    """Return the first 200 characters of `text` with the unprintable ones escaped."""
    cut = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut
    )
