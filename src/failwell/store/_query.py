"""What is asked of the lists: validated where it is written, so that no query fails late.

Owns the question for groups, the pages that answer lists, and the cursors between
pages. Knows no SQL.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar, get_args, overload

from failwell.store._times import aware

Item = TypeVar("Item")
Sort = Literal["last_seen", "first_seen", "count", "trend"]
State = Literal["open", "resolved", "muted"]

SORTS: tuple[Sort, ...] = get_args(Sort)
STATES: tuple[State, ...] = get_args(State)
HIGHEST_LIMIT = 10_000
NOBODY = "none"
"""In place of a name, where a group is nobody's."""

_GROUP_CURSOR = re.compile(r"([a-z_]+)\.(-?\d{1,18})\.(\d{1,18})\.(\d{1,9})", re.ASCII)
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_EVENT_CURSOR = re.compile(r"(\d{1,18})\.(.{1,300})", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page(Sequence[Item]):
    """A part of a list."""

    items: tuple[Item, ...]
    next: str | None = None
    """What to ask for as `after` to get what follows; None at the end."""

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)


class GroupCursor(NamedTuple):
    """Behind which group of a list the next page begins."""

    sort: str
    value: int
    """What the group was sorted by."""
    id: int
    hour: int
    """The hour that the trends of the first page were made for."""

    def encode(self) -> str:
        """Return it as `GroupQuery.after` takes it."""
        return f"{self.sort}.{self.value}.{self.id}.{self.hour}"


class EventCursor(NamedTuple):
    """Behind which event of a list the next page begins."""

    at: int
    id: str

    def encode(self) -> str:
        """Return it as `Store.events` takes it."""
        return f"{self.at}.{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupQuery:
    """Which groups, in which order; what is not given does not restrict.

    Raises:
        ValueError: A value is not allowed; says which are.
    """

    application: str | None = None
    text: str = ""
    """Occurs in type, message, place or code, whatever the case."""
    words: tuple[str, ...] = ()
    """Each of them occurs there, as `text` does."""
    code: str | None = None
    type: str | None = None
    """Qualified, or the name of the class alone."""
    release: str | None = None
    environment: str | None = None
    route: str | None = None
    """Of an error that is kept."""
    user: str | None = None
    """Of an error that is kept."""
    state: State | None = None
    regressed: bool | None = None
    """Whether it opened again by itself, and nobody has done anything since."""
    assigned: str | None = None
    """Whose it is; `none` for those that are nobody's."""
    without: tuple["GroupQuery", ...] = ()
    """Leaves out what one of these finds; their order and pages say nothing here."""
    since: datetime | None = None
    """Had errors since then; UTC when naive."""
    until: datetime | None = None
    """Had errors before then, to the full hour; UTC when naive."""
    sort: Sort = "last_seen"
    """What is largest comes first. `trend` is by how much the last 24 hours had more
    errors than the 24 hours before them."""
    limit: int = 100
    """1 to 10,000."""
    after: str | None = None
    """`Page.next` of the page before. A group that meanwhile gets errors may move in
    front of the page; none comes twice."""

    def __post_init__(self) -> None:
        one_of("sort", self.sort, SORTS)
        if self.state is not None:
            one_of("state", self.state, STATES)
        checked_limit(self.limit)
        if self.since and self.until and aware(self.since) > aware(self.until):
            message = f"since ({self.since}) is after until ({self.until})"
            raise ValueError(message)
        self.cursor()

    def cursor(self) -> GroupCursor | None:
        """Return `after`, read."""
        if self.after is None:
            return None
        found = _GROUP_CURSOR.fullmatch(self.after)
        if found is None or found[1] != self.sort:
            message = (
                f"after is no cursor of a list by {self.sort}; allowed: `next` of the"
                " page before"
            )
            raise ValueError(message)
        return GroupCursor(found[1], int(found[2]), int(found[3]), int(found[4]))


def event_cursor(after: str | None) -> EventCursor | None:
    """Return a cursor of a list of events, read.

    Raises:
        ValueError: It is none.
    """
    if after is None:
        return None
    found = _EVENT_CURSOR.fullmatch(after)
    if found is None:
        message = "after is no cursor of events; allowed: `next` of the page before"
        raise ValueError(message)
    return EventCursor(int(found[1]), found[2])


def audit_cursor(after: str | None) -> int | None:
    """Return a cursor of the audit, read.

    Raises:
        ValueError: It is none.
    """
    if after is None:
        return None
    if not _NUMBER.fullmatch(after):
        message = "after is no cursor of the audit; allowed: `next` of the page before"
        raise ValueError(message)
    return int(after)


def checked_limit(limit: int) -> int:
    """Return `limit`.

    Raises:
        ValueError: It is out of range.
    """
    if not 1 <= limit <= HIGHEST_LIMIT:
        message = f"a limit of {limit} is out of range; allowed: 1 to {HIGHEST_LIMIT}"
        raise ValueError(message)
    return limit


def one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    """Refuse a value that is none of those allowed.

    Raises:
        ValueError: It is none.
    """
    if value not in allowed:
        message = f"{name} is {value!r}; allowed: {', '.join(allowed)}"
        raise ValueError(message)
