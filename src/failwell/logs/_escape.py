"""What a terminal or a line reader would act upon is shown, not obeyed (CWE-117)."""

import re
from collections.abc import Iterable, Iterator

_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: line breaks, escape sequences
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # controls of writing direction
    r"\u2028\u2029"  # line and paragraph separator
    r"\ud800-\udfff]"  # lone surrogates: no encoding can write them
)


def escape(text: str) -> str:
    r"""Return `text` as one harmless line: `\n`, `\x1b`, `\u202e` for what is not.

    Backslashes that were there stay as they are, so that paths remain readable; the
    result is for people and is not meant to be turned back.
    """
    # Of the printable characters none is unsafe, and most texts hold no other.
    return text if text.isprintable() else _UNSAFE.sub(_shown, text)


def harmless(lines: Iterable[str]) -> Iterator[str]:
    """Yield each line that says something, escaped."""
    return (escape(line) for line in lines if line)


def escape_json(document: str) -> str:
    r"""Return a JSON document with the same characters as JSON's own `\uXXXX`.

    Outside of strings none of them can stand in a document without line breaks, so
    that the meaning stays the same.
    """
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", document)


def _shown(match: re.Match[str]) -> str:
    # Nothing is matched that is printable, so the codec's escapes are all there is.
    return match[0].encode("unicode_escape").decode("ascii")
