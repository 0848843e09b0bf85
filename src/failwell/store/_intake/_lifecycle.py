"""What new errors make of resolved and muted groups, in the transaction that counts them.

A resolved group opens again, once, with an error that happened since, unless that is of
a release which is older than the one that it was resolved in. A muted group opens with
the first error after its time, or with the last of those that it was to wait for; every
error counts, kept in full or not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    and_,
    literal_column,
    null,
    select,
    true,
    update,
)

from failwell.store._database._bulk import Bulk, Transaction
from failwell.store._database._schema import groups, kinds
from failwell.store._database._schema_triage import releases
from failwell.store._errors import ConflictError
from failwell.store._ledger._happenings import add_happenings
from failwell.store._ledger._history import BY_US, write_history


class Standing(NamedTuple):
    """A group that is not open, and what may open it."""

    id: int
    state: str
    state_at: int | None
    muted_until: int | None
    muted_more: int | None


class News(NamedTuple):
    """What a transaction adds to a group, of one kind."""

    group_id: int
    kind_id: int
    n: int
    last: int


def deleted(transaction: Transaction) -> ConflictError:
    """Return the error by which a transaction ends that a deletion was in the way of."""
    return ConflictError(transaction.store, "a group was deleted meanwhile")


def lock_groups(transaction: Transaction, group_ids: Iterable[int]) -> list[Standing]:
    """Keep others from changing these groups; return those that are not open.

    Raises:
        ConflictError: One of them was deleted meanwhile; the next try makes a new one.
    """
    wanted = sorted(set(group_ids))
    found = _LOCK.fetch(transaction, [(id_,) for id_ in wanted])
    if len(found) < len(wanted):
        raise deleted(transaction)
    return [Standing(*row) for row in found if row[1] != "open"]


def hold_group(transaction: Transaction, group_id: int) -> None:
    """Keep others from deleting a group.

    Raises:
        ConflictError: It was deleted already; the next try makes a new one.
    """
    if not _HOLD.fetch(transaction, [(group_id,)]):
        raise deleted(transaction)


def tell_groups(
    transaction: Transaction,
    standings: Sequence[Standing],
    news: Iterable[News],
    now: int,
) -> None:
    """Tell locked groups of their new errors; those that these open say so."""
    of_group: defaultdict[int, list[News]] = defaultdict(list)
    for entry in news:
        of_group[entry.group_id].append(entry)
    resolved = [s for s in standings if s.state == "resolved"]
    muted = [s for s in standings if s.state == "muted"]
    _reopen(transaction, resolved, of_group, now)
    _unmute(transaction, muted, of_group, now)


def _reopen(
    transaction: Transaction,
    resolved: Iterable[Standing],
    of_group: dict[int, list[News]],
    now: int,
) -> None:
    later = [
        entry
        for standing in resolved
        for entry in of_group.get(standing.id, ())
        if entry.last > (standing.state_at or 0)
    ]
    asked = sorted({(entry.group_id, entry.kind_id) for entry in later})
    release_of = {
        (group_id, kind_id): release
        for group_id, kind_id, release, is_older in _RELEASES.fetch(transaction, asked)
        if not is_older
    }
    newest: dict[int, News] = {}
    for entry in sorted(later, key=lambda entry: entry.last):
        if entry[:2] in release_of:
            newest[entry.group_id] = entry
    opened = {id_: (entry.last, now) for id_, entry in newest.items()}
    told = {id_: {"release": release_of[entry[:2]]} for id_, entry in newest.items()}
    _open(transaction, opened)
    write_history(transaction, now, BY_US, "regressed", told)
    add_happenings(transaction, "regressed", opened, now)


def _unmute(
    transaction: Transaction,
    muted: Iterable[Standing],
    of_group: dict[int, list[News]],
    now: int,
) -> None:
    opened: dict[int, tuple[int, None]] = {}
    told: dict[int, dict[str, object]] = {}
    waiting: list[tuple[int, int]] = []
    for standing in muted:
        own = of_group.get(standing.id)
        if not own:
            continue
        n, last = sum(entry.n for entry in own), max(entry.last for entry in own)
        until, more = standing.muted_until, standing.muted_more
        is_time, is_enough = until and last >= until, more and n >= more
        if is_time or is_enough:
            opened[standing.id] = last, None
            told[standing.id] = {"because": "errors" if is_enough else "time"}
        elif more:
            waiting.append((standing.id, more - n))
    _open(transaction, opened)
    _WAIT.run(transaction, waiting)
    write_history(transaction, now, BY_US, "unmuted", told)
    add_happenings(transaction, "unmuted", opened, now)


def _open(
    transaction: Transaction, opened: Mapping[int, tuple[int, int | None]]
) -> None:
    _OPEN.run(transaction, [(id_, *opened[id_]) for id_ in sorted(opened)])


_LOCK = Bulk(
    [groups.c.id],
    lambda new: (
        select(*(groups.c[name] for name in Standing._fields))
        .where(groups.c.id == new["id"])
        .order_by(groups.c.id)
        .with_for_update(of=groups, key_share=True)
    ),
)
_HOLD = Bulk(
    [groups.c.id],
    lambda new: (
        select(groups.c.id)
        .where(groups.c.id == new["id"])
        .with_for_update(of=groups, read=True, key_share=True)
    ),
)
_RELEASES = Bulk(
    [Column("group_id", BigInteger), Column("kind_id", BigInteger)],
    lambda new: (
        select(
            groups.c.id,
            kinds.c.id,
            kinds.c.release,
            releases.c.first_seen < groups.c.regresses_from,
        )
        .select_from(groups)
        .join(kinds, true())
        .outerjoin(
            releases,
            and_(
                releases.c.application == kinds.c.application,
                releases.c.release == kinds.c.release,
            ),
        )
        .where(groups.c.id == new["group_id"], kinds.c.id == new["kind_id"])
    ),
)
_OPEN = Bulk(
    [groups.c.id, groups.c.state_at, groups.c.regressed_at],
    lambda new: (
        update(groups)
        .where(groups.c.id == new["id"])
        .values(
            state=literal_column("'open'"),
            state_at=new["state_at"],
            regressed_at=new["regressed_at"],
            muted_until=null(),
            muted_more=null(),
            resolved_in=null(),
            regresses_from=null(),
        )
    ),
)
_WAIT = Bulk(
    [groups.c.id, groups.c.muted_more],
    lambda new: (
        update(groups)
        .where(groups.c.id == new["id"])
        .values(muted_more=new["muted_more"])
    ),
)
