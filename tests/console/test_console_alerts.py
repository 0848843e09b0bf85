"""The rules of alerts and their outbox, in the console and as JSON."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from receivers import Receiver
from werkzeug.test import TestResponse

from failwell._settings import Settings, read_settings
from failwell.alerts import Alerts
from failwell.fleet import Fleet
from failwell.records import ErrorRecord
from failwell.store import Store
from failwell.testing import ManualClock

PREFIX = "/errors-of/shop"
BEARER = {"Authorization": "Bearer the console's key, only for tests"}
Send = Callable[..., TestResponse]


@pytest.fixture
def settings(settings: Settings, webhooks: Receiver) -> Settings:
    """Tell a receiver of webhooks on this machine."""
    channels = read_settings(
        {
            "FAILWELL_ALERTS_TO": f"desk=webhook+http://a-secret-of-the-webhook@127.0.0.1:{webhooks.port}",
            "FAILWELL_ALERTS_PRIVATE_WEBHOOKS": True,
        },
        import_name="shop",
        instance_path="unused",
        environ={},
    )
    return replace(settings, alerts_to=channels.alerts_to, alerts_private_webhooks=True)


@pytest.fixture
def alerts(
    store: Store, settings: Settings, fleet: Fleet, clock: ManualClock
) -> Alerts:
    """What the shipper would run."""
    return Alerts(store, settings, fleet, clock=clock)


def _words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'")


def test_the_rules_stand_on_a_page_in_words(admin: FlaskClient) -> None:
    """Those that are there by default, with whom they tell, and no secret."""
    html = admin.get(f"{PREFIX}/alerts").text

    assert "5 rules tell desk" in _words(html)
    assert "new-errors an error that was never met before" in _words(html)
    assert "Nothing was sent yet" in html
    assert "a-secret-of-the-webhook" not in html


def test_rules_are_added_silenced_and_removed(
    admin: FlaskClient, send: Send, alerts: Alerts
) -> None:
    """By forms, and by whom stands beside them and in the audit log."""
    send(
        admin,
        "/alerts/add",
        name="many",
        kind="threshold",
        count="200",
        minutes="",
        factor="",
    )
    send(admin, "/alerts/mute", name="new-errors", until="1d")
    send(admin, "/alerts/remove", name="spikes")
    page = _words(admin.get(f"{PREFIX}/alerts").text)
    send(admin, "/alerts/mute", name="new-errors")
    rules = {rule.name: rule for rule in alerts.rules()}

    assert "many at least 200 errors of a group in 5 minutes by key" in page
    assert "silent until 2027-01-16 12:00:00 UTC" in page
    assert "spikes" not in rules
    assert rules["new-errors"].muted_until is None
    assert "alert rule removed" in admin.get(f"{PREFIX}/audit").text


def test_a_test_says_what_came_back(
    admin: FlaskClient, send: Send, webhooks: Receiver
) -> None:
    """At once, on the same page."""
    good = send(admin, "/alerts/test", channel="desk")
    webhooks.status = 500
    bad = send(admin, "/alerts/test", channel="desk")

    assert "desk took the test" in _words(good.text)
    assert "key alerts tested" in _words(admin.get(f"{PREFIX}/audit").text)
    assert len(webhooks.requests) == 2
    assert "500" in _words(bad.text).partition("desk")[2]


def test_the_outbox_shows_what_was_not_taken_and_tries_again(
    admin: FlaskClient,
    send: Send,
    alerts: Alerts,
    webhooks: Receiver,
    feed_error: Callable[..., ErrorRecord],
    record: Callable[..., ErrorRecord],
) -> None:
    """With the reason; after a click it is sent with the next turn."""
    webhooks.status = 500
    alerts.turn()
    feed_error(record())
    alerts.turn()
    waiting = _words(admin.get(f"{PREFIX}/alerts").text)
    webhooks.status = 204
    send(admin, "/alerts/retry")
    alerts.turn()
    sent = _words(admin.get(f"{PREFIX}/alerts").text)

    assert "1 alert waiting; desk did not take them" in waiting
    assert "new-errors to desk" in waiting
    assert "0 alerts waiting" in sent
    assert "sent new-errors to desk" in sent


def test_programs_do_the_same(client: FlaskClient, alerts: Alerts) -> None:
    """Each change by JSON, in the words of the command line."""

    def post(what: str, body: object) -> tuple[int, Any]:
        path = f"{PREFIX}/api/alerts/{what}"
        answer = client.post(path, json=body, headers=BEARER)
        return answer.status_code, answer.get_json()

    changed = [
        post("add", {"name": "many", "kind": "threshold", "codes": ["CART_LOST"]}),
        post("change", {"name": "many", "count": 7}),
        post("mute", {"name": "many", "until": "2027-02-01T00:00:00"}),
        post("remove", {"name": "pipeline"}),
        post("test", {}),
        post("retry", {}),
    ]
    board = client.get(f"{PREFIX}/api/alerts", headers=BEARER).get_json()
    outbox = client.get(f"{PREFIX}/api/alerts/outbox", headers=BEARER).get_json()
    many = next(line for line in board["rules"] if line["rule"]["name"] == "many")

    assert [status for status, _ in changed] == [200] * 6
    assert changed[4][1] == {"outcomes": [{"channel": "desk", "error": ""}]}
    assert board["channels"] == ["desk"]
    assert many["rule"]["count"] == 7
    assert many["rule"]["muted_until"] == "2027-02-01T00:00:00Z"
    assert many["changed_by"] == "key"
    assert outbox == {"alerts": []}
    assert "pipeline" not in [rule.name for rule in alerts.rules()]


@pytest.mark.parametrize(
    ("what", "body", "status", "said"),
    [
        ("add", {"name": "Many!", "kind": "new"}, 400, "allowed: up to 40 small"),
        ("add", {"name": "many", "kind": "moon"}, 400, "kind"),
        ("add", {"name": "many", "kind": "new", "count": 3}, 400, "takes no count"),
        ("add", {"name": "spikes", "kind": "spike"}, 400, "spikes"),
        ("add", {"name": "many", "kind": "new", "to": ["moon"]}, 400, "moon"),
        ("add", {"name": "many"}, 400, "missing required field `kind`"),
        ("change", {"name": "moon", "count": 3}, 404, "moon"),
        ("mute", {"name": "spikes", "until": "soon"}, 400, "allowed: a time"),
        ("remove", {"name": "moon"}, 404, "moon"),
        ("test", {"channel": "moon"}, 404, "moon"),
    ],
)
def test_what_may_not_be_is_explained(
    client: FlaskClient, what: str, body: object, status: int, said: str
) -> None:
    """It names the thing, and what is allowed."""
    answer = client.post(f"{PREFIX}/api/alerts/{what}", json=body, headers=BEARER)

    assert answer.status_code == status
    assert said in answer.get_json()["error"]["message"]


def test_hostile_names_stay_text(app: Flask, admin: FlaskClient, send: Send) -> None:
    """What a refusal repeats is escaped as everything else."""
    answer = send(admin, "/alerts/add", name="<script>", kind="new")

    assert answer.status_code == 400
    assert "<script>" not in answer.text
