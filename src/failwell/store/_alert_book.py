"""What the store keeps of alerts: their rules, what is judged, and the outbox.

Owns the transactions. What a rule is, and what a state remembers, is text here.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import select

from failwell._clock import Clock
from failwell.store import _happenings, _outbox
from failwell.store._alert_model import OutboxEntry, OutboxState, StoredRule
from failwell.store._bulk import Transaction, replacement
from failwell.store._deployments import of_deployment
from failwell.store._engine import Database
from failwell.store._history import write_note
from failwell.store._judging import Judging, lock, read_states
from failwell.store._model import Deployment
from failwell.store._rates import Rates
from failwell.store._schema_alerts import alert_rules
from failwell.store._text import clean
from failwell.store._times import microseconds, moment

_LONGEST_RULE = 4000
_LONGEST_WHO = 200


class AlertBook:
    """What the store keeps of the alerts of one deployment.

    Every method is one short transaction and raises `StoreError` as the store does.

    Args:
        database: Where.
        whose: The deployment.
        clock: Says what the present moment is.
    """

    def __init__(self, database: Database, whose: Deployment, clock: Clock) -> None:
        self._database = database
        self._whose = whose
        self._clock = clock

    def rules(self) -> dict[str, StoredRule]:
        """Return what people wrote, by name."""
        columns = (
            alert_rules.c[name] for name in ("name", "rule", "changed_by", "changed_at")
        )
        with self._database.reading() as connection:
            found = connection.execute(
                select(*columns).where(of_deployment(alert_rules, self._whose))
            )
            return {
                name: StoredRule(rule, by, moment(at)) for name, rule, by, at in found
            }

    def write_rule(self, name: str, rule: str | None, *, by: str) -> None:
        """Keep a rule in place of the one before, None removes one; note who did so."""
        text = None if rule is None else clean(rule, _LONGEST_RULE)
        who = clean(by, _LONGEST_WHO)
        whose, now = tuple(map(clean, self._whose)), self._now()
        action = "alert rule removed" if rule is None else "alert rule written"
        details = {**self._whose._asdict(), "name": name, "rule": text}
        with self._database.writing() as connection:
            _RULE.run(Transaction(connection), [(*whose, name, text, who, now)])
            write_note(connection, now, who, action, details)

    @contextmanager
    def looking(self) -> Iterator[Rates]:
        """Give what happened of late, in a transaction that only reads."""
        with self._database.reading() as connection:
            yield Rates(connection, self._whose, self._now())

    def states(self) -> dict[str, str]:
        """Return what is remembered of each rule."""
        with self._database.reading() as connection:
            return read_states(connection, self._whose)

    def is_awaited(self) -> bool:
        """Return whether there are happenings to judge."""
        with self._database.reading() as connection:
            return _happenings.has_happenings(connection, self._whose)

    @contextmanager
    def judging(self) -> Iterator[Judging | None]:
        """Give the transaction that alerts are written in; None where another is at it."""
        with self._database.writing() as connection:
            is_ours = lock(connection, self._whose)
            yield Judging(connection, self._whose, self._now()) if is_ours else None

    def claim(self, channels: Sequence[str], lease_s: float) -> OutboxEntry | None:
        """Take the alert that is due first, for as long as the lease."""
        now = self._now()
        with self._database.reading() as connection:
            if not _outbox.is_due(connection, self._whose, channels, now):
                return None
        with self._database.writing() as connection:
            return _outbox.claim(
                connection, self._whose, channels, now, microseconds(lease_s)
            )

    def note_sent(self, entry: OutboxEntry) -> None:
        """Say that an alert was sent."""
        with self._database.writing() as connection:
            known = {"done_at": self._now(), "error": ""}
            _outbox.settle(connection, entry, "sent", **known)

    def note_failed(
        self, entry: OutboxEntry, error: str, *, again_s: float | None
    ) -> None:
        """Say why an alert was not sent, and when the next try is; None gives it up."""
        now, said = self._now(), clean(error)
        with self._database.writing() as connection:
            if again_s is None:
                _outbox.settle(connection, entry, "dead", done_at=now, error=said)
            else:
                due_at = now + microseconds(again_s)
                _outbox.settle(connection, entry, "waiting", due_at=due_at, error=said)

    def outbox(self, limit: int, state: OutboxState | None = None) -> list[OutboxEntry]:
        """Return what was and is to be sent, the newest first."""
        with self._database.reading() as connection:
            return _outbox.list_outbox(connection, self._whose, limit, state)

    def outbox_counts(self) -> dict[str, int]:
        """Return how many entries there are in each state."""
        with self._database.reading() as connection:
            return _outbox.count_outbox(connection, self._whose)

    def revive(self, alert_id: str | None) -> int:
        """Have what waits or was given up tried at once; return how many."""
        with self._database.writing() as connection:
            return _outbox.revive(connection, self._whose, alert_id, self._now())

    def _now(self) -> int:
        return microseconds(self._clock.now())


_RULE = replacement(alert_rules)
