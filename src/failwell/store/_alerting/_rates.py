"""How much of late, and how much usually: what alerts are judged by, out of the rollups.

Owns that a muted group is not looked at. Users and routes are counted among the errors
that were kept in full: no rollup knows them by the minute.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    cast,
    distinct,
    func,
    select,
)

from failwell.store._alert_model import GroupRate
from failwell.store._alerting._deployments import of_deployment
from failwell.store._database._schema import (
    events,
    fingerprint_hours,
    fingerprint_minutes,
    fingerprints,
    groups,
    kind_hours,
    kind_minutes,
    kinds,
    loss_hours,
    losses,
    quarantine,
)
from failwell.store._model import Deployment
from failwell.store._times import HOUR, MINUTE

_USUAL_HOURS = 7 * 24
_FEWEST_HOURS = 24
_PER_QUERY = 500
_SAMPLED_OUT = "sampled out"


class Rates:
    """What happened of late in one deployment, as a transaction sees it.

    `codes` restricts to some, none stands for all; `minutes` is how far back is looked,
    the present minute among them.

    Args:
        connection: A transaction.
        whose: The deployment.
        now: The present moment.
    """

    def __init__(self, connection: Connection, whose: Deployment, now: int) -> None:
        self._connection = connection
        self._whose = whose
        self._now = now
        self._minute = now // MINUTE
        self._hour = now // HOUR

    def groups(
        self, codes: Sequence[str], minutes: int, at_least: int
    ) -> list[GroupRate]:
        """Return the groups with so many errors, those with the most first."""
        counted = fingerprint_minutes
        # By fingerprint first: few rows are joined instead of many.
        sums = (
            select(counted.c.fingerprint_id, func.sum(counted.c.n).label("n"))
            .where(*self._within(counted, codes, minutes))
            .group_by(counted.c.fingerprint_id)
            .subquery()
        )
        n = cast(func.sum(sums.c.n), BigInteger)
        found = (
            select(fingerprints.c.group_id, n.label("n"))
            .join(sums, sums.c.fingerprint_id == fingerprints.c.id)
            .group_by(fingerprints.c.group_id)
            .having(n >= at_least)
        )
        return self._named(found)

    def users(
        self, codes: Sequence[str], minutes: int, at_least: int
    ) -> list[GroupRate]:
        """Return the groups that so many users had, as far as errors were kept."""
        n = func.count(distinct(events.c.user_id))
        found = (
            select(fingerprints.c.group_id, n.label("n"))
            .join(events, events.c.fingerprint_id == fingerprints.c.id)
            .where(*self._kept(codes, minutes), events.c.user_id.is_not(None))
            .group_by(fingerprints.c.group_id)
            .having(n >= at_least)
        )
        return self._named(found)

    def total(self, codes: Sequence[str], minutes: int) -> int:
        """Return how many errors there were in all."""
        recent = select(func.sum(kind_minutes.c.n)).where(
            *self._within(kind_minutes, codes, minutes)
        )
        return self._number(recent)

    def total_users(self, codes: Sequence[str], minutes: int) -> int:
        """Return how many users met an error, as far as errors were kept."""
        met = select(func.count(distinct(events.c.user_id)))
        return self._number(met.where(*self._kept(codes, minutes)))

    def routes(self, codes: Sequence[str], minutes: int) -> dict[str, int]:
        """Return how many errors each route had.

        The errors of a fingerprint are counted exactly, and its kept ones say of which
        route they are: nearly always of one.
        """
        kept = (
            select(events.c.fingerprint_id, events.c.route, func.count().label("n"))
            .where(*self._kept(codes, minutes), events.c.route != "")
            .group_by(events.c.fingerprint_id, events.c.route)
        )
        routes: defaultdict[int, Counter[str]] = defaultdict(Counter)
        for fingerprint_id, route, n in self._connection.execute(kept):
            routes[fingerprint_id][route] = int(n)
        counts = self._counts(list(routes), codes, minutes)
        sums: Counter[str] = Counter()
        for fingerprint_id, found in routes.items():
            share = counts.get(fingerprint_id, 0) / found.total()
            for route, n in found.items():
                sums[route] += round(n * share)
        return dict(sums)

    def usual(self, rates: Sequence[GroupRate]) -> dict[int, float]:
        """Return the errors an hour of these groups in the last week.

        Those that are younger than a day are not in it.
        """
        hours = {
            rate.group_id: min(_USUAL_HOURS, self._hour - rate.first_seen // HOUR)
            for rate in rates
        }
        old = [id_ for id_, known in hours.items() if known >= _FEWEST_HOURS]
        usual = dict.fromkeys(old, 0.0)
        counted = fingerprint_hours.c
        for first in range(0, len(old), _PER_QUERY):
            week = (
                select(fingerprints.c.group_id, func.sum(counted.n))
                .join(fingerprints, fingerprints.c.id == counted.fingerprint_id)
                .where(
                    fingerprints.c.group_id.in_(old[first : first + _PER_QUERY]),
                    counted.hour >= self._hour - _USUAL_HOURS,
                    counted.hour < self._hour,
                )
                .group_by(fingerprints.c.group_id)
            )
            for group_id, n in self._connection.execute(week):
                usual[group_id] = int(n) / hours[group_id]
        return usual

    def usual_total(self, codes: Sequence[str]) -> float | None:
        """Return all errors an hour in the last week; None where that is not known."""
        counted = kind_hours.c
        week = (
            counted.kind_id.in_(self._kinds(codes)),
            counted.hour >= self._hour - _USUAL_HOURS,
            counted.hour < self._hour,
        )
        first = self._connection.execute(
            select(func.min(counted.hour)).where(*week)
        ).scalar()
        hours = 0 if first is None else self._hour - first
        if hours < _FEWEST_HOURS:
            return None
        return self._number(select(func.sum(counted.n)).where(*week)) / hours

    def losses(self) -> dict[str, int]:
        """Return what was counted and could not be kept in the present hour."""
        lost = (
            select(losses.c.reason, func.sum(loss_hours.c.n))
            .join(loss_hours, loss_hours.c.loss_id == losses.c.id)
            .where(
                of_deployment(losses, self._whose),
                losses.c.reason != _SAMPLED_OUT,
                loss_hours.c.hour == self._hour,
            )
            .group_by(losses.c.reason)
        )
        return {reason: int(n) for reason, n in self._connection.execute(lost)}

    def set_aside(self) -> int:
        """Return how many frames of the spools were set aside in the last hour."""
        frames = select(func.count()).select_from(quarantine)
        return self._number(frames.where(quarantine.c.at > self._now - HOUR))

    def _kinds(self, codes: Sequence[str]) -> Select[*tuple[int]]:
        own = select(kinds.c.id).where(of_deployment(kinds, self._whose))
        return own.where(kinds.c.code.in_(codes)) if codes else own

    def _within(
        self, counted: Table, codes: Sequence[str], minutes: int
    ) -> list[ColumnElement[bool]]:
        return [
            counted.c.minute > self._minute - minutes,
            counted.c.minute <= self._minute,
            counted.c.kind_id.in_(self._kinds(codes)),
        ]

    def _kept(self, codes: Sequence[str], minutes: int) -> list[ColumnElement[bool]]:
        # From the begin of a minute, so that events and counts are of the same time.
        since = (self._minute - minutes + 1) * MINUTE
        return [events.c.at >= since, events.c.kind_id.in_(self._kinds(codes))]

    def _counts(
        self, fingerprint_ids: Sequence[int], codes: Sequence[str], minutes: int
    ) -> dict[int, int]:
        counted = fingerprint_minutes
        found: dict[int, int] = {}
        for first in range(0, len(fingerprint_ids), _PER_QUERY):
            some = fingerprint_ids[first : first + _PER_QUERY]
            sums = (
                select(counted.c.fingerprint_id, func.sum(counted.c.n))
                .where(
                    *self._within(counted, codes, minutes),
                    counted.c.fingerprint_id.in_(some),
                )
                .group_by(counted.c.fingerprint_id)
            )
            found.update({id_: int(n) for id_, n in self._connection.execute(sums)})
        return found

    def _named(self, found: Select[*tuple[int, int]]) -> list[GroupRate]:
        counted = found.subquery()
        told = (groups.c[name] for name in ("code", "type", "culprit", "first_seen"))
        statement = (
            select(counted.c.group_id, counted.c.n, *told)
            .join(groups, groups.c.id == counted.c.group_id)
            .where(groups.c.state != "muted", groups.c.first_seen.is_not(None))
            .order_by(counted.c.n.desc(), counted.c.group_id)
        )
        return [
            GroupRate(id_, int(n), *rest)
            for id_, n, *rest in self._connection.execute(statement)
        ]

    def _number(self, statement: Select[*tuple[int]]) -> int:
        return int(self._connection.execute(statement).scalar() or 0)
