"""Kill writers and a shipper again and again; say what was acknowledged and what came.

Everything is forked from here, so that a new writer is at work within milliseconds, and
acknowledgements are stores into shared memory, which survive their process.
"""

import json
import mmap
import os
import random
import signal
import sqlite3
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import NoReturn

import msgspec

from failwell.records import ErrorRecord, ExceptionInfo, GroupDefinition
from failwell.spool import Spool, SpoolDirectory
from failwell.store import Shipper, Store, StoreError

WRITERS = 4
LIVES = 256
PAUSE_S = 0.012
SHIPPER = -1


class Acknowledged:
    """How many records and counts each life of a writer was told to be safe."""

    def __init__(self) -> None:
        self._words = memoryview(mmap.mmap(-1, 16 * LIVES)).cast("Q")

    def record(self, life: int) -> None:
        """Note that a record of a life is safe."""
        self._words[2 * life] += 1

    def count(self, life: int) -> None:
        """Note that a count of a life is safe."""
        self._words[2 * life + 1] += 1

    def of(self, life: int) -> tuple[int, int]:
        """Return the records and counts of a life."""
        return self._words[2 * life], self._words[2 * life + 1]


def group_of(life: int) -> str:
    """Return the group of a life: one for each writer's place."""
    return f"{life % WRITERS + 1:016x}"


def write(
    folder: Path, durability: str, life: int, acknowledged: Acknowledged
) -> NoReturn:
    """Tally and append without end; note each acknowledgement."""
    group = group_of(life)
    facts = {"application": "a", "environment": "e", "code": "C"}
    definition = msgspec.json.encode(
        GroupDefinition(hash=group, type="T", culprit="m:f", **facts)
    )
    record = msgspec.json.encode(
        ErrorRecord(
            id=f"{group}-{life:04x}000000000000",
            group=group,
            timestamp=1_800_000_000.0,
            exceptions=(ExceptionInfo(type="T", message="m" * (life * 37 % 3000)),),
            **facts,
        )
    )
    before, behind = record.split(b'000000000000"', 1)
    spool = Spool(folder, durability=durability)  # type: ignore[arg-type] # of argv
    number = 0
    while True:
        spool.tally(bytes.fromhex(group), lambda: definition)
        acknowledged.count(life)
        spool.append(b'%b%012x"%b' % (before, number, behind))
        acknowledged.record(life)
        number += 1


def ship(folder: Path, store: Path) -> NoReturn:
    """Move what comes, without end."""
    shipper = Shipper(SpoolDirectory(folder), Store(f"sqlite:///{store}"))
    while True:
        with suppress(StoreError, OSError):
            shipper.ship()


def start(folder: Path, durability: str, life: int, acknowledged: Acknowledged) -> int:
    """Fork a writer, or a shipper for the life -1."""
    pid = os.fork()
    if pid == 0:
        try:
            if life == SHIPPER:
                ship(folder, folder.with_name("store.db"))
            write(folder, durability, life, acknowledged)
        finally:
            os._exit(1)
    return pid


def end(pid: int) -> None:
    """Kill a child that must still be at work."""
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), "it had ended by itself"


def main(folder: Path, durability: str, kills: int) -> dict[str, object]:
    """Kill that often; return what was acknowledged and what is in the store."""
    chance = random.Random(kills)  # noqa: S311 - no secret
    acknowledged = Acknowledged()
    lives = list(range(WRITERS))
    running = [start(folder, durability, life, acknowledged) for life in lives]
    shipper = start(folder, durability, SHIPPER, acknowledged)
    for killed in range(kills):
        time.sleep(chance.uniform(0, 2 * PAUSE_S))  # noqa: TID251 - kills come whenever
        place = killed % WRITERS
        end(running[place])
        lives.append(len(lives))
        if killed % 8 == 0:
            end(shipper)
            shipper = start(folder, durability, SHIPPER, acknowledged)
        # The same place again: its group is that of the life before.
        running[place] = start(folder, durability, lives[-1], acknowledged)
    for pid in (*running, shipper):
        end(pid)
    return {**settle(folder), "lives": [acknowledged.of(life) for life in lives]}


def settle(folder: Path) -> dict[str, object]:
    """Ship the rest; return what is in the store."""
    store = Store(f"sqlite:///{folder.with_name('store.db')}")
    directory = SpoolDirectory(folder)
    with closing(store):
        while directory.units():
            Shipper(directory, store).ship()
        counts = {
            hash_: group.count
            for group in store.groups()
            if (page := store.group(group.id)) is not None
            for hash_ in {known.hash for known in page.fingerprints}
        }
    with closing(sqlite3.connect(folder.with_name("store.db"))) as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM events")]
    return {"counts": counts, "ids": ids}


if __name__ == "__main__":
    found = main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    sys.stdout.write(json.dumps(found))
