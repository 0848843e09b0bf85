"""The spool and its simplest alternative, one SQLite file in WAL mode per process.

Each keeps the same: a record and a count in one call, or a count alone.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Literal, Protocol

from failwell.spool import FrameKind, Spool, SpoolDirectory

KEY = b"some key"
DEFINITION = b'{"kind":"group","hash":"736f6d65206b6579","type":"KeyError"}'


class Sink(Protocol):
    """What is measured."""

    def keep(self, payload: bytes) -> None:
        """Count an error and keep its record."""

    def count(self) -> None:
        """Count an error."""

    def close(self) -> None:
        """End in order."""


class SpoolSink:
    """The spool."""

    def __init__(self, folder: Path, durability: Literal["process", "power"]) -> None:
        self._spool = Spool(folder, durability=durability)

    def keep(self, payload: bytes) -> None:
        """Count an error and keep its record."""
        self._spool.tally(KEY, lambda: DEFINITION)
        self._spool.append(payload, (), KEY)

    def count(self) -> None:
        """Count an error."""
        self._spool.tally(KEY, lambda: DEFINITION)
        self._spool.sync()

    def close(self) -> None:
        """End in order."""
        self._spool.close()


class SqliteSink:
    """A file of this process, a transaction for each error."""

    def __init__(self, folder: Path, synchronous: str) -> None:
        folder.mkdir(exist_ok=True)
        path = folder / f"{os.getpid()}.db"
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False
        )
        execute = self._connection.execute
        execute("PRAGMA journal_mode = WAL")
        execute(f"PRAGMA synchronous = {synchronous}")
        execute("CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, payload)")
        execute(
            "CREATE TABLE IF NOT EXISTS counts (key, minute, n, definition,"
            " PRIMARY KEY (key, minute)) WITHOUT ROWID"
        )

    def keep(self, payload: bytes) -> None:
        """Count an error and keep its record."""
        insert = "INSERT INTO records (payload) VALUES (?)"
        with self._lock:
            self._connection.execute("BEGIN")
            self._count_locked()
            self._connection.execute(insert, (payload,))
            self._connection.execute("COMMIT")

    def count(self) -> None:
        """Count an error."""
        with self._lock:
            self._count_locked()

    def _count_locked(self) -> None:
        self._connection.execute(
            "INSERT INTO counts VALUES (?, ?, 1, ?)"
            " ON CONFLICT (key, minute) DO UPDATE SET n = n + 1",
            (KEY, int(time.time()) // 60, DEFINITION),
        )

    def close(self) -> None:
        """End in order."""
        self._connection.close()


SINKS: dict[str, Callable[[Path], Sink]] = {
    "spool, process": lambda folder: SpoolSink(folder, "process"),
    "SQLite WAL, NORMAL": lambda folder: SqliteSink(folder, "NORMAL"),
    "spool, power": lambda folder: SpoolSink(folder, "power"),
    "SQLite WAL, FULL": lambda folder: SqliteSink(folder, "FULL"),
}


def records_in(folder: Path) -> int:
    """Return how many records can be read, of whichever sink."""
    found = sum(
        frame.kind is FrameKind.RECORD
        for unit in SpoolDirectory(folder).units()
        for frame in unit.frames()
    )
    for path in folder.glob("*.db"):
        try:
            with closing(sqlite3.connect(path)) as connection:
                found += connection.execute("SELECT count(*) FROM records").fetchone()[
                    0
                ]
        except sqlite3.Error:
            continue
    return found
