"""The outbox: alerts that wait for their channel, were sent, or were given up.

Owns that an alert is claimed by one sender at a time. Whoever claims one has until its
lease ends to say what came of it; then it is anybody's again. So each is sent at least
once, and twice only where a sender died, or was believed to, between sending and saying so.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    delete,
    distinct,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.sql.elements import ColumnElement

from failwell.store._alert_model import (
    OUTBOX_STATES,
    OutboxEntry,
    OutboxState,
    Posted,
)
from failwell.store._alerting._deployments import of_deployment
from failwell.store._database._schema_alerts import alert_outbox
from failwell.store._model import Deployment
from failwell.store._text import clean, clean_message
from failwell.store._times import DAY, moment

_KEPT = 30 * DAY
_LONGEST_BODY = 64 * 1024
_box = alert_outbox.c


def post(
    connection: Connection, whose: Deployment, alerts: Sequence[Posted], now: int
) -> None:
    """Put alerts into the outbox."""
    rows = [
        {
            "alert_id": alert.alert_id,
            "application": clean(whose.application),
            "environment": clean(whose.environment),
            "channel": channel,
            "rule": alert.rule,
            "title": clean_message(alert.title),
            "body": clean(alert.body, _LONGEST_BODY),
            "at": now,
            "due_at": now,
        }
        for alert in alerts
        for channel in alert.channels
    ]
    if rows:
        connection.execute(insert(alert_outbox), rows)


def count_since(connection: Connection, whose: Deployment, since: int) -> int:
    """Return how many alerts were put in since then, each once."""
    number = func.count(distinct(_box.alert_id))
    recent = select(number).where(of_deployment(alert_outbox, whose), _box.at > since)
    return int(connection.execute(recent).scalar_one())


def is_due(
    connection: Connection, whose: Deployment, channels: Sequence[str], now: int
) -> bool:
    """Return whether there is something to send."""
    due = select(_box.id).where(*_due(whose, channels, now)).limit(1)
    return connection.execute(due).first() is not None


def claim(
    connection: Connection,
    whose: Deployment,
    channels: Sequence[str],
    now: int,
    lease: int,
) -> OutboxEntry | None:
    """Take what is due first, for as long as the lease; None where nothing is."""
    due = (
        _entries(*_due(whose, channels, now))
        .order_by(_box.due_at, _box.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(due).first()
    if row is None:
        return None
    taken = {"tries": row.tries + 1, "due_at": now + lease}
    connection.execute(update(alert_outbox).where(_box.id == row.id).values(taken))
    return _entry(row)._replace(tries=row.tries + 1, due_at=moment(now + lease))


def settle(
    connection: Connection, entry: OutboxEntry, state: OutboxState, **known: object
) -> None:
    """Say what came of a try: `due_at`, `done_at`, `error`."""
    # One that somebody else has said something of meanwhile stays as it is.
    this = update(alert_outbox).where(_box.id == entry.id, _box.state == "waiting")
    connection.execute(this.values(state=state, **known))


def list_outbox(
    connection: Connection,
    whose: Deployment,
    limit: int,
    state: OutboxState | None = None,
) -> list[OutboxEntry]:
    """Return the newest entries first."""
    wanted = [of_deployment(alert_outbox, whose)]
    if state is not None:
        wanted.append(_box.state == state)
    newest = _entries(*wanted).order_by(_box.id.desc()).limit(limit)
    return [_entry(row) for row in connection.execute(newest)]


def count_outbox(connection: Connection, whose: Deployment) -> dict[str, int]:
    """Return how many entries there are in each state."""
    counts = (
        select(_box.state, func.count())
        .where(of_deployment(alert_outbox, whose))
        .group_by(_box.state)
    )
    found = {state: int(n) for state, n in connection.execute(counts)}
    return {state: found.get(state, 0) for state in OUTBOX_STATES}


def revive(
    connection: Connection, whose: Deployment, alert_id: str | None, now: int
) -> int:
    """Have what was given up tried again, and what waits tried now; return how many."""
    wanted = [of_deployment(alert_outbox, whose), _box.state.in_(("waiting", "dead"))]
    if alert_id is not None:
        wanted.append(_box.alert_id == alert_id)
    again = {"state": "waiting", "due_at": now, "done_at": None, "tries": 0}
    return connection.execute(
        update(alert_outbox).where(*wanted).values(again)
    ).rowcount


def forget_alerts(connection: Connection, now: int) -> int:
    """Remove what was put in long ago; return how many."""
    old = delete(alert_outbox).where(_box.at < now - _KEPT)
    return connection.execute(old).rowcount


def _due(
    whose: Deployment, channels: Sequence[str], now: int
) -> list[ColumnElement[bool]]:
    return [
        of_deployment(alert_outbox, whose),
        _box.state == "waiting",
        _box.due_at <= now,
        _box.channel.in_(channels),
    ]


def _entries(*wanted: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    columns = (alert_outbox.c[name] for name in OutboxEntry._fields)
    return select(*columns).where(*wanted)


def _entry(row: Row[*tuple[Any, ...]]) -> OutboxEntry:
    known = row._asdict()
    for name in ("at", "due_at", "done_at"):
        known[name] = None if known[name] is None else moment(known[name])
    return OutboxEntry(**known)
