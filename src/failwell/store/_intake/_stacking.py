"""The stacks of a unit while it is ingested: what its keys stand for, and the new ones.

A key is explained once in a unit, in front of the first record that needs it, and so
perhaps in a batch that was moved long before the record.
"""

from collections.abc import Iterable

from sqlalchemy import select, update

from failwell.store._database._bulk import Bulk, Transaction, insertion
from failwell.store._database._schema import stacks, unit_stacks
from failwell.store._intake._batch import Batch
from failwell.store._intake._spooled import SpooledRecord
from failwell.store._intake._stacks import StoredStack, UnitStack
from failwell.store._text import clean
from failwell.store._times import DAY


class UnitStacks:
    """The stacks of one unit in one transaction.

    Args:
        transaction: A writing one.
        unit_id: The unit.
    """

    def __init__(self, transaction: Transaction, unit_id: str) -> None:
        self._transaction = transaction
        self._unit_id = unit_id
        self._known: dict[str, StoredStack] = {}

    def resolve(self, new: Batch) -> list[bytes]:
        """Keep what the batch brought; return each of its records as it is to be kept."""
        self._remember(new.stacks)
        self._recall(new.records)
        payloads = [record.refer(self._known) for record in new.records]
        self._keep(new)
        return payloads

    def _remember(self, entries: Iterable[UnitStack]) -> None:
        for entry in entries:
            self._known.setdefault(entry.key, entry.stack)
        rows = [
            (self._unit_id, key, stack.hash, clean(stack.culprit))
            for key, stack in self._known.items()
        ]
        _NEW_KEYS.run(self._transaction, sorted(rows))

    def _recall(self, records: Iterable[SpooledRecord]) -> None:
        wanted = {key for record in records for key in record.stacks}
        rows = [(self._unit_id, key) for key in sorted(wanted - self._known.keys())]
        for key, hash_, culprit in _OF_UNIT.fetch(self._transaction, rows):
            self._known[key] = StoredStack(hash_, b"", culprit)

    def _keep(self, new: Batch) -> None:
        """Store the new stacks, and note the day on which each was used last."""
        given = {entry.stack.hash: entry.stack for entry in new.stacks}
        days = dict.fromkeys(given, 0)
        for record in new.records:
            for hash_ in record.stacks:
                days[hash_] = max(record.at // DAY, days.get(hash_, 0))
        # Asked for first: most are there already, and each is many times its hash.
        known: dict[str, int] = dict(
            _LAST_USED.fetch(self._transaction, [(h,) for h in sorted(days)])
        )
        newer = [(h, day) for h, day in days.items() if known.get(h, day) < day]
        _USED.run(self._transaction, sorted(newer))
        rows = [
            (hash_, stack.encoded, days[hash_])
            for hash_, stack in given.items()
            if hash_ not in known
        ]
        _NEW.run(self._transaction, sorted(rows))


_NEW_KEYS = insertion(unit_stacks, *unit_stacks.c.keys())
_OF_UNIT = Bulk(
    [unit_stacks.c.unit_id, unit_stacks.c.key],
    lambda new: select(
        unit_stacks.c.key, unit_stacks.c.hash, unit_stacks.c.culprit
    ).where(unit_stacks.c.unit_id == new["unit_id"], unit_stacks.c.key == new["key"]),
)
_LAST_USED = Bulk(
    [stacks.c.hash],
    lambda new: select(stacks.c.hash, stacks.c.last_used).where(
        stacks.c.hash == new["hash"]
    ),
)
_USED = Bulk(
    [stacks.c.hash, stacks.c.last_used],
    lambda new: (
        update(stacks)
        .where(stacks.c.hash == new["hash"], stacks.c.last_used < new["last_used"])
        .values(last_used=new["last_used"])
    ),
)
_NEW = insertion(stacks, *stacks.c.keys())
