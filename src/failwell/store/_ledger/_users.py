"""How many users met an error: sketches of them, which hold no user.

A sketch is a HyperLogLog of Apache DataSketches: 1 KiB at most, exact for some dozens
of users and within 5 % for any number (two standard errors). Sketches are united, not
added, so that a user who comes again, or met several groups that are merged, counts
once. Refuses to import the library, which loads numpy, before the first user comes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, literal_column, or_, select, update

from failwell.store._database._bulk import Bulk, Insert, Transaction, insertion
from failwell.store._database._schema import fingerprint_users, fingerprints, groups

EVER = 0
"""The day under which the users of all days are kept."""
_LOG2_OF_REGISTERS = 11


def add_users(
    transaction: Transaction, met: Mapping[int, Collection[bytes]], day: int
) -> None:
    """Add users, by their 8 bytes, to the sketches of fingerprints.

    The caller keeps others from doing so at the same time.
    """
    ids = sorted(met)
    found = _FIND.fetch(transaction, [(id_, day) for id_ in ids])
    known = {(id_, kept): raw for id_, kept, raw in found}
    changed = []
    for id_ in ids:
        for kept in (EVER, day):
            before = known.get((id_, kept))
            after = _with(before, met[id_])
            if after != before:
                changed.append((id_, kept, after))
    _KEEP.run(transaction, changed)


def count_users(transaction: Transaction, group_ids: Iterable[int]) -> None:
    """Bring the number of users of groups up to date with all their sketches."""
    ids = [(group_id,) for group_id in sorted(set(group_ids))]
    sketches: defaultdict[int, list[bytes]] = defaultdict(list)
    for group_id, raw in _OF_GROUPS.fetch(transaction, ids):
        sketches[group_id].append(raw)
    counted = [
        (id_, _estimate(sketches[id_]) if sketches[id_] else 0) for (id_,) in ids
    ]
    _COUNTED.run(transaction, counted)


@cache
def _library() -> Any:  # noqa: ANN401 - it has no types
    import datasketches  # noqa: PLC0415 - loads numpy: 130 ms, when the first user comes

    return datasketches


def _with(raw: bytes | None, users: Collection[bytes]) -> bytes:
    if raw:
        sketch = _read(raw)
    else:
        smallest = _library().tgt_hll_type.HLL_4
        sketch = _library().hll_sketch(_LOG2_OF_REGISTERS, smallest)
    for user in users:
        sketch.update(int.from_bytes(user, "big", signed=True))
    written: bytes = sketch.serialize_compact()
    return written


def _read(raw: bytes) -> Any:  # noqa: ANN401 - as above
    return _library().hll_sketch.deserialize(raw)


def _estimate(sketches: Iterable[bytes]) -> int:
    first, *others = (_read(raw) for raw in sketches)
    all_of_them = first
    if others:
        all_of_them = _library().hll_union(_LOG2_OF_REGISTERS)
        for sketch in (first, *others):
            all_of_them.update(sketch)
    estimate: float = all_of_them.get_estimate()
    return round(estimate)


def _replace(insert: Insert) -> Insert:
    return insert.on_conflict_do_update(
        index_elements=list(fingerprint_users.primary_key),
        set_={"sketch": insert.excluded.sketch},
    )


_users = fingerprint_users.c
_ever: ColumnElement[int] = literal_column(str(EVER))
_FIND = Bulk(
    [_users.fingerprint_id, _users.day],
    lambda new: select(_users.fingerprint_id, _users.day, _users.sketch).where(
        _users.fingerprint_id == new["fingerprint_id"],
        or_(_users.day == _ever, _users.day == new["day"]),
    ),
)
_KEEP = insertion(fingerprint_users, *_users.keys(), otherwise=_replace)
_OF_GROUPS = Bulk(
    [fingerprints.c.group_id],
    lambda new: (
        select(fingerprints.c.group_id, _users.sketch)
        .join(fingerprint_users, _users.fingerprint_id == fingerprints.c.id)
        .where(fingerprints.c.group_id == new["group_id"], _users.day == _ever)
    ),
)
_COUNTED = Bulk(
    [groups.c.id, groups.c.users],
    lambda new: (
        update(groups).where(groups.c.id == new["id"]).values(users=new["users"])
    ),
)
