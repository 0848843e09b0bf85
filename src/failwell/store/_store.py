"""The store's surface: what is asked of it, checked before it is opened."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._late import LateModule
from failwell.records import ErrorRecord
from failwell.spool import Counter, SpoolFrame
from failwell.store._model import AnswerCount, ErrorStats, GroupPage, GroupSummary
from failwell.store._stacks import StackReader
from failwell.store._times import (
    LONGEST_SERIES_HOURS,
    MINUTES_PER_HOUR,
    microseconds,
    minute_range,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from failwell.store import _engine, _ingest, _queries, _statistics, _tokens
else:
    # They import SQLAlchemy, which costs 100 ms: only on use.
    _engine = LateModule("failwell.store._engine")
    _ingest = LateModule("failwell.store._ingest")
    _queries = LateModule("failwell.store._queries")
    _statistics = LateModule("failwell.store._statistics")
    _tokens = LateModule("failwell.store._tokens")

_HIGHEST_LIMIT = 10_000
_SECONDS_PER_HOUR = 3600


class Store:
    """Groups, events and counts in a database of failwell's own.

    Nothing is opened before the first use; the file, its folder (mode 0700, the file
    0600) and the tables are made where they are missing. Every method is one short
    transaction and may be called from any thread and any process. Whatever the
    database does, it raises `StoreError` and has changed nothing.

    Args:
        url: `sqlite:///` and a path, or `sqlite://` for one in this process's memory.
        clock: Says which hour is the present one.
    """

    def __init__(self, url: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._url = url
        self._clock = clock
        self._stacks = StackReader()
        self._opened: dict[str, _engine.Database] = {}

    def close(self) -> None:
        """Close what is open; a later use opens it again (memory: as an empty one)."""
        self._database.close()

    def ingest(
        self,
        unit_id: str,
        frames: Iterable[SpoolFrame],
        counters: Sequence[Counter],
        *,
        finished: bool,
    ) -> "_ingest.Ingested":
        """Move frames and counters of a unit, and its watermark, in one transaction.

        Frames at or below the watermark, and what counters counted before, are passed
        over: moving something twice changes nothing. A frame that cannot be stored is
        set aside in the table `quarantine` with the reason.

        Args:
            unit_id: The unit they come from.
            frames: In the order of their offsets; read before the database is locked.
            counters: Readings from before the frames were read.
            finished: Whether nothing more will ever come from the unit.

        Returns:
            How many records, counts and rejected frames were new.

        Raises:
            StoreError: Nothing was stored; try again later.
        """
        now = microseconds(self._clock.now())
        ingest = _ingest.Ingest(self._database, self._stacks, unit_id, now)
        return ingest.run(list(frames), counters, finished=finished)

    def kept_open(self) -> AbstractContextManager[None]:
        """Let what this thread does meanwhile share one connection: it is cheaper.

        Each call is a transaction all the same.
        """
        return self._database.kept_open()

    def watermark(self, unit_id: str) -> int:
        """Return the offset up to which a unit was moved; 0 for an unknown one.

        Raises:
            StoreError: The store cannot be read.
        """
        with self._reading() as connection:
            return _ingest.read_progress(connection, unit_id).position

    def is_finished(self, unit_id: str) -> bool:
        """Return whether a unit was moved to its end and only waits to be removed.

        Raises:
            StoreError: The store cannot be read.
        """
        with self._reading() as connection:
            return _ingest.read_progress(connection, unit_id).finished

    def covers(self, unit_id: str, size: int, counters: Sequence[Counter]) -> bool:
        """Return whether the store has a unit's frames up to `size` and these counts.

        Raises:
            StoreError: The store cannot be read.
        """
        with self._reading() as connection:
            return _ingest.covers(connection, unit_id, size, counters)

    def use_once(self, token_id: str, expires_at: float) -> bool:
        """Return True the first time for a token that has not expired, then False.

        Args:
            token_id: What identifies the token; not the secret itself.
            expires_at: Seconds since 1970-01-01 UTC.

        Raises:
            StoreError: The store cannot be written; the token is not used.
        """
        now, end = microseconds(self._clock.now()), microseconds(expires_at)
        with self._database.writing() as connection:
            return _tokens.use_token(connection, token_id, end, now)

    def groups(self, limit: int = 100) -> list[GroupSummary]:
        """Return the groups seen last, the latest first.

        Args:
            limit: 1 to 10,000.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `limit` is out of range.
        """
        checked = _checked(limit)
        with self._reading() as connection:
            return _queries.newest_groups(connection, checked, self._hour())

    def group(self, group_id: int, events: int = 20) -> GroupPage | None:
        """Return a group with its newest events, or None where there is none.

        Args:
            group_id: `GroupSummary.id`.
            events: 1 to 10,000.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `events` is out of range.
        """
        checked = _checked(events)
        with self._reading() as connection:
            return _queries.find_group(connection, group_id, checked, self._hour())

    def find(
        self, error_id: str, events: int = 20
    ) -> tuple[GroupPage, ErrorRecord | None] | None:
        """Return the group that an error's id leads to, and the error if it was kept.

        Args:
            error_id: As a client was given it; the group's hash alone will do.
            events: 1 to 10,000.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `events` is out of range.
        """
        checked = _checked(events)
        with self._reading() as connection:
            return _queries.find(connection, error_id, checked, self._hour())

    def recent(self, limit: int = 100) -> list[ErrorRecord]:
        """Return the newest errors that were kept in full, the latest first.

        Args:
            limit: 1 to 10,000.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `limit` is out of range.
        """
        checked = _checked(limit)
        with self._reading() as connection:
            return _queries.recent_events(connection, checked)

    def stats(self, start: datetime, end: datetime) -> ErrorStats:
        """Count the errors of a range of time, exact to the minute.

        Args:
            start: Rounded down to its minute; UTC when naive.
            end: Rounded up to a whole minute, which itself is not in the range.

        Returns:
            The total, and the counts by qualified type, the most frequent first.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `start` is after `end`.
        """
        minutes = minute_range(start, end)
        with self._reading() as connection:
            return _statistics.count_types(connection, minutes)

    def hourly(self, start: datetime, end: datetime) -> list[tuple[datetime, int]]:
        """Count the errors of every hour that a range of time touches, the oldest first.

        Returns:
            Pairs of the hour's beginning (aware, UTC) and its count, hours of 0 too.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `start` is after `end`, or they are more than ten years apart.
        """
        minutes = minute_range(start, end)
        first = minutes.first // MINUTES_PER_HOUR
        hours = -(-minutes.end // MINUTES_PER_HOUR) - first
        if hours > LONGEST_SERIES_HOURS:
            message = f"{hours} hours are too many; ask for at most ten years"
            raise ValueError(message)
        with self._reading() as connection:
            return _statistics.count_hours(connection, first, first + hours)

    def answers(self, limit: int = 100) -> list[AnswerCount]:
        """Return what was answered without being recorded, the most frequent first.

        Args:
            limit: 1 to 10,000.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `limit` is out of range.
        """
        checked = _checked(limit)
        with self._reading() as connection:
            return _statistics.most_answered(connection, checked)

    @property
    def _database(self) -> "_engine.Database":
        # One for all threads: a second one in memory would be another database.
        return self._opened.get("") or self._opened.setdefault(
            "", _engine.Database(self._url, self._clock)
        )

    def _reading(self) -> "AbstractContextManager[Connection]":
        return self._database.reading()

    def _hour(self) -> int:
        return int(self._clock.now() // _SECONDS_PER_HOUR)


def _checked(limit: int) -> int:
    if not 1 <= limit <= _HIGHEST_LIMIT:
        message = f"a limit of {limit} is out of range; allowed: 1 to {_HIGHEST_LIMIT}"
        raise ValueError(message)
    return limit
