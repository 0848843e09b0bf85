"""By which rules somebody is told, and what became of it: a page, its forms, and JSON.

Nothing is sent from here but tests.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from failwell.alerts import KINDS, Health, Outcome, Rule, describe
from failwell.console._alert_changes import CHANGES, AlertChange
from failwell.console._desk import Desk
from failwell.console._endpoints import Endpoint
from failwell.console._roles import Role
from failwell.console._routes import Routes
from failwell.store import OutboxState

_SHOWN, _LISTED = 30, 1000


class RuleLine(msgspec.Struct, kw_only=True):
    """A rule, in words too, and who changed it last; nobody, where it is a default."""

    rule: Rule
    says: str
    changed_by: str
    changed_at: datetime | None


class AlertBoard(msgspec.Struct, kw_only=True):
    """The rules, the names of the channels, and how alerts are."""

    rules: list[RuleLine]
    channels: tuple[str, ...]
    health: Health


class SentAlert(msgspec.Struct, kw_only=True):
    """An alert and one of its channels."""

    id: int
    alert_id: str
    channel: str
    rule: str
    title: str
    body: str
    at: datetime
    state: OutboxState
    tries: int
    due_at: datetime
    done_at: datetime | None
    error: str


class Outbox(msgspec.Struct, kw_only=True):
    """What was sent, waits or was given up, the newest first."""

    alerts: list[SentAlert]


class Tried(msgspec.Struct, kw_only=True):
    """What came back of a channel; an empty error is a good one."""

    channel: str
    error: str


class Done(msgspec.Struct, kw_only=True):
    """That it was done; of a test, with what came back."""

    outcomes: list[Tried]


def add_alerts(routes: Routes, desk: Desk) -> None:
    """Add the page, and a route for each of its forms."""

    def show(outcomes: list[Outcome]) -> Response:
        return desk.page(
            "alerts.html",
            board=_board(desk),
            outbox=desk.alerts.outbox(_SHOWN),
            kinds=KINDS,
            outcomes=outcomes,
        )

    def posting(change: AlertChange) -> Callable[[], AnyResponse]:
        def post() -> AnyResponse:
            taken = change.takes.__struct_fields__
            texts = {name: request.form.get(name, "").strip() for name in taken}
            given = change.read_fields({n: text for n, text in texts.items() if text})
            outcomes = _do(desk, change, given)
            return show(outcomes) if outcomes else redirect(url_for(".alerts"), 303)

        return post

    routes.add("/alerts", "alerts", lambda: show([]), role=Role.ADMIN)
    for change in CHANGES:
        name, rule = f"alerts_{change.name}", f"/alerts/{change.name}"
        routes.add(rule, name, posting(change), role=Role.ADMIN, methods=["POST"])


def alert_endpoints(desk: Desk) -> list[Endpoint]:
    """Return the same as JSON."""

    def board() -> AlertBoard:
        """Return the rules, the channels, and how alerts are."""
        return _board(desk)

    def outbox() -> Outbox:
        """Return what was sent, waits or was given up."""
        entries = desk.alerts.outbox(_LISTED)
        return Outbox(alerts=[SentAlert(**entry._asdict()) for entry in entries])

    def changing(change: AlertChange) -> Endpoint:
        def run() -> Done:
            outcomes = _do(desk, change, change.read_body(request.get_data()))
            return Done(outcomes=[Tried(channel=c, error=e) for c, e in outcomes])

        run.__doc__ = f"{change.summary}."
        name, rule = f"api_alerts_{change.name}", f"/alerts/{change.name}"
        endpoint = Endpoint(name, rule, run, Done, takes=change.takes, settles=False)
        return endpoint._replace(role=Role.ADMIN)

    return [
        Endpoint("api_alerts", "/alerts", board, AlertBoard, role=Role.ADMIN),
        Endpoint("api_outbox", "/alerts/outbox", outbox, Outbox, role=Role.ADMIN),
        *map(changing, CHANGES),
    ]


def _do(desk: Desk, change: AlertChange, given: object) -> list[Outcome]:
    by = desk.present().name
    outcomes = change.do(desk.alerts, given, by, desk.now())
    if change.noted:
        desk.note(change.noted)
    return outcomes


def _board(desk: Desk) -> AlertBoard:
    lines = [
        RuleLine(rule=rule, says=describe(rule), changed_by=by, changed_at=at)
        for rule, by, at in desk.alerts.entries()
    ]
    channels, health = desk.alerts.channels, desk.alerts.health()
    return AlertBoard(rules=lines, channels=channels, health=health)
