"""The store's surface: what is asked of it, checked before it is opened."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.records import ErrorRecord
from failwell.spool import Counter, SpoolFrame
from failwell.store._batch import read_batch
from failwell.store._model import AnswerCount, ErrorStats, GroupPage, GroupSummary
from failwell.store._stacks import StackReader
from failwell.store._times import (
    LONGEST_SERIES_HOURS,
    MINUTES_PER_HOUR,
    microseconds,
    minute_range,
)

if TYPE_CHECKING:
    from failwell.store._ingest import Ingested
    from failwell.store._sql import SqlStore

_HIGHEST_LIMIT = 10_000


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

    def close(self) -> None:
        """Close what is open; a later use opens it again (memory: as an empty one)."""
        self._sql.close()

    def ingest(
        self,
        unit_id: str,
        frames: Iterable[SpoolFrame],
        counters: Sequence[Counter],
        *,
        finished: bool,
    ) -> "Ingested":
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
        batch = read_batch(frames, self._stacks)
        return self._sql.ingest(unit_id, batch, counters, finished=finished)

    def kept_open(self) -> AbstractContextManager[None]:
        """Let what this thread does meanwhile share one connection: it is cheaper.

        Each call is a transaction all the same.
        """
        return self._sql.kept_open()

    def watermark(self, unit_id: str) -> int:
        """Return the offset up to which a unit was moved; 0 for an unknown one.

        Raises:
            StoreError: The store cannot be read.
        """
        return self._sql.progress(unit_id).position

    def is_finished(self, unit_id: str) -> bool:
        """Return whether a unit was moved to its end and only waits to be removed.

        Raises:
            StoreError: The store cannot be read.
        """
        return self._sql.progress(unit_id).finished

    def covers(self, unit_id: str, size: int, counters: Sequence[Counter]) -> bool:
        """Return whether the store has a unit's frames up to `size` and these counts.

        Raises:
            StoreError: The store cannot be read.
        """
        return self._sql.covers(unit_id, size, counters)

    def use_once(self, token_id: str, expires_at: float) -> bool:
        """Return True the first time for a token that has not expired, then False.

        Args:
            token_id: What identifies the token; not the secret itself.
            expires_at: Seconds since 1970-01-01 UTC.

        Raises:
            StoreError: The store cannot be written; the token is not used.
        """
        return self._sql.use_once(token_id, microseconds(expires_at))

    def groups(self, limit: int = 100) -> list[GroupSummary]:
        """Return the groups seen last, the latest first.

        Args:
            limit: 1 to 10,000.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `limit` is out of range.
        """
        return self._sql.groups(_checked(limit))

    def group(self, group_id: int, events: int = 20) -> GroupPage | None:
        """Return a group with its newest events, or None where there is none.

        Args:
            group_id: `GroupSummary.id`.
            events: 1 to 10,000.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `events` is out of range.
        """
        return self._sql.group(group_id, _checked(events))

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
        return self._sql.find(error_id, _checked(events))

    def recent(self, limit: int = 100) -> list[ErrorRecord]:
        """Return the newest errors that were kept in full, the latest first.

        Args:
            limit: 1 to 10,000.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `limit` is out of range.
        """
        return self._sql.recent(_checked(limit))

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
        return self._sql.stats(minute_range(start, end))

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
        return self._sql.hourly(first, first + hours)

    def answers(self, limit: int = 100) -> list[AnswerCount]:
        """Return what was answered without being recorded, the most frequent first.

        Args:
            limit: 1 to 10,000.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `limit` is out of range.
        """
        return self._sql.answers(_checked(limit))

    @cached_property
    def _sql(self) -> "SqlStore":
        from failwell.store._sql import (  # noqa: PLC0415 - costs 100 ms: only on use
            SqlStore,
        )

        return SqlStore(self._url, self._clock)


def _checked(limit: int) -> int:
    if not 1 <= limit <= _HIGHEST_LIMIT:
        message = f"a limit of {limit} is out of range; allowed: 1 to {_HIGHEST_LIMIT}"
        raise ValueError(message)
    return limit
