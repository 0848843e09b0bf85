"""The search language of the lists: a line of words becomes a `GroupQuery`.

`code:X type:X route:X user:X release:X environment:X app:X assigned:X is:X seen:X` and
free text, each with `-` in front for groups that it does not hold for. Owns what a word
means, and what is said of one that means nothing. Knows no SQL.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, NoReturn

from failwell.store._query import STATES, GroupQuery, Sort

_FIELDS = {
    "code": "code",
    "type": "type",
    "route": "route",
    "user": "user",
    "release": "release",
    "environment": "environment",
    "app": "application",
    "assigned": "assigned",
}
_NAMES = (*_FIELDS, "is", "seen")
_CONDITIONS: dict[str, dict[str, Any]] = {
    **{state: {"state": state} for state in STATES},
    "regressed": {"state": "open", "regressed": True},
}
_ALL = "*"
_LONGEST = 2000
_MOST_WORDS = 50

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_WHOLE = rf'(?:[^\s"]|{_QUOTED})+'
_WORD = re.compile(rf"{_WHOLE}|\S+", re.DOTALL)
_PARTS = re.compile(r"(-?)(?:([a-z]+):)?(.*)", re.DOTALL)
_AGE = re.compile(r"(\d{1,6})([mhdw])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIMES = "2026-11-01, 2026-11-01T18:00 (UTC), or an age: 30m, 24h, 7d, 4w"


class _Word(NamedTuple):
    """A part of a search."""

    written: str
    is_unwanted: bool
    name: str
    """Empty where it is free text."""
    value: str

    def refuse(self, why: str, cause: Exception | None = None) -> NoReturn:
        message = f"{self.written!r}: {why}"
        raise ValueError(message) from cause


def parse_search(
    text: str,
    *,
    now: datetime,
    application: str | None = None,
    sort: Sort = "last_seen",
    limit: int = 100,
    after: str | None = None,
) -> GroupQuery:
    """Return the query that a line of the search language means.

    Args:
        text: Words that all must hold; up to 2,000 characters.
        now: What an age such as `7d` is counted from.
        application: Whose groups, where no `app:` says so; `app:*` is all.
        sort: As in `GroupQuery`.
        limit: As in `GroupQuery`.
        after: As in `GroupQuery`.

    Raises:
        ValueError: A word means nothing; says which, and what is allowed.
    """
    wanted: dict[str, Any] = {}
    free: list[str] = []
    without: list[GroupQuery] = []
    for word in _read(text):
        meant = _meaning(word, now)
        if word.is_unwanted:
            without.append(GroupQuery(**meant))
        elif not word.name:
            free.append(word.value)
        elif meant.keys() & wanted.keys():
            word.refuse("the same is asked for twice; allowed: once")
        else:
            wanted |= meant
    whose = wanted.pop("application", application)
    return GroupQuery(
        application=None if whose == _ALL else whose,
        words=tuple(free),
        without=tuple(without),
        sort=sort,
        limit=limit,
        after=after,
        **wanted,
    )


def _read(text: str) -> Iterator[_Word]:
    if len(text) > _LONGEST:
        message = f"a search of {len(text):,} characters; allowed: {_LONGEST:,}"
        raise ValueError(message)
    written = _WORD.findall(text)
    if len(written) > _MOST_WORDS:
        message = f"a search of {len(written)} words; allowed: {_MOST_WORDS}"
        raise ValueError(message)
    for part in written:
        if not re.fullmatch(_WHOLE, part, re.DOTALL):
            message = f"{part!r}: a quotation mark without its partner"
            raise ValueError(message)
    for part in written:
        sign, name, value = _PARTS.fullmatch(part).groups()  # type: ignore[union-attr] # it matches anything
        yield _Word(part, bool(sign), name or "", _unquoted(value))


def _unquoted(value: str) -> str:
    return re.sub(
        _QUOTED,
        lambda quoted: re.sub(r"\\(.)", r"\1", quoted[0][1:-1], flags=re.DOTALL),
        value,
        flags=re.DOTALL,
    )


def _meaning(word: _Word, now: datetime) -> dict[str, Any]:
    """Return the fields of a `GroupQuery` that a word stands for."""
    if not word.value:
        word.refuse("nothing follows; allowed: a text, in quotation marks too")
    if not word.name:
        return {"text": word.value}
    if word.name in _FIELDS:
        return {_FIELDS[word.name]: word.value}
    if word.name == "seen":
        return _time(word, now)
    if word.name != "is":
        names = " ".join(f"{name}:" for name in _NAMES)
        why = f"nothing is called {word.name!r}; allowed: {names} or {_quoted(word)}"
        word.refuse(why)
    if word.value not in _CONDITIONS:
        word.refuse(f"allowed: {', '.join(f'is:{name}' for name in _CONDITIONS)}")
    return _CONDITIONS[word.value]


def _quoted(word: _Word) -> str:
    return f'"{word.name}:{word.value}" for the text'


def _time(word: _Word, now: datetime) -> dict[str, datetime]:
    sign, written = word.value[0], word.value[1:]
    if sign not in "<>" and not _DAY.fullmatch(word.value):
        word.refuse(f"allowed: a day, or < or > and {_TIMES}")
    try:
        if _DAY.fullmatch(word.value):
            begin = _moment(word.value)
            return {"since": begin, "until": begin + timedelta(days=1)}
        if age := _AGE.fullmatch(written):
            at = now - timedelta(**{_UNITS[age[2]]: int(age[1])})
            return {"since" if sign == "<" else "until": at}
        return {"since" if sign == ">" else "until": _moment(written)}
    except (ValueError, OverflowError) as error:
        why = f"{written!r} is no time; allowed: {_TIMES}"
        word.refuse(why, error)


def _moment(written: str) -> datetime:
    at = datetime.fromisoformat(written)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
