"""What kept errors are told apart by: their routes, and the application's own tags.

At most a hundred values of a name are kept for a fingerprint, and fifty names; what is
beyond goes under `…`, so that a tag that never repeats costs a row and no more.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeAlias

import msgspec
from sqlalchemy import case, func, select

from failwell.store._database._bulk import Bulk, Insert, Transaction, insertion
from failwell.store._database._schema import facets
from failwell.store._intake._memory import Memory
from failwell.store._intake._spooled import SpooledRecord
from failwell.store._text import clean

REST = "…"
"""The value of all that has no row of its own."""
_MOST_VALUES = 100
_MOST_NAMES = 50

_Key: TypeAlias = tuple[int, str, str]
"""Fingerprint, name and value."""


class _Sum(msgspec.Struct, gc=False):
    n: int
    last: int

    def add(self, n: int, last: int) -> None:
        self.n += n
        self.last = max(self.last, last)


class Facets:
    """Collects the facets of a batch.

    Args:
        memory: Knows which have a row of their own.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._found: dict[_Key, _Sum] = {}
        # By what was written: the same again needs no cleaning.
        self._written: dict[_Key, _Sum] = {}

    def add(self, fingerprint_id: int, record: SpooledRecord) -> None:
        """Add a record of a fingerprint."""
        if record.route:
            self._add((fingerprint_id, "route", record.route), record.at)
        for name, value in record.tags.items():
            self._add((fingerprint_id, name, value), record.at)

    def write(self, transaction: Transaction) -> None:
        """Add all to the table."""
        asked = [key for key in self._found if not self._memory.knows_facet(key)]
        known = set(_FIND.fetch(transaction, asked))
        if new := [key for key in asked if key not in known]:
            self._bound(transaction, new)
        rows = [(*key, sum_.n, sum_.last) for key, sum_ in self._found.items()]
        rows.sort()
        _ADD.run(transaction, rows)
        for key in self._found:
            self._memory.note_facet(key)

    def _add(self, key: _Key, at: int) -> None:
        sum_ = self._written.get(key)
        if sum_ is None:
            id_, name, value = key
            cleaned = (id_, clean(name), clean(value))
            sum_ = self._written[key] = self._found.setdefault(cleaned, _Sum(0, at))
        sum_.add(1, at)

    def _bound(self, transaction: Transaction, new: Iterable[_Key]) -> None:
        """Let only so many of the new ones have a row of their own."""
        values: defaultdict[int, dict[str, int]] = defaultdict(dict)
        ids = sorted({fingerprint_id for fingerprint_id, _, _ in new})
        for id_, name, n in _VALUES.fetch(transaction, [(id_,) for id_ in ids]):
            values[id_][name] = n
        for id_, name, value in new:
            counts = values[id_]
            if name not in counts and len(counts) >= _MOST_NAMES:
                self._move((id_, name, value), (id_, REST, REST))
            elif counts.get(name, 0) >= _MOST_VALUES:
                self._move((id_, name, value), (id_, name, REST))
            else:
                counts[name] = counts.get(name, 0) + 1

    def _move(self, key: _Key, to: _Key) -> None:
        if key != to:
            moved = self._found.pop(key)
            self._found.setdefault(to, _Sum(0, 0)).add(moved.n, moved.last)


def _add(insert: Insert) -> Insert:
    last, new = facets.c.last_seen, insert.excluded
    return insert.on_conflict_do_update(
        index_elements=list(facets.primary_key),
        set_={
            "n": facets.c.n + new.n,
            "last_seen": case((new.last_seen > last, new.last_seen), else_=last),
        },
    )


_KEY = [facets.c.fingerprint_id, facets.c.name, facets.c.value]
_FIND = Bulk(
    _KEY,
    lambda new: select(*_KEY).where(*(column == new[column.name] for column in _KEY)),
)
_VALUES = Bulk(
    [facets.c.fingerprint_id],
    lambda new: (
        select(facets.c.fingerprint_id, facets.c.name, func.count())
        .where(facets.c.fingerprint_id == new["fingerprint_id"])
        .group_by(facets.c.fingerprint_id, facets.c.name)
    ),
)
_ADD = insertion(facets, *facets.c.keys(), otherwise=_add)
