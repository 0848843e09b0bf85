"""A sender that is killed at any point: each alert arrives, always with the same id."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from receivers import Receiver

from failwell._clock import SYSTEM_CLOCK
from failwell.alerts import make_rule

if TYPE_CHECKING:
    from tests.alerts.conftest import OpenShop

SEND = """
import sys
from failwell._settings import read_settings
from failwell.alerts import Alerts
from failwell.fleet import Fleet, StoreBoard
from failwell.store import Deployment, Store
from failwell.testing import ManualClock

url, to, now = sys.argv[1:]
config = {
    "FAILWELL_ALERTS_TO": to,
    "FAILWELL_ALERTS_PRIVATE_WEBHOOKS": True,
    "FAILWELL_ALERTS_CAP": 1000,
}
settings = read_settings(config, import_name="shop", instance_path="/nowhere", environ={})
clock = ManualClock(float(now))
store = Store(url, clock=clock)
board = StoreBoard(store, Deployment("shop", "production"), clock)
Alerts(store, settings, Fleet(board, interval_s=2, clock=clock), clock=clock).turn()
"""
RULES = 20
LEASE_S = 300


@pytest.mark.parametrize(
    "kills", [2, pytest.param(16, marks=pytest.mark.faults, id="many")]
)
def test_a_killed_sender_loses_nothing_and_changes_no_id(
    open_shop: "OpenShop", tmp_path: Path, webhooks: Receiver, kills: int
) -> None:
    """Killed before, within and after a request; who comes next sends the rest."""
    shop = open_shop()
    for number in range(RULES):
        shop.alerts.add(make_rule(f"rule-{number}", "new"), by="ada")
    shop.fail()
    shop.move()
    url, to = f"sqlite:///{tmp_path / 'store.db'}", shop.settings.alerts_to[0].url
    command = [sys.executable, "-c", SEND, url, to]

    for turn in range(kills):
        now = shop.clock.now() + turn * (LEASE_S + 1)
        seen = len(webhooks.requests)
        with subprocess.Popen([*command, str(now)]) as sending:
            while sending.poll() is None and len(webhooks.requests) == seen:
                SYSTEM_CLOCK.sleep(0.001)
            # Sometimes at once, sometimes when it has said, or is saying, that it sent.
            SYSTEM_CLOCK.sleep(turn % 8 * 0.001)
            sending.kill()
    end = shop.clock.now() + kills * (LEASE_S + 1)
    subprocess.run([*command, str(end)], check=True)

    entries = shop.alerts.outbox()
    received = [headers["Failwell-Alert-Id"] for _, headers, _ in webhooks.requests]
    assert len(entries) == RULES + 1
    assert {entry.state for entry in entries} == {"sent"}
    assert set(received) == {entry.alert_id for entry in entries}
    assert len(received) <= len(entries) + kills


@pytest.mark.faults
def test_a_killed_evaluation_loses_no_happening(
    open_shop: "OpenShop", tmp_path: Path, webhooks: Receiver
) -> None:
    """It is judged with its alert written, or left for the next one."""
    shop = open_shop()
    url, to = f"sqlite:///{tmp_path / 'store.db'}", shop.settings.alerts_to[0].url
    command = [sys.executable, "-c", SEND, url, to]
    groups = 3000
    for number in range(groups):
        shop.fail(hash_=f"{number:016x}")
    shop.move()

    for turn in range(12):
        now = shop.clock.now() + turn * (LEASE_S + 1)
        with subprocess.Popen([*command, str(now)]) as judging:
            SYSTEM_CLOCK.sleep(0.25 + turn * 0.05)
            judging.kill()
    shop.clock.advance(12 * (LEASE_S + 1) + 3600)
    shop.turn()

    entries = {entry.alert_id: entry.title for entry in shop.alerts.outbox()}
    numbers = [int(t.split()[0].replace(",", "")) for t in entries.values()]
    assert sum(numbers) == groups
    received = {headers["Failwell-Alert-Id"] for _, headers, _ in webhooks.requests}
    assert received == set(entries)
