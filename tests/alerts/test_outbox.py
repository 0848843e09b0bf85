"""The outbox: each alert arrives at least once, whatever fails, and with the same id."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from receivers import Receiver

from failwell.alerts import Alert

if TYPE_CHECKING:
    from tests.alerts.conftest import OpenShop, Shop

Told = Callable[[], list[Alert]]
MINUTE_S, HOUR_S = 60, 3600


def _fail(shop: "Shop", number: int) -> None:
    shop.fail(hash_=f"{number:016x}")


def test_what_a_channel_does_not_take_is_sent_again(
    each_shop: "Shop", webhooks: Receiver
) -> None:
    """With the same id, until it takes it; then never more."""
    webhooks.status = 503
    _fail(each_shop, 1)
    each_shop.turn()
    (waiting,) = each_shop.alerts.outbox()
    webhooks.status = 204

    for _ in range(3):
        each_shop.clock.advance(15)
        each_shop.turn()

    ids = [headers["Failwell-Alert-Id"] for _, headers, _ in webhooks.requests]
    (entry,) = each_shop.alerts.outbox()
    assert (waiting.state, waiting.error) == ("waiting", "it answered 503")
    assert ids == [entry.alert_id] * 2
    assert (entry.state, entry.tries, entry.error) == ("sent", 2, "")


def test_a_channel_that_is_down_for_an_hour_gets_all_of_it(
    shop: "Shop", webhooks: Receiver
) -> None:
    """Once it is back; and meanwhile it is not asked for each alert, again and again."""
    webhooks.status = 500
    for number in range(6):
        _fail(shop, number)
        for _ in range(5):
            shop.turn()
            shop.clock.advance(2 * MINUTE_S)
    asked = len(webhooks.requests)
    webhooks.status = 200
    webhooks.requests.clear()

    for _ in range(12):
        shop.turn()
        shop.clock.advance(MINUTE_S)

    entries = shop.alerts.outbox()
    ids = [headers["Failwell-Alert-Id"] for _, headers, _ in webhooks.requests]
    assert len(entries) == 6
    assert {entry.state for entry in entries} == {"sent"}
    assert sorted(ids) == sorted(entry.alert_id for entry in entries)
    assert asked <= 6 * 5  # a probe a turn, and not one for each that waits


def test_what_nobody_takes_for_a_day_is_given_up_and_can_be_sent_again(
    shop: "Shop", webhooks: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """It is seen, with why; and tried again when somebody says so."""
    webhooks.status = 404
    _fail(shop, 1)
    for _ in range(26):
        shop.turn()
        shop.clock.advance(HOUR_S)
    (dead,) = shop.alerts.outbox(state="dead")
    webhooks.status = 200

    revived = shop.alerts.retry(dead.alert_id)
    shop.turn()

    assert (dead.error, revived) == ("it answered 404", 1)
    assert "is given up" in caplog.text
    assert [entry.state for entry in shop.alerts.outbox()] == ["sent"]


def test_a_restart_loses_nothing(
    open_shop: "OpenShop", webhooks: Receiver, told: Told
) -> None:
    """What waits is in the store, and so is what rules hold."""
    before = open_shop()
    webhooks.status = 500
    _fail(before, 1)
    before.turn()
    for number in (2, 3):
        _fail(before, number)
    before.turn()
    told()
    webhooks.status = 200

    after = open_shop()
    after.clock.advance(601)
    after.turn()

    assert [alert.number for alert in told()] == [1, 2]


def test_two_senders_do_not_both_send(
    open_shop: "OpenShop", store_url: str, webhooks: Receiver
) -> None:
    """What one has claimed is not the other's, until the lease is over."""
    one, two = open_shop(store_url), open_shop(store_url)
    _fail(one, 1)
    one.move()
    two.alerts._evaluation.run()

    first = one.book.claim(["webhook"], 300)
    second = two.book.claim(["webhook"], 300)
    one.clock.advance(301)
    third = two.book.claim(["webhook"], 300)

    assert first is not None
    assert second is None
    assert third is not None
    assert (third.alert_id, third.tries) == (first.alert_id, 2)
    assert webhooks.requests == []


def test_each_channel_has_its_own_tries(
    open_shop: "OpenShop", webhooks: Receiver
) -> None:
    """One that fails keeps the other from nothing; both get the same id."""
    good = f"webhook+http://{'s' * 16}@127.0.0.1:{webhooks.port}/good"
    shop = open_shop(
        alerts_to={"good": good, "bad": f"webhook+http://{'s' * 16}@127.0.0.1:1/"}
    )
    _fail(shop, 1)

    shop.turn()

    entries = {entry.channel: entry for entry in shop.alerts.outbox()}
    assert entries["good"].state == "sent"
    assert entries["bad"].state == "waiting"
    assert "ConnectionRefusedError" in entries["bad"].error
    assert entries["good"].alert_id == entries["bad"].alert_id
    assert [path for path, _, _ in webhooks.requests] == ["/good"]


def test_what_was_sent_long_ago_is_forgotten(shop: "Shop") -> None:
    """A store does not fill up with alerts."""
    _fail(shop, 1)
    shop.turn()
    shop.clock.advance(31 * 24 * HOUR_S)

    for _ in shop.store.prune():
        pass

    assert shop.alerts.outbox() == []


def test_health_says_what_fails_and_that_nobody_judges(
    shop: "Shop", webhooks: Receiver
) -> None:
    """For the doctor, who is asked when no alert comes."""
    unheard = shop.alerts.health()
    webhooks.status = 500
    _fail(shop, 1)
    shop.turn()
    failing = shop.alerts.health()
    shop.clock.advance(HOUR_S)

    stale = shop.alerts.health()

    assert (unheard.judged_at, unheard.is_stale) == (None, True)
    assert failing.judged_at == datetime.fromtimestamp(1_800_000_000, UTC)
    assert (failing.is_stale, failing.failing) == (False, ("webhook",))
    assert (failing.waiting, failing.dead) == (1, 0)
    assert stale.is_stale
