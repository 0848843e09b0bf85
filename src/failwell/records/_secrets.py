"""Secrets, found in names and hidden in texts.

Owns what is remembered of either, and what applications add to what is looked for: that
holds for the whole process, for logs know no application. What a secret looks like
stands in `_secret_forms`.
"""

from collections.abc import Iterable
from functools import lru_cache

import re2

from failwell.records._secret_forms import Patterns, compile_patterns

MARK = "[redacted]"
_PASSES = 5
_REMEMBERED = 2048
_REMEMBERED_LENGTH = 256

# Short texts without a secret: hosts, methods, the messages of a bug that keeps
# happening. Nothing else is remembered: a secret must not outlive its request here.
_harmless: set[str] = set()


class _Sought:
    """What this process looks for."""

    def __init__(self) -> None:
        self.more: frozenset[str] = frozenset()
        self.patterns = compile_patterns()


_sought = _Sought()


def seek_secrets(more: Iterable[str]) -> None:
    """Look for more secrets from now on, in this process.

    Args:
        more: Names of fields, and patterns in slashes; the settings have checked them.
    """
    wanted = _sought.more.union(more)
    if wanted == _sought.more:
        return
    _sought.patterns = compile_patterns(
        sorted(entry for entry in wanted if not entry.startswith("/")),
        sorted(entry[1:-1] for entry in wanted if entry.startswith("/")),
    )
    _sought.more = wanted
    is_secret_name.cache_clear()
    _harmless.clear()


@lru_cache(maxsize=2048)
def is_secret_name(name: str) -> bool:
    """Return whether a field, header or parameter of this name carries a secret."""
    return _sought.patterns.name.search(name) is not None


def hide_secrets(text: str) -> str:
    """Return encodable text with each secret in it replaced by `[redacted]`."""
    if text in _harmless:
        return text
    patterns = _sought.patterns
    if not _holds_secret(text, patterns):
        _remember(text)
        return text
    # What is left may read as a secret once its neighbour is hidden: until nothing
    # more changes, which the second pass nearly always finds.
    for _ in range(_PASSES):
        before, text = text, patterns.secret.sub(_hide, text)
        # Behind ours: hiding a name first would leave its value.
        for pattern in patterns.own:
            text = _hide_own(pattern, text)
        if text == before:
            break
    return text


def are_harmless(texts: Iterable[str]) -> bool:
    """Return whether none of these texts holds a secret, looked at in one scan."""
    unknown = [text for text in texts if text not in _harmless]
    if unknown and _holds_secret(" ".join(unknown), _sought.patterns):
        return False
    for text in unknown:
        _remember(text)
    return True


def _holds_secret(text: str, patterns: Patterns) -> bool:
    if patterns.secret.search(text) is not None:
        return True
    return any(pattern.search(text) is not None for pattern in patterns.own)


def _remember(harmless: str) -> None:
    if len(harmless) > _REMEMBERED_LENGTH:
        return
    if len(_harmless) >= _REMEMBERED:
        _harmless.clear()
    _harmless.add(harmless)


def _hide(match: "re2._Match[str]") -> str:
    found = match.groupdict("")
    card = found["card"]
    if card:
        return MARK if _is_card_number(card) else card
    if found["user"]:
        return f"://{MARK}@"
    value = (found["rest"] or found["value"]).lstrip("bruBRU")
    quote = value[0] if value.startswith(('"', "'")) else ""
    kept = found["line"] or found["key"] or found["scheme"] or found["row"]
    return f"{kept}{quote}{MARK}{quote}"


def _is_card_number(text: str) -> bool:
    """Return whether the digits add up as those of payment cards do (ISO/IEC 7812)."""
    digits = [int(digit) for digit in reversed(text) if digit.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _hide_own(pattern: "re2._Regexp[str]", text: str) -> str:
    marks = [
        (at, at + len(MARK)) for at in range(len(text)) if text.startswith(MARK, at)
    ]

    def hide(match: "re2._Match[str]") -> str:
        start, end = match.span()
        for begin, stop in marks:
            # Inside of a mark, or across its edge: it would be hidden again and again.
            if start < stop and begin < end:
                around = start <= begin and stop <= end and end - start > stop - begin
                if not around:
                    return text[start:end]
        return MARK

    return pattern.sub(hide, text)
