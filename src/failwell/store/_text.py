"""Text as every database can hold it."""

LONGEST_NAME = 300
"""Bytes of UTF-8: PostgreSQL indexes at most 2,700, of all columns together."""
_LONGEST_MESSAGE = 1000


def clean(text: str, longest: int = LONGEST_NAME) -> str:
    """Return text without NUL and lone surrogates, of at most `longest` bytes."""
    known = text[:longest]
    if known.isascii() and "\0" not in known:
        return known
    known = known.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return known.encode("utf-8", "replace")[:longest].decode("utf-8", "ignore")


def clean_message(text: str) -> str:
    """Return the beginning of a message, as `clean` does."""
    return clean(text[:_LONGEST_MESSAGE], 4 * _LONGEST_MESSAGE)


def search_text(*told: str) -> str:
    """Return what a group of this type, place, code and message is found by."""
    return "\n".join(told).casefold()
