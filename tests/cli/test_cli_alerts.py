"""Alerts from a terminal: rules, the outbox, and tests of channels."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import Result
from flask import Flask
from receivers import Receiver

from failwell._settings import read_settings
from failwell.alerts import Alerts
from failwell.records import ErrorRecord
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from tests.cli.conftest import Journal

Run = Callable[..., Result]


@pytest.fixture
def told(app: Flask, tmp_path: Path, clock: ManualClock, webhooks: Receiver) -> Alerts:
    """The alerts of the application, which go to a receiver on this machine."""
    journal: Journal = app.extensions["failwell"]
    given = {
        "FAILWELL_ALERTS_TO": f"ops=webhook+http://{'s' * 16}@127.0.0.1:{webhooks.port}",
        "FAILWELL_ALERTS_PRIVATE_WEBHOOKS": True,
    }
    settings = read_settings(
        given, import_name="shop", instance_path=tmp_path, environ={}
    )
    alerts = Alerts(journal.store, settings, journal.fleet, clock=clock)
    journal.alerts = alerts
    return alerts


def test_without_channels_the_command_says_so(flask: Run) -> None:
    """And what to set."""
    result = flask("alerts")

    assert result.exit_code == 0
    assert "set FAILWELL_ALERTS_TO" in result.output
    assert "new-errors" in result.output


def test_rules_are_edited(flask: Run, told: Alerts) -> None:
    """Added, changed, muted and removed, each in one sentence."""
    added = flask(
        *("alerts", "add", "busy", "threshold", "--count", "5", "--to", "ops"),
        *("--code", "PAYMENT", "--by", "ada"),
    )
    changed = flask("alerts", "change", "busy", "--minutes", "2")
    muted = flask("alerts", "mute", "busy", "--for", "2d")
    shown = flask("alerts")
    unmuted = flask("alerts", "unmute", "busy")
    removed = flask("alerts", "remove", "spikes")

    assert added.output == (
        "The rule busy asks for at least 5 errors of a group with PAYMENT in 5 minutes."
        " Told: ops.\n"
    )
    assert "in 2 minutes" in changed.output
    assert muted.output == "The rule busy is silent until 2027-01-17 08:00:30 UTC.\n"
    assert "muted until 2027-01-17" in shown.output
    assert unmuted.exit_code == removed.exit_code == 0
    assert {rule.name for rule in told.rules()} == {
        *("busy", "circuits", "new-errors", "pipeline", "regressions"),
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "new-errors", "new"), "a rule 'new-errors' already"),
        (("add", "a", "new", "--count", "3"), "takes no count"),
        (("add", "a", "new", "--to", "pager"), "no channel 'pager'; there are ops"),
        (("change", "nothing"), "`flask failwell alerts` lists rules and channels"),
        (("mute", "spikes", "--for", "ever"), "write 30m, 8h, 2d or 1w"),
        (("test", "pager"), "Channel with id pager not found"),
    ],
)
def test_what_cannot_be_done_is_said(
    flask: Run, told: Alerts, words: tuple[str, ...], said: str
) -> None:
    """In one sentence, with a status that programs see."""
    result = flask("alerts", *words)

    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_channel_is_tested(flask: Run, told: Alerts, webhooks: Receiver) -> None:
    """With what came back, and 1 where it was not taken."""
    good = flask("alerts", "test")
    webhooks.status = 500
    bad = flask("alerts", "test", "ops", "--json")

    assert (good.exit_code, good.output) == (0, "ops took it\n")
    assert bad.exit_code == 1
    assert json.loads(bad.stdout) == {
        "channels": [{"channel": "ops", "error": "it answered 500"}]
    }
    assert len(webhooks.requests) == 2


def test_the_outbox_says_what_waits_and_why(
    flask: Run,
    told: Alerts,
    webhooks: Receiver,
    app: Flask,
    record: Callable[..., ErrorRecord],
) -> None:
    """For people and for programs; and it is sent when somebody says so."""
    journal: Journal = app.extensions["failwell"]
    record()
    journal.settle()
    webhooks.status = 500
    told.turn()

    shown = flask("alerts", "outbox")
    listed = json.loads(flask("alerts", "outbox", "--json").stdout)["outbox"]
    overview = json.loads(flask("alerts", "--json").stdout)
    webhooks.status = 204
    again = flask("alerts", "retry", listed[0]["alert_id"])
    told.turn()

    assert "it answered 500" in shown.output
    assert "ZeroDivisionError in shop.basket:total" in shown.output
    assert (listed[0]["state"], listed[0]["channel"]) == ("waiting", "ops")
    assert (overview["waiting"], overview["failing"]) == (1, ["ops"])
    assert again.output.startswith("1 to be sent")
    assert told.outbox()[0].state == "sent"


def test_the_doctor_sees_channels_that_fail_and_that_nobody_judges(
    flask: Run,
    told: Alerts,
    webhooks: Receiver,
    record: Callable[..., ErrorRecord],
    clock: ManualClock,
    app: Flask,
) -> None:
    """What to do stands beside it."""
    journal: Journal = app.extensions["failwell"]
    never = flask("doctor")
    record()
    journal.settle()
    webhooks.status = 500
    told.turn()
    failing = flask("doctor")

    assert "nobody judges what happened; last: never" in never.output
    assert "channels that fail: ops; 1 alerts wait" in failing.output
    assert "nobody judges" not in failing.output
