"""Values without secrets: what the application hands over becomes bounded JSON types.

Owns the caps and the walk; what is a secret stands in `_secrets`. Calls no method of
an object it does not know: of those only the type's name is kept, also of dataclasses,
models and mappings that are no dict.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import NamedTuple, TypeGuard, TypeVar
from uuid import UUID

from failwell.records._secrets import (
    MARK,
    are_harmless,
    hide_secrets,
    is_secret_name,
)
from failwell.records._text import clean, is_text, type_name

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Kind = TypeVar("Kind")

_TEXT_LENGTH = 2048
# Cutting deeper than the limit leaves room for the mark, so that a second pass cuts
# nothing.
_TEXT_SPARE = 48
# A secret that begins before the cut and ends behind it is still seen whole.
_TEXT_MARGIN = 256
_MORE = "…"

_INTEGER_BITS = 63
_INTEGER_TEXT_BITS = 1024
_NAME_LENGTH = 100
_NAME_OF_NAME = ("name", "key")

_AS_TEXT = frozenset({date, datetime, time, timedelta, Decimal, UUID})
_KEYS_AS_TEXT = _AS_TEXT | {bool, float, int, type(None)}


class Bounds(NamedTuple):
    """How much is kept of a value."""

    depth: int = 8
    width: int = 50
    text: int = _TEXT_LENGTH
    """Characters of one text."""
    values: int = 1000
    """In all."""
    characters: int = 16_384
    """In all."""


_BOUNDS = Bounds()


def redact(value: object) -> Json:
    """Return `value` as JSON types, without secrets and bounded in every direction.

    What stands under the name of a secret (`password`, `api-key`, `cardNumber`, …) is
    replaced, in dicts, named tuples, pairs of a name and a value, and dicts of a `name`
    and a `value`; and so is what looks like a secret in any text: tokens, card numbers,
    private keys, passwords in URLs and in `key=value`. Deeper than 8, wider than 50, a
    text longer than 2,048 characters, and what exceeds 1,000 values or 16,384 characters
    in all is cut, marked by `…`. Of an object of another type its type's name is kept.
    Redacting a result changes nothing more.
    """
    return Redaction(_BOUNDS).redact(value)


def redact_text(text: str, limit: int = _TEXT_LENGTH) -> str:
    """Return text without secrets, encodable, at most about `limit` characters long."""
    hidden = hide_secrets(clean(text, limit + _TEXT_MARGIN))
    if len(hidden) <= limit:
        return hidden
    # What the cut left at the end may read as a secret now.
    return hide_secrets(f"{hidden[: limit - _TEXT_SPARE]}{_MORE}")


def redact_texts(texts: list[str]) -> list[str]:
    """Return each text as `redact_text` would; where none holds a secret, in one scan."""
    # What is printable can be encoded, too.
    short = sum(map(len, texts)) <= _TEXT_LENGTH
    if short and all(map(str.isprintable, texts)) and are_harmless(texts):
        return texts
    return [redact_text(text) for text in texts]


class Redaction:
    """What values may still take, one after the other.

    Args:
        bounds: How much there is.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._values = bounds.values
        self._characters = bounds.characters

    def redact(self, value: object) -> Json:
        """Return a value as `failwell.records.redact` does, out of what is left."""
        return self._value(value, self._bounds.depth)

    def _value(self, value: object, depth: int) -> Json:
        self._values -= 1
        if self._values < 0:
            return _MORE
        if value is None or value is True or value is False:
            return value
        if is_text(value):
            return self._text(value)
        if type(value) is int:
            return self._integer(value)
        if type(value) is float:
            return value if math.isfinite(value) else str(value)
        return self._other(value, depth)

    def _text(self, text: str) -> str:
        redacted = redact_text(text, self._bounds.text)
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
            return self._mapping(dict.items(value), depth - 1) if depth else _MORE
        items = _items(value)
        if items is None:
            return self._text(f"<{type_name(type(value))}>")
        if not depth:
            return _MORE
        names = _names(value)
        if names is not None:
            return self._mapping(zip(names, items, strict=False), depth - 1)
        return self._sequence(items, depth - 1)

    def _mapping(self, items: Iterable[tuple[object, object]], depth: int) -> Json:
        redacted: dict[str, Json] = {}
        entries, more = self._bounded(items)
        names = [self._name(key) for key, _ in entries]
        hides_value = any(
            name in _NAME_OF_NAME and self._is_secret_name(value)
            for name, (_, value) in zip(names, entries, strict=True)
        )
        for name, (_, value) in zip(names, entries, strict=True):
            is_secret = is_secret_name(name) or (hides_value and name == "value")
            redacted[name] = self._value(MARK if is_secret else value, depth)
        if more:
            redacted[self._text(_MORE)] = self._value(_MORE, depth)
        return redacted

    def _sequence(self, items: Iterable[object], depth: int) -> Json:
        entries, more = self._bounded(items)
        if len(entries) == 2 and self._is_secret_name(entries[0]):  # noqa: PLR2004 - a pair
            entries[1] = MARK
        redacted = [self._value(value, depth) for value in entries]
        return [*redacted, self._value(_MORE, depth)] if more else redacted

    def _name(self, key: object) -> str:
        if is_text(key):
            return self._text(key)
        if type(key) is bytes:
            return self._text(_decoded(key))
        known = type(key) in _KEYS_AS_TEXT
        return self._text(str(key) if known else f"<{type_name(type(key))}>")

    def _is_secret_name(self, value: object) -> bool:
        if type(value) is bytes:
            value = _decoded(value)
        if not is_text(value):
            return False
        # As it will read the next time.
        name = redact_text(value, self._bounds.text)
        return len(name) <= _NAME_LENGTH and is_secret_name(name)

    def _bounded(self, items: Iterable[Kind]) -> tuple[list[Kind], bool]:
        width = self._bounds.width
        first = list(islice(items, width + 1))
        more = len(first) > width
        return (first[: width - 1] if more else first), more


def _really(value: object, kind: type[Kind]) -> TypeGuard[Kind]:
    # Not isinstance: it asks the object for its `__class__`, which a proxy answers
    # with another's, and which may be anybody's code.
    return issubclass(type(value), kind)


def _decoded(name: bytes) -> str:
    return name[:_NAME_LENGTH].decode("utf-8", "replace")


def _items(value: object) -> Iterator[object] | None:
    # Through the built-in's own method: a subclass's is code that we do not know.
    if _really(value, list):
        return list.__iter__(value)
    if _really(value, tuple):
        return tuple.__iter__(value)
    if _really(value, set):
        return set.__iter__(value)
    return frozenset.__iter__(value) if _really(value, frozenset) else None


def _names(value: object) -> tuple[object, ...] | None:
    """Return the names of a named tuple's fields."""
    if type(value) is tuple or not _really(value, tuple):
        return None
    names = getattr(type(value), "_fields", None)
    return names if type(names) is tuple else None
