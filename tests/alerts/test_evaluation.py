"""What happened becomes alerts: each once, gathered, bounded, and nothing lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from failwell.alerts import Alert, make_rule
from failwell.store import Deployment

if TYPE_CHECKING:
    from tests.alerts.conftest import OpenShop, Shop

Told = Callable[[], list[Alert]]


def _hash(number: int) -> str:
    return f"{number:016x}"


def test_a_new_group_is_told_once_with_why(each_shop: "Shop", told: Told) -> None:
    """With what it is, why somebody gets this, and how to change it."""
    each_shop.fail()

    each_shop.turn()
    each_shop.fail(5)
    each_shop.clock.advance(3600)
    each_shop.turn()

    (alert,) = told()
    assert alert.title == "New error: shop.OutOfStock in shop.views:buy"
    assert (alert.rule, alert.kind, alert.number) == ("new-errors", "new", 1)
    assert "never met before" in alert.why
    assert "flask failwell alerts change new-errors" in alert.change
    assert alert.findings[0].group_id == 1
    assert (alert.application, alert.environment) == ("shop", "production")


def test_many_new_groups_are_one_alert_that_names_the_number(
    each_shop: "Shop", told: Told
) -> None:
    """The first is told at once, the rest together when the pause is over."""
    each_shop.fail(hash_=_hash(1))
    each_shop.turn()
    for number in range(2, 102):
        each_shop.fail(hash_=_hash(number))
    each_shop.turn()
    assert [alert.number for alert in told()] == [1]

    each_shop.clock.advance(10 * 60)
    each_shop.turn()

    (digest,) = told()
    assert digest.number == 100
    assert digest.title.startswith("100 new errors; first shop.OutOfStock")
    assert len(digest.findings) == 10
    assert "gathers 100" in digest.why


def test_ten_thousand_new_groups_in_a_minute_are_two_messages(
    shop: "Shop", told: Told
) -> None:
    """One at once and one digest, which together name all of them."""
    for step in range(5):
        for number in range(2000):
            shop.fail(hash_=_hash(step * 2000 + number))
        shop.turn()
        shop.clock.advance(12)
    shop.clock.advance(600)
    shop.turn()

    alerts = told()
    assert len(alerts) == 2
    assert sum(alert.number for alert in alerts) == 10_000


def test_an_alert_is_held_in_quiet_hours_and_urgent_ones_are_not(
    open_shop: "OpenShop", told: Told
) -> None:
    """In the zone that the setting names: 09:00 in Berlin is quiet, 10:00 is not."""
    shop = open_shop(alerts_quiet="22:00-10:00 Europe/Berlin")
    shop.clock.set_wall(datetime(2027, 1, 15, 8, 0, tzinfo=UTC).timestamp())
    shop.fail()
    shop.lose(3, "disk full")

    shop.turn()
    quiet = told()
    shop.clock.advance(3600)
    shop.turn()

    assert [alert.rule for alert in quiet] == ["pipeline"]
    assert [alert.rule for alert in told()] == ["new-errors"]


def test_no_hour_has_more_alerts_than_the_cap(
    open_shop: "OpenShop", told: Told
) -> None:
    """Whatever the rules ask for; what is held is told when there is room again."""
    shop = open_shop(alerts_cap=2)
    for number in range(4):
        rule = make_rule(f"rule-{number}", "new", pause_minutes=1)
        shop.alerts.add(rule, by="ada")
    shop.alerts.remove("new-errors", by="ada")
    shop.fail()

    shop.turn()
    first = told()
    shop.clock.advance(59 * 60)
    shop.turn()
    before = told()
    shop.clock.advance(61)
    shop.turn()

    assert len(first) == 2
    assert before == []
    rules = {alert.rule for alert in [*first, *told()]}
    assert rules == {f"rule-{number}" for number in range(4)}


def test_a_muted_rule_holds_and_tells_later(shop: "Shop", told: Told) -> None:
    """Nothing that it asked for meanwhile is lost."""
    now = datetime.fromtimestamp(shop.clock.now(), UTC)
    shop.alerts.mute("new-errors", now + timedelta(hours=1), by="ada")
    for number in range(3):
        shop.fail(hash_=_hash(number))

    shop.turn()
    silent = told()
    shop.clock.advance(3601)
    shop.turn()

    assert silent == []
    assert [alert.number for alert in told()] == [3]


def test_codes_and_levels_choose(shop: "Shop", told: Told) -> None:
    """A rule that asks for critical errors of one code hears of no others."""
    shop.alerts.remove("new-errors", by="ada")
    wanted = make_rule("grave", "new", codes=("PAYMENT",), level="critical")
    shop.alerts.add(wanted, by="ada")
    shop.keep(hash_=_hash(1), level="critical")
    shop.keep(hash_=_hash(2), level="critical", code="PAYMENT")
    shop.keep(hash_=_hash(3), code="PAYMENT")

    shop.turn()

    (alert,) = told()
    assert alert.number == 1
    assert alert.findings[0].code == "PAYMENT"


@pytest.mark.parametrize("other", ["application", "environment"])
def test_others_that_share_the_store_are_told_of_their_own(
    open_shop: "OpenShop", told: Told, store_url: str, other: str
) -> None:
    """A test environment does not take the happenings of production."""
    shop = open_shop(store_url)
    staging = open_shop(store_url, **{other: "staging"})
    shop.fail()
    shop.move()

    staging.turn()
    before = told()
    shop.turn()

    assert before == []
    assert len(told()) == 1


def test_two_that_judge_tell_once(
    open_shop: "OpenShop", told: Told, store_url: str
) -> None:
    """Every node may ship, and each of them may be elected on its machine."""
    one, two = open_shop(store_url), open_shop(store_url)
    for number in range(8):
        one.fail(hash_=_hash(number))
        one.move()
        two.alerts.turn()
        one.alerts.turn()
    one.clock.advance(600)
    two.alerts.turn()
    one.alerts.turn()

    assert [alert.number for alert in told()] == [1, 7]


def test_many_that_judge_at_the_same_time_lose_and_double_nothing(
    open_shop: "OpenShop", store_url: str
) -> None:
    """One is at it, and the others leave it that."""
    shops = [open_shop(store_url) for _ in range(4)]
    for number in range(200):
        shops[0].fail(hash_=_hash(number))
    shops[0].move()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda shop: shop.alerts._evaluation.run(), shops * 5))
    shops[0].clock.advance(601)
    shops[0].alerts._evaluation.run()

    entries = shops[0].alerts.outbox()
    numbers = [msgspec.json.decode(entry.body)["number"] for entry in entries]
    assert sum(numbers) == 200


def test_a_link_leads_to_the_group(open_shop: "OpenShop", told: Told) -> None:
    """Where the address of the console is known."""
    shop = open_shop(console_url="https://shop.example.org/failwell/")
    shop.fail()

    shop.turn()

    (alert,) = told()
    assert alert.findings[0].link == "https://shop.example.org/failwell/groups/1"


def test_nothing_is_written_where_nothing_happens(shop: "Shop") -> None:
    """A quiet store is not synced to the disk every ten seconds, but once a minute."""
    shop.turn()
    whose = Deployment("shop", "production")
    before = shop.store.alert_book(whose).states()
    for _ in range(5):
        shop.clock.advance(10)
        shop.turn()
    assert shop.book.states() == before

    shop.clock.advance(11)
    shop.turn()

    assert shop.book.states() != before


def test_an_error_that_comes_back_is_told(each_shop: "Shop", told: Told) -> None:
    """Resolved, or muted until two more came: once each, with which of them it was."""
    shop = each_shop
    for number in (1, 2):
        shop.fail(hash_=_hash(number))
    shop.turn()
    first, second = sorted(group.id for group in shop.store.groups())
    shop.store.resolve([first], by="ada")
    shop.store.mute([second], more=2, by="ada")
    told()
    shop.clock.advance(600)
    for number in (1, 2, 2, 2):
        shop.fail(hash_=_hash(number))

    shop.turn()
    shop.clock.advance(600)
    shop.fail(hash_=_hash(1))
    shop.turn()

    (alert,) = told()
    assert (alert.kind, alert.number) == ("regression", 2)
    said = {found.group_id: found.said for found in alert.findings}
    assert said[first].startswith("It was resolved, and has come back.")
    assert said[second].startswith("It was muted, up to a limit")
