"""What a visitor asks of the list: the words of the address, read and written.

Owns the address of a list, which can be kept: every search, order and page is one.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from failwell.store import GroupQuery, Sort, parse_search

PAGE = 25
USUAL = "is:open"
_USUAL_SORT = "last_seen"
_WORDS = re.compile(r'(?:"[^"]*"|[^\s"])+|"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for."""

    words: str
    query: GroupQuery | None
    """None where the words cannot be read."""
    problem: str = ""
    """Why not."""

    @property
    def state(self) -> str:
        """The state that is looked for, or an empty text."""
        found = [word[3:] for word in _words(self.words) if word.startswith("is:")]
        return found[-1] if found else ""

    def with_state(self, state: str) -> str:
        """Return the words for another state, or for all of them."""
        others = [word for word in _words(self.words) if not word.startswith("is:")]
        return " ".join([f"is:{state}", *others] if state else others)

    def address(self, *, words: str | None = None, **changes: str | None) -> str:
        """Return the part behind the question mark of a list like this one."""
        sort = changes.get("sort", self.query.sort if self.query else None)
        values = {
            "q": self.words if words is None else words,
            "sort": None if sort == _USUAL_SORT else sort,
            "after": changes.get("after"),
        }
        given = {name: value for name, value in values.items() if value is not None}
        return urlencode(given)


def read_search(
    given: "MultiDict[str, str]", *, now: datetime, usual: str, limit: int
) -> Search:
    """Return what an address asks for; never raises.

    Args:
        given: The arguments of the address: `q`, `sort`, `after`.
        now: What an age such as `7d` is counted from.
        usual: The words where it has none.
        limit: How many groups make a page.
    """
    words = given.get("q", usual).strip()
    try:
        query = parse_search(
            words,
            now=now,
            sort=cast("Sort", given.get("sort") or _USUAL_SORT),
            limit=limit,
            after=given.get("after") or None,
        )
    except ValueError as error:
        return Search(words=words, query=None, problem=str(error))
    return Search(words=words, query=query)


def _words(text: str) -> list[str]:
    return _WORDS.findall(text)
