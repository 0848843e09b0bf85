"""What the store is asked: every question checked before the database is opened."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._late import LateModule
from failwell.records import ErrorRecord
from failwell.store._model import (
    BUCKETS,
    MINUTES_OF,
    AnswerCount,
    Bucket,
    CircuitOrder,
    Deployment,
    ErrorStats,
    GroupPage,
    GroupSummary,
    LossCount,
    TimeSeries,
)
from failwell.store._query import (
    GroupQuery,
    Page,
    checked_limit,
    event_cursor,
    one_of,
)
from failwell.store._times import MINUTES_PER_HOUR, minute_range, stored

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from failwell.store._database import _engine
    from failwell.store._ledger import _watermarks
    from failwell.store._questions import (
        _circuits,
        _listing,
        _neighbours,
        _queries,
        _statistics,
    )
else:
    # They import SQLAlchemy, which costs 100 ms: only on use.
    _circuits = LateModule("failwell.store._questions._circuits")
    _engine = LateModule("failwell.store._database._engine")
    _listing = LateModule("failwell.store._questions._listing")
    _neighbours = LateModule("failwell.store._questions._neighbours")
    _queries = LateModule("failwell.store._questions._queries")
    _statistics = LateModule("failwell.store._questions._statistics")
    _watermarks = LateModule("failwell.store._ledger._watermarks")

_SECONDS_PER_MINUTE = 60
_GROUPS_PER_PAGE = 500
_EVENTS_PER_PAGE = 200
_MOST_BUCKETS = 100_000

Range = tuple[datetime, datetime]


class StoreReader:
    """The questions that a store answers, each in one short transaction.

    Every method raises `StoreError` where the store cannot be read, and `ValueError`,
    which says what is allowed, for what it cannot be asked. Ranges of time take naive
    datetimes as UTC; their edges are rounded outward. An `application` that is not
    given stands for all that share the store.

    Args:
        url: Of the database.
        clock: Says which hour is the present one.
        make: Whether the store is made where it is missing.
    """

    def __init__(
        self, url: str, *, clock: Clock = SYSTEM_CLOCK, make: bool = True
    ) -> None:
        self._url = url
        self._clock = clock
        self._make = make
        self._opened: dict[str, _engine.Database] = {}

    def groups(self, query: GroupQuery | None = None) -> Page[GroupSummary]:
        """Return a page of the list of groups; by default the 100 seen last."""
        with self._reading() as connection:
            return _listing.list_groups(connection, query or GroupQuery(), self._hour())

    def group(self, group_id: int, events: int = 20) -> GroupPage | None:
        """Return a group with its newest events, or None where there is none.

        The id of a group that was merged leads to the one that it is in now.

        Args:
            group_id: `GroupSummary.id`.
            events: 1 to 10,000.
        """
        checked = checked_limit(events)
        with self._reading() as connection:
            return _queries.find_group(connection, group_id, checked, self._hour())

    def events(
        self, group_id: int, limit: int = 100, after: str | None = None
    ) -> Page[ErrorRecord]:
        """Return a page of a group's errors that were kept in full, the newest first.

        Args:
            group_id: `GroupSummary.id`.
            limit: 1 to 10,000.
            after: `Page.next` of the page before; what comes meanwhile shifts nothing.
        """
        checked, cursor = checked_limit(limit), event_cursor(after)
        with self._reading() as connection:
            return _queries.list_events(connection, group_id, checked, cursor)

    def find(
        self, error_id: str, events: int = 20
    ) -> tuple[GroupPage, ErrorRecord | None] | None:
        """Return the group that an error's id leads to, and the error if it was kept.

        Args:
            error_id: As a client was given it; the group's hash alone will do.
            events: 1 to 10,000.
        """
        checked = checked_limit(events)
        with self._reading() as connection:
            return _queries.find(connection, error_id, checked, self._hour())

    def neighbours(self, group_id: int, error_id: str) -> tuple[str | None, str | None]:
        """Return the ids of the next newer and the next older error of a group.

        None where there is none, or the error is not kept in the group.
        """
        with self._reading() as connection:
            return _neighbours.find_neighbours(connection, group_id, error_id)

    def export_groups(self, query: GroupQuery) -> Iterator[GroupSummary]:
        """Yield all groups that a query finds, whatever its limit, page by page.

        Each page is a transaction of its own: what changes meanwhile shows or not.
        """
        asked = replace(query, limit=_GROUPS_PER_PAGE)
        while True:
            page = self.groups(asked)
            yield from page
            if page.next is None:
                return
            asked = replace(asked, after=page.next)

    def export_events(self, of: GroupQuery | int) -> Iterator[ErrorRecord]:
        """Yield the errors kept in full of a group, or of those that a query finds.

        Group by group, the newest error first; page by page, as `export_groups`.
        """
        if isinstance(of, int):
            yield from self._all_events(of)
            return
        for group in self.export_groups(of):
            yield from self._all_events(group.id)

    def version(self) -> str:
        """Return what changes whenever a list of groups may have changed.

        One read by a key: whoever shows a list asks for it first.
        """
        with self._reading() as connection:
            changes = _watermarks.count_changes(connection)
        # With the hour the charts of the last day move on.
        return f"{changes}-{self._hour()}"

    def recent(
        self, limit: int = 100, *, application: str | None = None
    ) -> list[ErrorRecord]:
        """Return the newest errors that were kept in full, the latest first.

        Args:
            limit: 1 to 10,000.
            application: Whose.
        """
        checked = checked_limit(limit)
        with self._reading() as connection:
            return _queries.recent_events(connection, checked, application)

    def stats(
        self, start: datetime, end: datetime, *, application: str | None = None
    ) -> ErrorStats:
        """Count the errors of a range of time, exact to the minute.

        Where the minutes of an edge were removed by retention, its hour counts whole.

        Args:
            start: Rounded down to its minute.
            end: Rounded up to a whole minute, which itself is not in the range.
            application: Whose.
        """
        minutes = minute_range(start, end)
        with self._reading() as connection:
            return _statistics.count_errors(connection, minutes, application)

    def series(
        self,
        start: datetime,
        end: datetime,
        bucket: Bucket = "hour",
        *,
        application: str | None = None,
        group_id: int | None = None,
    ) -> TimeSeries:
        """Count the errors of every minute, hour or day that a range of time touches.

        Groups are counted by the minute for 25 hours and by the hour for 400 days; all
        errors together by the minute as long as events are kept, and by the hour for
        ever. Days are those of UTC.

        Args:
            start: Where the first one is.
            end: Where the last one is; at most 100,000 of them.
            bucket: `minute`, `hour` or `day`.
            application: Whose.
            group_id: Of this group alone.
        """
        one_of("bucket", bucket, BUCKETS)
        minutes = minute_range(start, end)
        if (minutes.end - minutes.first) // MINUTES_OF[bucket] > _MOST_BUCKETS:
            message = (
                f"the range has more than {_MOST_BUCKETS:,} {bucket}s;"
                " ask for a shorter one or for wider buckets"
            )
            raise ValueError(message)
        with self._reading() as connection:
            if group_id is None:
                return _statistics.count_kinds(connection, minutes, bucket, application)
            return _statistics.count_group(
                connection, minutes, bucket, group_id, now=self._minute()
            )

    def answers(
        self,
        limit: int = 100,
        *,
        application: str | None = None,
        within: Range | None = None,
    ) -> list[AnswerCount]:
        """Return what was answered without being recorded, the most frequent first.

        Args:
            limit: 1 to 10,000.
            application: Whose.
            within: Start and end, rounded outward to full hours; by default ever.
        """
        checked, hours = checked_limit(limit), _hours(within)
        with self._reading() as connection:
            return _statistics.count_answers(connection, hours, application, checked)

    def losses(
        self, *, application: str | None = None, within: Range | None = None
    ) -> list[LossCount]:
        """Return how many errors were counted and not kept in full, by the reason.

        Args:
            application: Whose.
            within: Start and end, rounded outward to full hours; by default ever.
        """
        hours = _hours(within)
        with self._reading() as connection:
            return _statistics.count_losses(connection, hours, application)

    def circuit_orders(self, whose: Deployment) -> list[CircuitOrder]:
        """Return what operators ordered last of each circuit breaker, by its name."""
        with self._reading() as connection:
            return _circuits.read_orders(connection, whose)

    def circuit_reports(self, whose: Deployment, since: datetime) -> list[str]:
        """Return what each process told of its circuit breakers, if that was since then."""
        with self._reading() as connection:
            return _circuits.read_reports(connection, whose, stored(since))

    def _all_events(self, group_id: int) -> Iterator[ErrorRecord]:
        after: str | None = None
        while True:
            page = self.events(group_id, _EVENTS_PER_PAGE, after)
            yield from page
            after = page.next
            if after is None:
                return

    @property
    def _database(self) -> "_engine.Database":
        # One for all threads: a second one in memory would be another database.
        return self._opened.get("") or self._opened.setdefault(
            "", _engine.Database(self._url, self._clock, make=self._make)
        )

    def _reading(self) -> "AbstractContextManager[Connection]":
        return self._database.reading()

    def _minute(self) -> int:
        return int(self._clock.now() // _SECONDS_PER_MINUTE)

    def _hour(self) -> int:
        return self._minute() // MINUTES_PER_HOUR


def _hours(within: Range | None) -> range | None:
    return None if within is None else minute_range(*within).hours
