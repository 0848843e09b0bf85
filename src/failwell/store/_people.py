"""What people do to groups: each a transaction, with its entry in the history."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from failwell._late import LateModule
from failwell.store._errors import ConflictError
from failwell.store._model import HistoryEntry
from failwell.store._query import NOBODY, Page, audit_cursor, checked_limit
from failwell.store._reader import StoreReader
from failwell.store._text import clean
from failwell.store._times import aware, microseconds, stored

if TYPE_CHECKING:
    from failwell.store import _deletion, _history, _merging, _past, _triage
else:
    # They import SQLAlchemy, which costs 100 ms: only on use.
    _deletion = LateModule("failwell.store._deletion")
    _history = LateModule("failwell.store._history")
    _merging = LateModule("failwell.store._merging")
    _past = LateModule("failwell.store._past")
    _triage = LateModule("failwell.store._triage")

_MOST_ERRORS = 10**12
_LONGEST_COMMENT = 10_000
_TRIES = 5

Answer = TypeVar("Answer")


class StoreTriage(StoreReader):
    """The changes that people make.

    Every method takes ids of groups, also of some that were merged into others, and who
    it is that does it: a text such as `ada@example.org`. It changes all of the groups or
    none, and returns the ids of those that are different now.

    All raise `NotFoundError` for a group that does not exist, `StoreError` where the
    store cannot be written, and `ValueError`, which says what is allowed.
    """

    def resolve(
        self, group_ids: Sequence[int], *, by: str, until_next_release: bool = False
    ) -> list[int]:
        """Say that groups are mended.

        The next error that happens after this opens a group again, unless it comes from
        a release that is older than the newest one of now.

        Args:
            group_ids: The groups.
            by: Who says so.
            until_next_release: Whether errors of all releases of now are to be expected:
                only those of a release that is yet to come open it.
        """
        return self._do(
            by,
            lambda deed: _triage.resolve_groups(
                deed, group_ids, until_next_release=until_next_release
            ),
        )

    def reopen(self, group_ids: Sequence[int], *, by: str) -> list[int]:
        """Say that resolved or muted groups need work."""
        return self._do(by, lambda deed: _triage.reopen_groups(deed, group_ids))

    def mute(
        self,
        group_ids: Sequence[int],
        *,
        by: str,
        until: datetime | None = None,
        more: int | None = None,
    ) -> list[int]:
        """Say that groups need no attention, whatever comes, or for a while.

        Args:
            group_ids: The groups.
            by: Who says so.
            until: The first error that happens then or later opens it again; UTC when
                naive.
            more: The error with that number opens it again, counted from now on in the
                store, and over all fingerprints of the group.
        """
        if until is not None and stored(until) <= microseconds(self._clock.now()):
            message = f"until is {aware(until).isoformat()}, which is past"
            raise ValueError(message)
        if more is not None and not 1 <= more <= _MOST_ERRORS:
            message = f"more is {more}; allowed: 1 to {_MOST_ERRORS:,}"
            raise ValueError(message)
        moment = None if until is None else stored(until)
        return self._do(
            by,
            lambda deed: _triage.mute_groups(deed, group_ids, until=moment, more=more),
        )

    def assign(self, group_ids: Sequence[int], to: str | None, *, by: str) -> list[int]:
        """Say whose groups are; None: nobody's."""
        name = None if to is None else clean(_said("to", to))
        if name == NOBODY:
            message = f"to is {NOBODY!r}, which stands for nobody; give None"
            raise ValueError(message)
        return self._do(by, lambda deed: _triage.assign_groups(deed, group_ids, name))

    def comment(self, group_id: int, text: str, *, by: str) -> list[int]:
        """Add a comment to the history of a group; up to 10,000 characters."""
        said = _said("the comment", text)
        if len(said) > _LONGEST_COMMENT:
            message = (
                f"a comment of {len(said):,} characters; allowed: {_LONGEST_COMMENT:,}"
            )
            raise ValueError(message)
        return self._do(by, lambda deed: _triage.comment_group(deed, group_id, said))

    def merge(self, group_ids: Sequence[int], *, by: str) -> int:
        """Make groups one with the first of them, for what comes later too.

        Counts, users and times add up; text and state are those of the first. Ids of
        the others lead to it. They must be two at least, of one application.

        Returns:
            The id of the group that they are now.
        """
        return self._do(by, lambda deed: _merging.merge_groups(deed, group_ids))

    def unmerge(self, group_id: int, *, by: str) -> list[int]:
        """Take a merge back, for what comes later too.

        Args:
            group_id: A group that was merged into another, which then comes back
                alone; or the other, and all come back that were merged into it.
            by: Who does it.

        Returns:
            The ids of the groups that are there again.
        """
        return self._do(by, lambda deed: _merging.unmerge_group(deed, group_id))

    def delete(self, group_ids: Sequence[int], *, by: str) -> list[int]:
        """Remove groups with their errors and counts, and those merged into them.

        Statistics of all errors stay, and the history. What comes later of such a group
        begins a new one.
        """
        return self._do(by, lambda deed: _deletion.delete_groups(deed, group_ids))

    def note(
        self, action: str, *, by: str, details: Mapping[str, object] | None = None
    ) -> None:
        """Write into the history what is about no group, such as a sign-in.

        Args:
            action: What was done.
            by: Who did it.
            details: JSON types.
        """
        with self._database.writing() as connection:
            _history.write_note(
                connection,
                microseconds(self._clock.now()),
                _said("by", by),
                _said("action", action),
                details or {},
            )

    def history(self, group_id: int, limit: int = 100) -> list[HistoryEntry]:
        """Return what was done to a group and became of it, the newest first.

        With what was done to those merged into it. Also of a group that was deleted.

        Args:
            group_id: `GroupSummary.id`.
            limit: 1 to 10,000.
        """
        checked = checked_limit(limit)
        with self._reading() as connection:
            return _past.past_of(connection, group_id, checked)

    def audit(self, limit: int = 100, after: str | None = None) -> Page[HistoryEntry]:
        """Return what was done to all groups, also to deleted ones, and noted.

        Args:
            limit: 1 to 10,000.
            after: `Page.next` of the page before.
        """
        checked, before = checked_limit(limit), audit_cursor(after)
        with self._reading() as connection:
            return _history.read_audit(connection, checked, before)

    def _do(self, by: str, change: "Callable[[_triage.Deed], Answer]") -> Answer:
        """Do it, again where what came meanwhile was in the way."""
        who, now = _said("by", by), microseconds(self._clock.now())
        for _ in range(_TRIES - 1):
            with suppress(ConflictError), self._database.writing() as connection:
                return change(_triage.Deed(connection, who, now))
        with self._database.writing() as connection:
            return change(_triage.Deed(connection, who, now))


def _said(name: str, text: str) -> str:
    said = text.strip()
    if not said:
        message = f"{name} is empty; it takes a text"
        raise ValueError(message)
    return said
