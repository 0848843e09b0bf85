"""The store's questions and orders, each in one transaction.

Everything that needs SQLAlchemy hangs on this module, which `Store` imports when it is
used first.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.sqlite import insert

from failwell._clock import Clock
from failwell.records import ErrorRecord
from failwell.spool import Counter
from failwell.store._batch import Batch
from failwell.store._engine import Database
from failwell.store._ingest import Ingest, Ingested, Progress, covers, read_progress
from failwell.store._model import AnswerCount, ErrorStats, GroupPage, GroupSummary
from failwell.store._queries import (
    find_event,
    find_group,
    find_hash,
    newest_groups,
    recent_events,
)
from failwell.store._schema import used_tokens
from failwell.store._statistics import count_hours, count_types, most_answered
from failwell.store._times import MinuteRange, microseconds

_SECONDS_PER_HOUR = 3600


class SqlStore:
    """A `Store` with its database; the public class says what each method promises."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._database = Database(url, clock)
        self._now: Callable[[], float] = clock.now

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def kept_open(self) -> AbstractContextManager[None]:
        """Share one connection meanwhile."""
        return self._database.kept_open()

    def ingest(
        self,
        unit_id: str,
        batch: Batch,
        counters: Sequence[Counter],
        *,
        finished: bool,
    ) -> Ingested:
        """Move one batch."""
        with self._database.writing() as connection:
            ingest = Ingest(connection, unit_id, microseconds(self._now()))
            return ingest.run(batch, counters, finished=finished)

    def progress(self, unit_id: str) -> Progress:
        """Return how far a unit was moved."""
        with self._database.reading() as connection:
            return read_progress(connection, unit_id)

    def covers(self, unit_id: str, size: int, counters: Sequence[Counter]) -> bool:
        """Return whether a unit was moved up to here."""
        with self._database.reading() as connection:
            return covers(connection, unit_id, size, counters)

    def use_once(self, token_id: str, expires_at: int) -> bool:
        """Note a token as used; return False where it was."""
        now = microseconds(self._now())
        statement = insert(used_tokens).values(token_id=token_id, expires_at=expires_at)
        with self._database.writing() as connection:
            connection.execute(
                delete(used_tokens).where(used_tokens.c.expires_at < now)
            )
            result = connection.execute(statement.on_conflict_do_nothing())
            return expires_at > now and result.rowcount == 1

    def groups(self, limit: int) -> list[GroupSummary]:
        """Return the groups seen last."""
        with self._database.reading() as connection:
            return newest_groups(connection, limit, self._hour())

    def group(self, group_id: int, events: int) -> GroupPage | None:
        """Return one group."""
        with self._database.reading() as connection:
            return find_group(connection, group_id, events, self._hour())

    def find(
        self, error_id: str, events: int
    ) -> tuple[GroupPage, ErrorRecord | None] | None:
        """Return the group of an error, and the error where it was kept."""
        with self._database.reading() as connection:
            group_id, record = find_event(connection, error_id) or (None, None)
            if group_id is None:
                group_id = find_hash(connection, error_id.partition("-")[0])
            if group_id is None:
                return None
            page = find_group(connection, group_id, events, self._hour())
            return None if page is None else (page, record)

    def recent(self, limit: int) -> list[ErrorRecord]:
        """Return the newest errors."""
        with self._database.reading() as connection:
            return recent_events(connection, limit)

    def stats(self, minutes: MinuteRange) -> ErrorStats:
        """Count by type."""
        with self._database.reading() as connection:
            return count_types(connection, minutes)

    def hourly(self, first: int, end: int) -> list[tuple[datetime, int]]:
        """Count by hour."""
        with self._database.reading() as connection:
            return count_hours(connection, first, end)

    def answers(self, limit: int) -> list[AnswerCount]:
        """Count by answer."""
        with self._database.reading() as connection:
            return most_answered(connection, limit)

    def _hour(self) -> int:
        return int(self._now() // _SECONDS_PER_HOUR)
