"""Fingerprints and their groups while they are written: whose they are, their totals."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Table,
    case,
    delete,
    func,
    or_,
    select,
    update,
)

from failwell.records import GroupDefinition
from failwell.store._database._bulk import Bulk, Insert, New, Transaction, insertion
from failwell.store._database._schema import fingerprint_totals, fingerprints, groups
from failwell.store._database._schema_triage import history
from failwell.store._intake._lifecycle import (
    News,
    deleted,
    hold_group,
    lock_groups,
    tell_groups,
)
from failwell.store._intake._span import Span
from failwell.store._ledger._users import add_users, count_users
from failwell.store._text import clean, clean_message, search_text

_LONGEST_PARTS = 20_000


class Key(NamedTuple):
    """What a fingerprint is known by."""

    application: str
    algorithm: str
    hash: str


class Known(msgspec.Struct, frozen=True, gc=False):
    """A fingerprint of the store."""

    id: int
    group_id: int
    home: int
    """The group that it goes back to when a merge is taken back."""
    is_open: bool = True
    """Whether its group is, as it was read."""


class Label(msgspec.Struct, frozen=True, gc=False):
    """Where an error belongs."""

    fingerprint_id: int
    kind_id: int
    span: Span
    """To be told when it happened."""


class Fingerprints:
    """The fingerprints that one transaction touches; `write` brings totals up to date.

    Args:
        transaction: A writing one.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._known: dict[Key, Known] = {}
        self._spans: defaultdict[tuple[int, int], Span] = defaultdict(Span)
        self.met: defaultdict[int, set[bytes]] = defaultdict(set)
        """Who met the errors of a fingerprint."""
        self.new_groups: list[int] = []
        """The groups that were made."""

    def find(self, wanted: Mapping[Key, GroupDefinition]) -> None:
        """Find the fingerprints of these; make those that are new."""
        # Sorted, so that of two transactions that need the same ones neither waits
        # for the other in a circle.
        keys = sorted(wanted.keys() - self._known.keys())
        self._look_up(keys)
        for key in keys:
            if key not in self._known:
                self._create(key, wanted[key])

    def label(self, key: Key, kind_id: int) -> Label:
        """Return where an error of a fingerprint that was found belongs."""
        known = self._known[key]
        span = self._spans[known.id, kind_id]
        return Label(known.id, kind_id, span)

    def write(self, day: int, now: int) -> None:
        """Add what the labels were told to the fingerprints, and to their groups.

        Args:
            day: On which the users came.
            now: The present moment.
        """
        totals, spans = [], defaultdict[int, Span](Span)
        for key, span in self._spans.items():
            if not span.is_empty():
                first, _ = span.first()
                totals.append((*key, first, span.last, span.n))
                spans[key[0]].add(span)
        met = self.met
        owners = self._owners(spans.keys() | met.keys())
        _ADD_TO_TOTALS.run(self._transaction, sorted(totals))
        _ADD_TO_FINGERPRINTS.run(self._transaction, _rows(spans))
        add_users(self._transaction, met, day)
        of_groups: defaultdict[int, Span] = defaultdict(Span)
        for fingerprint_id, span in spans.items():
            of_groups[owners[fingerprint_id]].add(span)
        touched = {*of_groups, *(owners[id_] for id_ in met)}
        if self._transaction.is_sqlite:
            # One writer: what was read of them is still so.
            touched &= {k.group_id for k in self._known.values() if not k.is_open}
        standings = lock_groups(self._transaction, touched)
        _ADD_TO_GROUPS.run(self._transaction, _rows(of_groups))
        count_users(self._transaction, (owners[id_] for id_ in met))
        if standings:
            tell_groups(self._transaction, standings, self._news(owners), now)

    def _news(self, owners: Mapping[int, int]) -> Iterator[News]:
        for (fingerprint_id, kind_id), span in self._spans.items():
            if not span.is_empty():
                yield News(owners[fingerprint_id], kind_id, span.n, span.last)

    def _owners(self, fingerprint_ids: Collection[int]) -> dict[int, int]:
        """Return the groups of these fingerprints, which nobody changes any more.

        Raises:
            ConflictError: One was deleted meanwhile; the next try makes a new one.
        """
        if self._transaction.is_sqlite:
            return {known.id: known.group_id for known in self._known.values()}
        # Another shipper, a merge or a deletion may be at it. SQLite has one writer.
        ids = [(fingerprint_id,) for fingerprint_id in sorted(fingerprint_ids)]
        owners: dict[int, int] = dict(_LOCK_FINGERPRINTS.fetch(self._transaction, ids))
        if len(owners) < len(ids):
            raise deleted(self._transaction)
        return owners

    def _look_up(self, keys: list[Key]) -> None:
        for id_, group_id, home, state, *key in _FIND.fetch(self._transaction, keys):
            self._known[Key(*key)] = Known(id_, group_id, home, state == "open")

    def _create(self, key: Key, definition: GroupDefinition) -> None:
        aliases = [
            Key(key.application, clean(algorithm), clean(hash_))
            for algorithm, hash_ in sorted(definition.aliases.items())
        ]
        self._look_up([alias for alias in aliases if alias not in self._known])
        known = next((self._known[a] for a in aliases if a in self._known), None)
        parts = msgspec.json.encode(definition.parts).decode()
        parts = parts if len(parts) <= _LONGEST_PARTS else "[]"
        if known:
            self._add(key, known, parts)
            # Else a deletion under way could leave the new one without a group.
            hold_group(self._transaction, known.group_id)
        else:
            own = self._create_group(definition)
            self._add(key, Known(0, own, own), parts)
            if self._known[key].group_id != own:
                # Another shipper was faster.
                needless = delete(groups).where(groups.c.id == own)
                self._transaction.connection.execute(needless)
            else:
                self.new_groups.append(own)
        for alias in aliases:
            # A process that still writes the other algorithm's hash alone joins, too.
            if alias not in self._known:
                self._add(alias, self._known[key], "[]")

    def _add(self, key: Key, beside: Known, parts: str) -> None:
        """Make a fingerprint of the same groups as another one."""
        row = (*key, beside.group_id, beside.home, parts)
        _NEW.run(self._transaction, [row])
        self._look_up([key])
        if key not in self._known:
            # Another shipper was faster, and a deletion faster still.
            raise deleted(self._transaction)

    def _create_group(self, definition: GroupDefinition) -> int:
        told = {
            "type": clean(definition.type),
            "culprit": clean(definition.culprit),
            "code": clean(definition.code),
            "message": clean_message(definition.message),
        }
        statement = groups.insert().values(
            application=clean(definition.application),
            search=search_text(*told.values()),
            **told,
        )
        if self._transaction.is_sqlite:
            # It would give the number of a group that was deleted once more.
            statement = statement.values(id=_UNUSED)
        connection = self._transaction.connection
        return int(connection.execute(statement.returning(groups.c.id)).scalar_one())


def _rows(spans: Mapping[int, Span]) -> list[tuple[int, ...]]:
    return [
        (id_, spans[id_].n, *spans[id_].first(), spans[id_].last)
        for id_ in sorted(spans)
    ]


def _seen(table: Table, new: New) -> dict[str, ColumnElement[Any]]:
    first, last = table.c.first_seen, table.c.last_seen
    is_first = or_(first.is_(None), first > new["stays_first"])
    is_last = or_(last.is_(None), last < new["last"])
    return {
        "total": table.c.total + new["added"],
        "first_seen": case((is_first, new["first"]), else_=first),
        "last_seen": case((is_last, new["last"]), else_=last),
    }


def _add_to_totals(insert: Insert) -> Insert:
    known, new = fingerprint_totals.c, insert.excluded
    first, last = known.first_seen, known.last_seen
    return insert.on_conflict_do_update(
        index_elements=list(fingerprint_totals.primary_key),
        set_={
            "n": known.n + new.n,
            "first_seen": case((new.first_seen < first, new.first_seen), else_=first),
            "last_seen": case((new.last_seen > last, new.last_seen), else_=last),
        },
    )


_UNUSED = select(
    func.max(
        select(func.coalesce(func.max(groups.c.id), 0)).scalar_subquery(),
        select(func.coalesce(func.max(history.c.group_id), 0)).scalar_subquery(),
    )
    + 1
).scalar_subquery()
_ADD_TO_TOTALS = insertion(
    fingerprint_totals, *fingerprint_totals.c.keys(), otherwise=_add_to_totals
)
_ADDED = [
    Column(name, BigInteger) for name in ("added", "first", "stays_first", "last")
]
_FIND = Bulk(
    [fingerprints.c[name] for name in Key._fields],
    lambda new: (
        select(
            fingerprints.c.id,
            fingerprints.c.group_id,
            fingerprints.c.home_group_id,
            groups.c.state,
            *(fingerprints.c[name] for name in Key._fields),
        )
        .join(groups, groups.c.id == fingerprints.c.group_id)
        .where(*(fingerprints.c[name] == new[name] for name in Key._fields))
    ),
)
_NEW = insertion(fingerprints, *Key._fields, "group_id", "home_group_id", "parts")
_LOCK_FINGERPRINTS = Bulk(
    [fingerprints.c.id],
    lambda new: (
        select(fingerprints.c.id, fingerprints.c.group_id)
        .where(fingerprints.c.id == new["id"])
        .order_by(fingerprints.c.id)
        .with_for_update(of=fingerprints)
    ),
)
_ADD_TO_FINGERPRINTS = Bulk(
    [fingerprints.c.id, *_ADDED],
    lambda new: (
        update(fingerprints)
        .where(fingerprints.c.id == new["id"])
        .values(_seen(fingerprints, new))
    ),
)
_ADD_TO_GROUPS = Bulk(
    [groups.c.id, *_ADDED],
    lambda new: (
        update(groups).where(groups.c.id == new["id"]).values(_seen(groups, new))
    ),
)
