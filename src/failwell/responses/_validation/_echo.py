"""Whether a message repeats what the client sent.

Owns that judgement, for the messages whose words are not ours. Refuses to guess: a
value that is spread over a message, or changed in it, is not found.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

_MOST_VALUES = 1000
_LONG = 4
"""Shorter values stand in harmless words by chance: they count in quotes only."""

_START = 20
"""As much of a value gives it away, since messages are cut in all sorts of places."""

_INTEGER_BITS = 256


def repeats(message: str, given: object) -> bool:
    """Return whether `message` holds a value out of `given`, or the start of one.

    Looked for are the texts and numbers in mappings (not their keys, which name
    fields) and in sequences, in upper or lower case, as they are and as `repr` writes
    them. Of more than 1,000 values it is assumed.
    """
    text = message.casefold()
    for number, leaf in enumerate(_leaves(given)):
        if number >= _MOST_VALUES or _stands_in(text, leaf):
            return True
    return False


def _leaves(given: object) -> Iterator[str]:
    waiting = [given]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, (Sequence, AbstractSet)) and not _is_text(value):
            waiting.extend(value)
        # Containers count as well, for they may hold themselves.
        yield _as_text(value)


def _is_text(value: object) -> bool:
    return isinstance(value, (str, bytes, bytearray))


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return str(int(value)) if value.bit_length() <= _INTEGER_BITS else ""
    return repr(float(value)) if isinstance(value, float) else ""


def _stands_in(text: str, leaf: str) -> bool:
    value = leaf.strip().casefold()
    if len(value) < _LONG:
        return bool(value) and (f"'{value}'" in text or f'"{value}"' in text)
    written = repr(leaf)[1:-1].strip().casefold()
    return value[:_START] in text or written[:_START] in text
