"""The store itself: what is asked of it, done to it, and shipped into it."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._late import LateModule
from failwell.spool import Counter, SpoolFrame
from failwell.store._intake._memory import Memory
from failwell.store._keeper import StoreKeeper
from failwell.store._model import Retention
from failwell.store._pace import Pace, Steady
from failwell.store._times import microseconds

if TYPE_CHECKING:
    from failwell.store._database import _engine
    from failwell.store._intake import _ingest, _move
    from failwell.store._ledger import _watermarks
    from failwell.store._questions import _tokens
    from failwell.store._upkeep import _copying
else:
    # They import SQLAlchemy, which costs 100 ms: only on use.
    _copying = LateModule("failwell.store._upkeep._copying")
    _engine = LateModule("failwell.store._database._engine")
    _ingest = LateModule("failwell.store._intake._ingest")
    _move = LateModule("failwell.store._intake._move")
    _tokens = LateModule("failwell.store._questions._tokens")
    _watermarks = LateModule("failwell.store._ledger._watermarks")


class Store(StoreKeeper):
    """Groups, events and counts in a database of failwell's own.

    Nothing is opened before the first use; the file, its folder (mode 0700, the file
    0600) and the tables are made where they are missing, unless `make` is false. Every
    method is one short transaction and may be called from any thread and any process.
    Whatever the database does, it raises `StoreError` and has changed nothing.

    Args:
        url: `sqlite:///` and a path, or `sqlite://` for one in this process's memory.
        clock: Says which hour is the present one.
        retention: How much `prune` leaves.
        make: Whether the store is made where it is missing; else using it is refused
            with a `StoreError`.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock = SYSTEM_CLOCK,
        retention: Retention | None = None,
        make: bool = True,
    ) -> None:
        kept = retention or Retention()
        super().__init__(url, clock=clock, retention=kept, make=make)
        self._memory = Memory()

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
        since: int = 0,
        pace: Pace | None = None,
    ) -> "_move.Ingested":
        """Move frames and counters of a unit, and its watermark, in one transaction.

        Frames at or below the watermark, and what counters counted before, are passed
        over: moving something twice changes nothing. A frame that cannot be stored is
        set aside in the table `quarantine` with the reason.

        Args:
            unit_id: The unit they come from.
            frames: In the order of their offsets; read before the database is locked.
            counters: Readings from before the frames were read.
            finished: Whether nothing more will ever come from the unit.
            since: A watermark that the frames begin at.
            pace: When others may work meanwhile; default: as fast as it goes.

        Returns:
            How many records, counts and rejected frames were new.

        Raises:
            BehindError: The watermark is not that far any more.
            StoreError: Nothing was stored; try again later.
        """
        now, known = microseconds(self._clock.now()), self._memory
        ingest = _ingest.Ingest(
            self._database,
            known,
            unit_id,
            now,
            since=since,
            pace=pace or Steady(),
        )
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
            return _watermarks.read_progress(connection, unit_id).position

    def is_finished(self, unit_id: str) -> bool:
        """Return whether a unit was moved to its end and only waits to be removed.

        Raises:
            StoreError: The store cannot be read.
        """
        with self._reading() as connection:
            return _watermarks.read_progress(connection, unit_id).finished

    def covers(self, unit_id: str, size: int, counters: Sequence[Counter]) -> bool:
        """Return whether the store has a unit's frames up to `size` and these counts.

        Raises:
            StoreError: The store cannot be read.
        """
        with self._reading() as connection:
            return _move.covers(connection, unit_id, size, counters)

    def upgrade(self) -> None:
        """Bring the tables to the present version, as the first use does by itself.

        Raises:
            StoreError: They cannot be; they are as they were.
        """
        with self._database.reading():
            pass

    def copy_to(
        self, url: str, report: "_copying.Report", *, close: bool = True
    ) -> None:
        """Copy everything into another database, in one transaction.

        Nobody writes to this store meanwhile: what is recorded waits in the spools.

        Args:
            url: Of an empty store, or none yet; SQLite or PostgreSQL.
            report: Is told a table, how many of its rows were copied, and how many
                there are.
            close: Whether this store is closed to shippers from then on, so that what
                is recorded goes where the copy is as soon as they know its URL.

        Raises:
            StoreError: One cannot be used, or the target is not empty; it holds
                nothing, and this store is as it was.
        """
        now = microseconds(self._clock.now())
        target = _engine.Database(url, self._clock)
        try:
            _copying.copy_store(self._database, target, report, now, close=close)
        finally:
            target.close()

    def open_to_shippers(self) -> bool:
        """Let shippers use a store again that was copied; return whether it was closed.

        Raises:
            StoreError: It cannot be written.
        """
        return _copying.open_store(self._database)

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
