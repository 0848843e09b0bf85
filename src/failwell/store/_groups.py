"""Groups while they are written: which group a hash belongs to, and its totals."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from failwell.records import GroupDefinition
from failwell.store._batch import StoredRecord, clean, clean_message, group_of
from failwell.store._schema import group_hashes, groups
from failwell.store._times import MINUTE, microseconds

_PER_QUERY = 500
# Built once: SQLAlchemy takes longer to build a statement than SQLite to run it.
_NEW_GROUP = insert(groups).returning(groups.c.id)
_NEW_HASH = insert(group_hashes)
_OF_HASHES = (
    select(group_hashes, groups.c.first_seen, groups.c.last_seen)
    .join(groups, groups.c.id == group_hashes.c.group_id)
    .where(group_hashes.c.hash.in_(bindparam("hashes", expanding=True)))
)
_ADD = (
    update(groups)
    .where(groups.c.id == bindparam("group"))
    .values(
        total=groups.c.total + bindparam("added"),
        first_seen=bindparam("first"),
        last_seen=bindparam("last"),
    )
)


class _Key(NamedTuple):
    hash: str
    application: str
    algorithm: str


@dataclass(slots=True)
class _Change:
    """What a batch adds to a group."""

    count: int = 0
    first_event: int | None = None
    last_event: int | None = None
    first_minute: int | None = None
    last_minute: int | None = None

    def add_event(self, at: int) -> None:
        self.first_event = at if self.first_event is None else min(self.first_event, at)
        self.last_event = at if self.last_event is None else max(self.last_event, at)

    def add_minute(self, minute: int, n: int) -> None:
        self.count += n
        first, last = self.first_minute, self.last_minute
        self.first_minute = minute if first is None else min(first, minute)
        self.last_minute = minute if last is None else max(last, minute)

    def first_seen(self, known: int | None) -> int | None:
        """Return the earlier of what was known and what is new.

        An event says it exactly. A minute counts as its beginning, and only where no
        event of that minute or before is known.
        """
        moments = [at for at in (known, self.first_event) if at is not None]
        earliest = min(moments, default=None)
        if self.first_minute is None:
            return earliest
        start = self.first_minute * MINUTE
        return start if earliest is None or start + MINUTE <= earliest else earliest

    def last_seen(self, known: int | None) -> int | None:
        """Return the later of what was known and what is new."""
        minute = self.last_minute
        start = None if minute is None else minute * MINUTE
        moments = [at for at in (known, self.last_event, start) if at is not None]
        return max(moments, default=None)


class GroupWriter:
    """The groups that one transaction touches; `write` brings their totals up to date.

    Args:
        connection: A writing transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ids: dict[_Key, int] = {}
        self._times: dict[int, tuple[int | None, int | None]] = {}
        self._changes: defaultdict[int, _Change] = defaultdict(_Change)

    def look_up(self, hashes: Iterable[str]) -> None:
        """Find the groups of many hashes at once; `define` makes those that are new."""
        wanted = sorted({clean(hash_) for hash_ in hashes})
        for start in range(0, len(wanted), _PER_QUERY):
            some = {"hashes": wanted[start:][:_PER_QUERY]}
            for *key, group_id, first, last in self._connection.execute(
                _OF_HASHES, some
            ):
                self._ids[_Key(*key)] = group_id
                self._times[group_id] = first, last

    def define(self, definition: GroupDefinition) -> int:
        """Return the id of the group that a hash belongs to; make it when new.

        Expects that `look_up` was asked for the hash.
        """
        key = _key(definition.hash, definition.application, definition.algorithm)
        if key not in self._ids:
            self._ids[key] = self._create(definition)
        return self._ids[key]

    def add_event(self, stored: StoredRecord) -> int:
        """Note that the group had this event; return the group's id."""
        record = stored.record
        key = _key(record.group, record.application, record.algorithm)
        group_id = self._ids.get(key) or self.define(group_of(stored))
        self._changes[group_id].add_event(microseconds(record.timestamp))
        return group_id

    def add_count(self, group_id: int, minute: int, n: int) -> None:
        """Note that the group was counted `n` times more in a minute."""
        self._changes[group_id].add_minute(minute, n)

    def write(self) -> None:
        """Update the totals and times of every group noted."""
        rows = []
        for group_id, change in sorted(self._changes.items()):
            first, last = self._times.get(group_id, (None, None))
            rows.append(
                {
                    "group": group_id,
                    "added": change.count,
                    "first": change.first_seen(first),
                    "last": change.last_seen(last),
                }
            )
        if rows:
            self._connection.execute(_ADD, rows)

    def _create(self, definition: GroupDefinition) -> int:
        hash_, application, algorithm = _key(
            definition.hash, definition.application, definition.algorithm
        )
        row = {
            "hash": hash_,
            "application": application,
            "code": clean(definition.code),
            "type": clean(definition.type),
            "culprit": clean(definition.culprit),
            "message": clean_message(definition.message),
            "total": 0,
        }
        group_id = int(self._connection.execute(_NEW_GROUP, row).scalar_one())
        names = {"hash": hash_, "application": application, "algorithm": algorithm}
        self._connection.execute(_NEW_HASH, {**names, "group_id": group_id})
        return group_id


def _key(hash_: str, application: str, algorithm: str) -> _Key:
    return _Key(clean(hash_), clean(application), clean(algorithm))
