"""Values without secrets: what the application hands over becomes bounded JSON types.

Owns the caps and the walk; what is a secret stands in `_secrets`. Calls no method of
an object it does not know: of those only the type's name is kept.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import TypeGuard, TypeVar
from uuid import UUID

from failwell.records._secrets import (
    MARK,
    are_harmless,
    hide_secrets,
    is_secret_name,
)
from failwell.records._text import clean, type_name

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Kind = TypeVar("Kind")

_TEXT_LENGTH = 2048
_TEXT_CUT = 2000
# A secret that begins before the cut and ends behind it is still seen whole.
_TEXT_MARGIN = 256

_DEPTH = 8
_WIDTH = 50
_NODES = 1000
_TOTAL_TEXT = 16_384
_MORE = "…"

_INTEGER_BITS = 63
_INTEGER_TEXT_BITS = 1024

_AS_TEXT = frozenset({date, datetime, time, timedelta, Decimal, UUID})
_KEYS_AS_TEXT = _AS_TEXT | {bool, float, int, type(None)}


def redact(value: object) -> Json:
    """Return `value` as JSON types, without secrets and bounded in every direction.

    What stands under the name of a secret (`password`, `api-key`, `cardNumber`, …) is
    replaced, and so is what looks like one in any text: tokens, card numbers, private
    keys, passwords in URLs and in `key=value`. Deeper than 8, wider than 50, a text
    longer than 2,048 characters, and what exceeds 1,000 values or 16,384 characters in
    all is cut, marked by `…`. Of an object of another type its type's name is kept.
    Redacting a result changes nothing more.
    """
    return _Walk().value(value, _DEPTH)


def redact_text(text: str) -> str:
    """Return text without secrets, encodable, at most about 2,048 characters long."""
    hidden = hide_secrets(clean(text, _TEXT_LENGTH + _TEXT_MARGIN))
    if len(hidden) <= _TEXT_LENGTH:
        return hidden
    # What the cut left at the end may read as a secret now. Cutting deeper than the
    # limit leaves room for the mark, so that a second pass cuts nothing.
    return hide_secrets(f"{hidden[:_TEXT_CUT]}{_MORE}")


def redact_texts(texts: list[str]) -> list[str]:
    """Return each text as `redact_text` would; where none holds a secret, in one scan."""
    # What is printable can be encoded, too.
    short = sum(map(len, texts)) <= _TEXT_LENGTH
    if short and all(map(str.isprintable, texts)) and are_harmless(texts):
        return texts
    return [redact_text(text) for text in texts]


class _Walk:
    """One walk over a value; what it may still keep."""

    def __init__(self) -> None:
        self._nodes = _NODES
        self._characters = _TOTAL_TEXT

    def value(self, value: object, depth: int) -> Json:
        self._nodes -= 1
        if self._nodes < 0:
            return _MORE
        if value is None or value is True or value is False:
            return value
        if _really(value, str):
            return self._text(value)
        if type(value) is int:
            return self._integer(value)
        if type(value) is float:
            return value if math.isfinite(value) else str(value)
        return self._other(value, depth)

    def _text(self, text: str) -> str:
        redacted = redact_text(text)
        if len(redacted) > self._characters:
            redacted = _MORE
        self._characters -= len(redacted)
        return redacted

    def _integer(self, number: int) -> Json:
        if number.bit_length() > _INTEGER_TEXT_BITS:
            return "<int>"
        digits = str(number)
        if hide_secrets(digits) != digits:
            return MARK
        return number if number.bit_length() <= _INTEGER_BITS else self._text(digits)

    def _other(self, value: object, depth: int) -> Json:
        if type(value) in _AS_TEXT:
            return self._text(str(value))
        if _really(value, dict):
            return self._mapping(value, depth - 1) if depth else _MORE
        items = _items(value)
        if items is not None:
            return self._sequence(items, depth - 1) if depth else _MORE
        return self._text(f"<{type_name(type(value))}>")

    def _mapping(self, mapping: dict[object, object], depth: int) -> Json:
        redacted: dict[str, Json] = {}
        entries, more = _bounded(dict.items(mapping))
        for key, value in entries:
            name = self._name(key)
            redacted[name] = self.value(MARK if is_secret_name(name) else value, depth)
        if more:
            redacted[self._text(_MORE)] = self.value(_MORE, depth)
        return redacted

    def _sequence(self, items: Iterable[object], depth: int) -> Json:
        entries, more = _bounded(items)
        redacted = [self.value(value, depth) for value in entries]
        return [*redacted, self.value(_MORE, depth)] if more else redacted

    def _name(self, key: object) -> str:
        if _really(key, str):
            return self._text(key)
        known = type(key) in _KEYS_AS_TEXT
        return self._text(str(key) if known else f"<{type_name(type(key))}>")


def _really(value: object, kind: type[Kind]) -> TypeGuard[Kind]:
    # Not isinstance: it asks the object for its `__class__`, which a proxy answers
    # with another's, and which may be anybody's code.
    return issubclass(type(value), kind)


def _items(value: object) -> Iterator[object] | None:
    # Through the built-in's own method: a subclass's is code that we do not know.
    if _really(value, list):
        return list.__iter__(value)
    if _really(value, tuple):
        return tuple.__iter__(value)
    if _really(value, set):
        return set.__iter__(value)
    return frozenset.__iter__(value) if _really(value, frozenset) else None


def _bounded(items: Iterable[Kind]) -> tuple[list[Kind], bool]:
    first = list(islice(items, _WIDTH + 1))
    more = len(first) > _WIDTH
    return (first[: _WIDTH - 1] if more else first), more
