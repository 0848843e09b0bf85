"""What is judged of alerts, in one transaction: happenings taken, alerts written.

Owns the lock under which that is done: one evaluation of a deployment at a time. What a
state remembers is text here.
"""

import hashlib
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, select, text

from failwell.store import _happenings, _outbox
from failwell.store._alert_model import Happening, Posted
from failwell.store._bulk import Transaction, replacement
from failwell.store._deployments import of_deployment
from failwell.store._model import Deployment
from failwell.store._schema import events, fingerprints
from failwell.store._schema_alerts import alert_states
from failwell.store._text import clean


class Judging:
    """The transaction in which happenings are taken and alerts are written.

    Args:
        connection: A writing one that holds the lock.
        whose: The deployment.
        now: The present moment.
    """

    def __init__(self, connection: Connection, whose: Deployment, now: int) -> None:
        self._connection = connection
        self._whose = whose
        self._now = now

    def states(self) -> dict[str, str]:
        """Return what was remembered of each rule."""
        return read_states(self._connection, self._whose)

    def remember(self, states: dict[str, str], gone: Sequence[str]) -> None:
        """Remember these in place of what was; forget rules that are gone."""
        rows = [(*self._named, rule, state) for rule, state in sorted(states.items())]
        _STATE.run(Transaction(self._connection), rows)
        if gone:
            these = alert_states.c.rule.in_(gone)
            self._connection.execute(
                delete(alert_states).where(
                    of_deployment(alert_states, self._whose), these
                )
            )

    def take(self, limit: int) -> list[Happening]:
        """Take the oldest happenings away."""
        return _happenings.take_happenings(self._connection, self._whose, limit)

    def level(self, group_id: int) -> str:
        """Return the level of a group's newest error that was kept."""
        newest = (
            select(events.c.payload)
            .join(fingerprints, fingerprints.c.id == events.c.fingerprint_id)
            .where(fingerprints.c.group_id == group_id)
            .order_by(events.c.at.desc())
            .limit(1)
        )
        payload = self._connection.execute(newest).scalar()
        return "error" if payload is None else _level(payload).level

    def posted_since(self, since: int) -> int:
        """Return how many alerts were written since then."""
        return _outbox.count_since(self._connection, self._whose, since)

    def post(self, alerts: Sequence[Posted]) -> None:
        """Put alerts into the outbox."""
        _outbox.post(self._connection, self._whose, alerts, self._now)

    @property
    def _named(self) -> tuple[str, str]:
        return clean(self._whose.application), clean(self._whose.environment)


class _Level(msgspec.Struct):
    level: str = "error"  # any, of a newer release


_level = msgspec.json.Decoder(_Level).decode


def read_states(connection: Connection, whose: Deployment) -> dict[str, str]:
    """Return what is remembered of each rule."""
    known = select(alert_states.c.rule, alert_states.c.state)
    found = connection.execute(known.where(of_deployment(alert_states, whose)))
    return {row.rule: row.state for row in found}


def lock(connection: Connection, whose: Deployment) -> bool:
    """Return whether no other node judges, until the transaction ends."""
    if connection.dialect.name == "sqlite":
        return True
    named = "\0".join(("failwell alerts", *whose)).encode()
    digest = hashlib.blake2b(named, digest_size=8).digest()
    number = int.from_bytes(digest, "big", signed=True)
    lock = text("SELECT pg_try_advisory_xact_lock(:number)")
    return bool(connection.execute(lock, {"number": number}).scalar())


_STATE = replacement(alert_states)
