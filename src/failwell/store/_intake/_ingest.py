"""Batches move into the database, whatever is in them and whatever is in the way.

What the database refuses is looked for by halving: one bad record is set aside, and
nothing waits for it. What another transaction was in the way of is tried again.
"""

import contextlib
from collections.abc import Sequence

from failwell.spool import Counter, SpoolFrame
from failwell.store._database._bulk import Transaction
from failwell.store._database._engine import Database
from failwell.store._errors import ConflictError, RefusedError
from failwell.store._intake._batch import Batch, Rejected, read_batch
from failwell.store._intake._memory import Memory
from failwell.store._intake._move import Ingested, Move
from failwell.store._pace import Pace
from failwell.store._times import DAY

_RETRIES = 4
# The last two: the driver could not even send it.
_REFUSALS = (RefusedError, UnicodeError, OverflowError)


class Ingest:
    """Moves what a unit of the spool holds into the database.

    Args:
        database: The target.
        memory: What earlier batches left.
        unit_id: The unit.
        now: The present moment.
        since: Where in the unit the frames begin.
        pace: When others may work.
    """

    def __init__(
        self,
        database: Database,
        memory: Memory,
        unit_id: str,
        now: int,
        *,
        since: int,
        pace: Pace,
    ) -> None:
        self._database = database
        self._memory = memory
        self._unit_id = unit_id
        self._now = now
        self._since = since
        self._pace = pace

    def run(
        self,
        frames: Sequence[SpoolFrame],
        counters: Sequence[Counter],
        *,
        finished: bool,
    ) -> Ingested:
        """Move these in one transaction, or in several where something is refused.

        Raises:
            StoreError: What was not moved remains above the watermark.
        """
        try:
            return self._persist(frames, counters, finished=finished)
        except _REFUSALS as error:
            if not frames:
                raise
            if len(frames) > 1:
                half = len(frames) // 2
                first = self.run(frames[:half], (), finished=False)
                return first.plus(self.run(frames[half:], counters, finished=finished))
            reason = f"{type(error).__name__}: {_reason(error)}"
            bad = Rejected(frames[0].end, reason, frames[0].payload)
            batch = Batch(frames[0].end, rejected=[bad])
        return self._write(batch, counters, finished=finished)

    def _persist(
        self,
        frames: Sequence[SpoolFrame],
        counters: Sequence[Counter],
        *,
        finished: bool,
    ) -> Ingested:
        """Move all in one transaction, again where something was in the way."""
        for _ in range(_RETRIES):
            with contextlib.suppress(ConflictError):
                return self._move(frames, counters, finished=finished)
        return self._move(frames, counters, finished=finished)

    def _move(
        self,
        frames: Sequence[SpoolFrame],
        counters: Sequence[Counter],
        *,
        finished: bool,
    ) -> Ingested:
        batch = read_batch(self._pace.between(frames), self._memory.stacks)
        # Tomorrow's too, ahead of need.
        moments = [record.at for record in batch.records]
        self._database.make_room([*moments, self._now + DAY])
        return self._write(batch, counters, finished=finished)

    def _write(
        self, batch: Batch, counters: Sequence[Counter], *, finished: bool
    ) -> Ingested:
        with self._database.writing() as connection:
            transaction = Transaction(connection, self._pace)
            move = Move(transaction, self._memory, self._unit_id, self._now)
            return move.run(batch, counters, finished=finished, since=self._since)


def _reason(error: Exception) -> str:
    return error.reason if isinstance(error, RefusedError) else str(error)
