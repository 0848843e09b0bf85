"""What goes on: thresholds, spikes, routes, circuits and the pipeline, out of the rollups."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from failwell.alerts import Alert, make_rule
from failwell.fleet import CircuitReport, ProcessReport
from failwell.resilience import CircuitOverride, CircuitState

if TYPE_CHECKING:
    from tests.alerts.conftest import OpenShop, Shop

Told = Callable[[], list[Alert]]
HOUR_S = 3600


def _only(shop: "Shop", kind: str, **given: Any) -> None:  # noqa: ANN401 - fields of a rule
    """Have one rule and no other."""
    for rule in shop.alerts.rules():
        shop.alerts.remove(rule.name, by="ada")
    shop.alerts.add(make_rule("watched", kind, **given), by="ada")


@pytest.mark.parametrize(
    ("given", "n", "is_told"),
    [
        ({"count": 10}, 9, False),
        ({"count": 10}, 10, True),
        ({"count": 10, "scope": "application"}, 9, False),
        ({"count": 10, "scope": "application"}, 10, True),
        ({"count": 10, "codes": ("OTHER",)}, 50, False),
    ],
)
def test_a_threshold_is_reached_at_exactly_its_number(
    each_shop: "Shop", told: Told, given: dict[str, Any], n: int, *, is_told: bool
) -> None:
    """Of a group, or of all; within its minutes, and not before."""
    _only(each_shop, "threshold", minutes=5, **given)
    each_shop.fail(1000, ago=6 * 60)
    each_shop.fail(n, ago=60)

    each_shop.turn()

    alerts = told()
    assert len(alerts) == is_told
    if is_told:
        assert alerts[0].findings[0].said == "10 errors in 5 minutes; limit 10."


def test_what_goes_on_is_told_once_until_it_ends(shop: "Shop", told: Told) -> None:
    """However long; and again when it begins again."""
    _only(shop, "threshold", count=3, minutes=5, pause_minutes=1)
    for _ in range(10):
        shop.fail(3)
        shop.turn()
        shop.clock.advance(120)
    going_on = told()
    shop.clock.advance(600)
    shop.turn()
    shop.fail(3)
    shop.turn()

    assert len(going_on) == 1
    assert len(told()) == 1


def test_a_muted_group_reaches_no_threshold(shop: "Shop", told: Told) -> None:
    """Somebody said that it needs no attention, whatever comes."""
    shop.fail()
    shop.move()
    (group,) = shop.store.groups()
    shop.store.mute([group.id], by="ada")
    _only(shop, "threshold", count=3)
    shop.fail(100)

    shop.turn()

    assert told() == []


@pytest.mark.parametrize("scope", ["group", "application"])
def test_users_are_counted_once_each(each_shop: "Shop", told: Told, scope: str) -> None:
    """Among the errors that were kept."""
    _only(each_shop, "threshold", of="users", count=3, scope=scope)
    for user in ("ada", "bob", "ada", "bob"):
        each_shop.keep(user_id=user)
    each_shop.turn()
    two = told()
    each_shop.keep(user_id="eve")

    each_shop.turn()

    assert two == []
    (alert,) = told()
    assert alert.findings[0].said == "3 users in 5 minutes; limit 3."


@pytest.mark.parametrize("scope", ["group", "application"])
def test_a_spike_is_against_ones_own_week(
    each_shop: "Shop", told: Told, scope: str
) -> None:
    """60 an hour are usual, that is 10 in ten minutes: 100 are ten times as many."""
    _only(each_shop, "spike", scope=scope)
    for hour in range(48):
        each_shop.fail(60, ago=(hour + 1) * HOUR_S)
    each_shop.fail(99)
    each_shop.turn()
    usual = told()
    each_shop.fail(1)

    each_shop.turn()

    assert usual == []
    (alert,) = told()
    assert alert.findings[0].said.startswith(
        "100 errors in 10 minutes, where 10 are usual"
    )


def test_what_is_young_has_no_spike(shop: "Shop", told: Told) -> None:
    """Nobody knows what is usual; that it is new is told."""
    _only(shop, "spike")
    shop.fail(1000)

    shop.turn()

    assert told() == []


def test_a_route_is_told_with_its_rate(each_shop: "Shop", told: Told) -> None:
    """Errors of several groups add up; those of a group with two routes are shared."""
    _only(each_shop, "error_rate", count=10, minutes=5)
    for route in ("/buy", "/buy", "/sell"):
        each_shop.keep(route=route)
    each_shop.fail(9)  # counted, and not kept: 12 in all, 8 of them of /buy
    each_shop.keep(hash_="f" * 16, route="/buy")
    each_shop.turn()
    nine = told()
    each_shop.keep(hash_="f" * 16, route="/buy")

    each_shop.turn()

    assert nine == []
    (alert,) = told()
    assert alert.findings[0].title == "/buy"
    assert alert.findings[0].said == "10 errors in 5 minutes, 2 a minute; limit 10."


def test_one_route_alone_may_be_watched(shop: "Shop", told: Told) -> None:
    """The others may fail as they like."""
    _only(shop, "error_rate", count=1, route="/pay")
    shop.keep(route="/buy")
    shop.turn()
    other = told()
    shop.keep(route="/pay")

    shop.turn()

    assert other == []
    assert [alert.findings[0].title for alert in told()] == ["/pay"]


def _report(
    shop: "Shop",
    state: CircuitState,
    name: str = "mail",
    override: CircuitOverride | None = None,
) -> None:
    now = datetime.fromtimestamp(shop.clock.now(), UTC)
    circuit = CircuitReport(
        name=name,
        state=state,
        since=now,
        retry_at=None,
        override=override,
        calls=5,
        failures=5,
        slow=0,
        rejected=12,
        opened=1,
    )
    shop.board.report(ProcessReport(process="a:1", at=now, circuits=(circuit,)))


def test_a_circuit_is_told_each_time_it_opens(each_shop: "Shop", told: Told) -> None:
    """As the processes tell of it; with what it counts."""
    for state in (CircuitState.OPEN, CircuitState.OPEN, CircuitState.CLOSED):
        _report(each_shop, state)
        each_shop.turn()
        each_shop.clock.advance(700)
    first = told()
    _report(each_shop, CircuitState.OPEN)

    each_shop.turn()

    assert [alert.title for alert in first] == ["Circuit opened: mail"]
    assert "open in 1 of 1 processes; 5 failures, 12" in first[0].findings[0].said
    assert len(told()) == 1


@pytest.mark.parametrize(
    ("name", "override"),
    [("mail", CircuitOverride.OPEN), ("failwell alerts: webhook", None)],
)
def test_a_circuit_that_is_held_or_our_own_is_not_told(
    shop: "Shop", told: Told, name: str, override: CircuitOverride | None
) -> None:
    """Whoever holds it open knows; and of our own none could be told."""
    _report(shop, CircuitState.OPEN, name, override)

    shop.turn()

    assert told() == []


def test_losses_and_what_is_set_aside_are_told(each_shop: "Shop", told: Told) -> None:
    """An error that is sampled out is none of them."""
    each_shop.lose(7, "disk full")
    each_shop.lose(9, "sampled out")
    each_shop.spoil()

    each_shop.turn()

    (alert,) = told()
    assert (alert.kind, alert.number) == ("pipeline", 2)
    assert {found.title for found in alert.findings} == {
        "errors are lost (disk full)",
        "records are set aside",
    }


def test_a_spool_that_fills_up_is_told(
    open_shop: "OpenShop", told: Told, tmp_path: Path
) -> None:
    """At three quarters of its quota."""
    folder = tmp_path / "spool"
    folder.mkdir()
    shop = open_shop(spool_dir=folder, spool_quota=16 * 1024 * 1024)
    with (folder / "file").open("wb") as file:
        file.truncate(12 * 1024 * 1024)
    shop.turn()
    before = told()
    with (folder / "file").open("ab") as file:
        file.write(b"?")

    shop.turn()

    assert before == []
    assert [alert.findings[0].title for alert in told()] == ["the spool fills up"]
