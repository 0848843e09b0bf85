"""The JSON of a request, read strictly: it means one thing, or it is an error.

Owns what JSON is here. Every parser agrees on what is let through: no NaN, no number
that is none, no name twice in an object, no text that is not Unicode.
"""

import json
import math
import re
from collections.abc import Sequence
from typing import NoReturn

from failwell.responses._validation._problems import Problems

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_INVALID = "json_invalid"


class _RefusedError(ValueError):
    """It is JSON by its grammar, but not by what it says."""

    def __init__(self, message: str, code: str = _INVALID) -> None:
        super().__init__(message)
        self.code = code


def read_json(raw: bytes) -> object:
    """Return the document that `raw` holds (RFC 8259, less what RFC 7493 leaves out).

    Raises:
        ValidationError: It holds none; names `body`, and repeats nothing of it.
    """
    try:
        return _parse(raw)
    except (ValueError, RecursionError) as error:
        code, message = _complaint(error)
    problems = Problems("body")
    problems.add((), code, message)
    raise problems.error()


def _complaint(error: Exception) -> tuple[str, str]:
    """Return code and message; the error's own words may hold what was sent."""
    if isinstance(error, _RefusedError):
        return error.code, str(error)
    if isinstance(error, json.JSONDecodeError):
        place = f"line {error.lineno}, column {error.colno}"
        return _INVALID, f"Invalid JSON at {place}"
    if isinstance(error, UnicodeError):
        return _INVALID, "The JSON is not UTF-8 text"
    if isinstance(error, RecursionError):
        return _INVALID, "The JSON is nested too deeply"
    return _INVALID, "A number is too large"


def _parse(raw: bytes) -> object:
    if not raw.strip():
        message = "A JSON body is required"
        raise _RefusedError(message, "missing")
    document = json.loads(
        raw.decode(),
        object_pairs_hook=_object,
        parse_float=_finite,
        parse_constant=_constant,
    )
    if _SURROGATE.search(raw):
        # Pairs are fine; a lone one has no UTF-8.
        json.dumps(document, ensure_ascii=False).encode()
    return document


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "An object has the same name twice"
        raise _RefusedError(message, "duplicate_name")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        message = "A number is too large"
        raise _RefusedError(message)
    return number


def _constant(_: str) -> NoReturn:
    message = "NaN and Infinity are no JSON"
    raise _RefusedError(message)
