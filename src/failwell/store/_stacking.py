"""The stacks of a unit while it is ingested: what its keys stand for, and the new ones.

A key is explained once in a unit, in front of the first record that needs it, and so
perhaps in a batch that was moved long before the record.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from failwell.store._batch import Batch, StoredRecord, clean, refer
from failwell.store._queries import find_stacks
from failwell.store._schema import stacks, unit_stacks
from failwell.store._stacks import StoredStack, UnitStack

_PER_QUERY = 500
_OF_UNIT = select(unit_stacks.c.key, unit_stacks.c.hash, unit_stacks.c.culprit).where(
    unit_stacks.c.unit_id == bindparam("unit"),
    unit_stacks.c.key.in_(bindparam("keys", expanding=True)),
)


class UnitStacks:
    """The stacks of one unit in one transaction.

    Args:
        connection: A writing transaction.
        unit_id: The unit.
    """

    def __init__(self, connection: Connection, unit_id: str) -> None:
        self._connection = connection
        self._unit_id = unit_id

    def resolve(self, new: Batch) -> list[StoredRecord]:
        """Keep what the batch brought, and return its records with their references."""
        self._insert(entry.stack for entry in new.stacks)
        self._insert(stack for read in new.records for stack in read.stacks if stack)
        known = {entry.key: entry for entry in new.stacks}
        self._remember(new.stacks)
        wanted = {
            info.stack
            for read in new.records
            for info in read.record.exceptions
            if info.stack and info.stack not in known
        }
        known.update((entry.key, entry) for entry in self._earlier(sorted(wanted)))
        return [refer(read, known) for read in new.records]

    def _insert(self, given: Iterable[StoredStack]) -> None:
        new = {stack.hash: stack.encoded for stack in given}
        # Asked for first: most are there already, and each is many times its hash.
        for known in find_stacks(self._connection, list(new), stacks.c.hash):
            del new[known.hash]
        rows = [{"hash": hash_, "frames": frames} for hash_, frames in new.items()]
        if rows:
            self._connection.execute(insert(stacks).on_conflict_do_nothing(), rows)

    def _remember(self, entries: Iterable[UnitStack]) -> None:
        rows = [
            {
                "unit_id": self._unit_id,
                "key": entry.key,
                "hash": entry.stack.hash,
                "culprit": clean(entry.stack.culprit),
            }
            for entry in entries
        ]
        if rows:
            self._connection.execute(insert(unit_stacks).on_conflict_do_nothing(), rows)

    def _earlier(self, keys: list[str]) -> Iterable[UnitStack]:
        for start in range(0, len(keys), _PER_QUERY):
            some = {"unit": self._unit_id, "keys": keys[start:][:_PER_QUERY]}
            for key, hash_, culprit in self._connection.execute(_OF_UNIT, some):
                yield UnitStack(0, key, StoredStack(hash_, b"", culprit))
