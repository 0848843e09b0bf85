"""A store that is away: told past it, once, and nothing that it held is lost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from receivers import Receiver

from failwell.alerts import Alert
from failwell.store import StoreError

if TYPE_CHECKING:
    from tests.alerts.conftest import OpenShop, Shop

Told = Callable[[], list[Alert]]
AWAY = "sqlite:////dev/null/store.db"


def _turn(shop: "Shop", minutes: int = 1) -> None:
    for _ in range(minutes):
        with pytest.raises(StoreError):
            shop.alerts.turn()
        shop.clock.advance(60)


def test_a_store_that_stays_away_is_told_once(
    open_shop: "OpenShop", told: Told
) -> None:
    """After five minutes; a restart of the database wakes nobody."""
    shop = open_shop(AWAY)
    _turn(shop, 5)
    before = told()

    _turn(shop, 60)

    assert before == []
    (alert,) = told()
    assert alert.title == "Recording of errors: the store is away"
    assert "Since 2027-01-15 08:00 UTC" in alert.findings[0].said
    assert "/dev/null" not in str(alert)


def test_a_channel_that_fails_meanwhile_is_tried_again(
    open_shop: "OpenShop", webhooks: Receiver
) -> None:
    """With the same id, until it takes it."""
    shop = open_shop(AWAY)
    webhooks.status = 500
    _turn(shop, 7)
    webhooks.status = 204

    _turn(shop, 3)

    ids = {headers["Failwell-Alert-Id"] for _, headers, _ in webhooks.requests}
    assert len(ids) == 1
    assert len(webhooks.requests) == 3


def test_what_it_held_is_told_when_it_is_back_and_the_next_outage_too(
    open_shop: "OpenShop", told: Told, tmp_path: Path
) -> None:
    """The happenings are in it; and an outage that is over says nothing of the next."""
    shop = open_shop()
    shop.fail()
    shop.turn()
    shop.fail(hash_="f" * 16)
    shop.move()
    told()
    for _ in range(2):
        (tmp_path / "store.db").rename(tmp_path / "away.db")
        (tmp_path / "store.db").mkdir()
        _turn(shop, 8)
        (tmp_path / "store.db").rmdir()
        (tmp_path / "away.db").rename(tmp_path / "store.db")
        shop.clock.advance(600)
        shop.alerts.turn()

    rules = [alert.rule for alert in told()]
    assert rules == ["pipeline", "new-errors", "pipeline"]


@pytest.mark.parametrize("is_removed", [True, False])
def test_whoever_wants_no_news_of_the_pipeline_gets_none(
    open_shop: "OpenShop", told: Told, tmp_path: Path, *, is_removed: bool
) -> None:
    """As the rules were read last."""
    shop = open_shop()
    if is_removed:
        shop.alerts.remove("pipeline", by="ada")
    else:
        now = datetime.fromtimestamp(shop.clock.now(), UTC)
        shop.alerts.mute("pipeline", now + timedelta(days=1), by="ada")
    shop.alerts.turn()
    (tmp_path / "store.db").unlink()
    (tmp_path / "store.db").mkdir()

    _turn(shop, 8)

    assert told() == []
