"""Details of any kind as strict JSON: no NaN, no endless nesting, no surprise.

Owns what stands in an answer for a value that JSON does not know. Refuses to fail.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from itertools import islice

import msgspec

_BODY_LIMIT = 1024 * 1024
_CUT_LIMIT = 50_000
_TEXT_LIMIT = 10_000
_DEPTH_LIMIT = 32
_INTEGER_BITS = 1024
_CUT = "…"
_CONTAINERS = (Mapping, Sequence, AbstractSet)
_BYTES = (bytes, bytearray, memoryview)

_encode = msgspec.json.Encoder().encode


def strict_json(value: object) -> bytes:
    """Encode `value`; what is not JSON, or far too much of it, is replaced.

    Dates, UUIDs, decimals, bytes (base64), sets, enumerations and dataclasses become
    what msgspec makes of them, NaN and infinity null. Other objects become their own
    text if their class defines one; exceptions and all the rest become null, since
    their text speaks of classes, paths and SQL. A body above 1 MiB, a nesting deeper
    than Python's stack and a cycle are cut, and the cut is marked with `…`.
    """
    try:
        body = _encode(value)
    except Exception:  # noqa: BLE001 - any object may be in here and fail in any way
        return _encode(_Reduction().plain(value, 0))
    if len(body) > _BODY_LIMIT:
        return _encode(_Reduction().plain(value, 0))
    return body


def text_of(value: object, instead: str) -> str:
    """Return what is sent for `value` as a text, and `instead` where that is null."""
    if isinstance(value, str):
        return value
    sent = strict_json(value)
    plain = msgspec.json.decode(sent)
    if plain is None:
        return instead
    return plain if isinstance(plain, str) else sent.decode()


class _Reduction:
    """One walk through a value, with a budget of characters and items."""

    def __init__(self) -> None:
        self._left = _CUT_LIMIT

    def plain(self, value: object, depth: int) -> object:
        """Return `value` in JSON's own types."""
        self._left -= 1
        try:
            return self._plain(value, depth)
        except Exception:  # noqa: BLE001 - a value that cannot be read is left out
            return None

    def _plain(self, value: object, depth: int) -> object:
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, Enum):
            return self.plain(value.value, depth)
        if value is None or isinstance(value, (int, float)):
            return _scalar(value)
        if isinstance(value, _CONTAINERS) and not isinstance(value, _BYTES):
            return self._container(value, depth + 1)
        return self._other(value, depth)

    def _container(self, value: Iterable[object], depth: int) -> object:
        if depth > _DEPTH_LIMIT:
            return _CUT
        if isinstance(value, Mapping):
            return {
                self._key(key): self.plain(value[key], depth)
                for key in self._affordable(value)
            }
        return [self.plain(item, depth) for item in self._affordable(value)]

    def _affordable(self, items: Iterable[object]) -> Iterator[object]:
        for item in islice(items, _CUT_LIMIT):
            if self._left <= 0:
                return
            yield item

    def _key(self, key: object) -> str:
        plain = self.plain(key, _DEPTH_LIMIT)
        if isinstance(plain, str):
            return plain
        return _encode(plain).decode()

    def _text(self, text: str) -> str:
        limit = max(0, min(_TEXT_LIMIT, self._left))
        if len(text) > limit:
            text = text[:limit] + _CUT
        self._left -= len(text)
        # A lone surrogate is no Unicode text and has no UTF-8.
        return text.encode("utf-8", "replace").decode()

    def _other(self, value: object, depth: int) -> object:
        if isinstance(value, BaseException):
            return None
        try:
            known = msgspec.to_builtins(value)
        except Exception:  # noqa: BLE001 - not known to msgspec, or broken inside
            has_text = "__str__" in _defined(type(value))
            return self._text(str(value)) if has_text else None
        return self.plain(known, depth + 1) if depth < _DEPTH_LIMIT else _CUT


def _defined(kind: type) -> set[str]:
    return {name for base in kind.__mro__[:-1] for name in vars(base)}


def _scalar(value: object) -> object:
    if isinstance(value, float):
        return float.__float__(value) if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        # Longer ones cannot be written in decimal in reasonable time (CVE-2020-10735).
        return int.__index__(value) if value.bit_length() <= _INTEGER_BITS else None
    return value
