"""What happened to groups, for whoever is to be told: written with what it happened by.

Owns the rows until the evaluation of alerts takes them away, in the transaction in which
it judges them: none is lost, and none is judged twice. Where nobody evaluates, they go by
themselves.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, delete, func, or_, select

from failwell.store._alert_model import Happening, HappeningKind
from failwell.store._database._bulk import Transaction, insertion
from failwell.store._database._schema import (
    fingerprint_totals,
    fingerprints,
    groups,
    kinds,
)
from failwell.store._database._schema_alerts import happenings
from failwell.store._model import Deployment
from failwell.store._text import clean
from failwell.store._times import DAY

_KEPT = DAY
_MOST = 100_000
_PER_STATEMENT = 500


def add_happenings(
    transaction: Transaction, kind: HappeningKind, group_ids: Iterable[int], now: int
) -> None:
    """Note what happened to these groups, in the transaction in which it did."""
    _ADD.run(transaction, [(now, kind, group_id) for group_id in sorted(group_ids)])


def take_happenings(
    connection: Connection, whose: Deployment, limit: int
) -> list[Happening]:
    """Remove and return the oldest ones of a deployment, `limit` at most.

    A group that was met in several environments belongs to that of its newest error.
    """
    found = connection.execute(_of(whose).limit(limit)).all()
    taken = [Happening(*row) for row in found]
    for first in range(0, len(taken), _PER_STATEMENT):
        ids = [row.id for row in taken[first : first + _PER_STATEMENT]]
        connection.execute(delete(happenings).where(happenings.c.id.in_(ids)))
    return taken


def has_happenings(connection: Connection, whose: Deployment) -> bool:
    """Return whether there is anything to be taken."""
    return connection.execute(_of(whose, locked=False).limit(1)).first() is not None


def forget_happenings(connection: Connection, now: int) -> int:
    """Remove those that nobody takes; return how many."""
    newest = select(func.max(happenings.c.id)).scalar_subquery()
    unwanted = or_(happenings.c.at < now - _KEPT, happenings.c.id <= newest - _MOST)
    return connection.execute(delete(happenings).where(unwanted)).rowcount


def _of(whose: Deployment, *, locked: bool = True) -> Select[*tuple[Any, ...]]:
    # The group may have been merged into another one since.
    present = (
        select(fingerprints.c.group_id)
        .where(fingerprints.c.home_group_id == happenings.c.group_id)
        .order_by(fingerprints.c.id)
        .limit(1)
        .correlate(happenings)
        .scalar_subquery()
    )
    # None as long as no error of the group is counted: it is taken when one is.
    environment = (
        select(kinds.c.environment)
        .join(fingerprint_totals, fingerprint_totals.c.kind_id == kinds.c.id)
        .join(fingerprints, fingerprints.c.id == fingerprint_totals.c.fingerprint_id)
        .where(fingerprints.c.group_id == groups.c.id)
        .order_by(fingerprint_totals.c.last_seen.desc(), kinds.c.id.desc())
        .limit(1)
        .correlate(groups)
        .scalar_subquery()
    )
    told = (groups.c[name] for name in ("id", "code", "type", "culprit", "message"))
    statement = (
        select(happenings.c.id, happenings.c.at, happenings.c.kind, *told)
        .select_from(happenings)
        .join(groups, groups.c.id == present)
        .where(
            groups.c.application == clean(whose.application),
            environment == clean(whose.environment),
        )
        .order_by(happenings.c.id)
    )
    if not locked:
        return statement
    # Where another node is at it, it has them.
    return statement.with_for_update(of=happenings, skip_locked=True)


_ADD = insertion(happenings, "at", "kind", "group_id")
