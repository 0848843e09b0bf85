"""The pages: right counts, everything escaped, nothing that needs a script."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace as changed

from failwell._settings import Settings
from failwell.console import create_console
from failwell.fleet import Fleet
from failwell.records import (
    AnswerDefinition,
    ErrorRecord,
    ExceptionInfo,
    LossDefinition,
    RequestInfo,
)
from failwell.store import Store
from failwell.testing import ManualClock

KEY = "the console's key, only for tests"
PREFIX = "/errors-of/shop"
FeedError = Callable[..., ErrorRecord]
MakeRecord = Callable[..., ErrorRecord]


def _words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'")


def test_the_list_shows_groups_with_their_counts(
    operator: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """Type, message, place, code, count, first and last seen stand in each row."""
    feed_error(record(), times=1200, hours_ago=3)
    feed_error(record(number=2), times=34)
    full = record(
        group="00000000000000bb",
        error_type="shop.errors.Full",
        message="a\nb",
        module="shop.stock",
    )
    feed_error(full, times=5, hours_ago=50)

    html = operator.get(f"{PREFIX}/").text
    rows = [_words(row) for row in html.split("<tr")[1:]]

    assert "1,234 errors in the last 24 hours" in _words(html)
    assert "KeyError 'price' shop.cart:pay INTERNAL_ERROR" in rows[1]
    assert re.search(r" 1,234 just now 3 h ago ", rows[1])
    assert "Full a shop.stock:pay INTERNAL_ERROR" in rows[2]
    assert re.search(r" 5 2 d ago 2 d ago ", rows[2])
    assert 'datetime="2027-01-15T09:00:00+00:00"' in html
    assert 'title="2027-01-15 09:00:00 UTC"' in html


def test_the_list_charts_every_hour(
    operator: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """The chart has 24 hours with their counts; what is older is in the total only."""
    feed_error(record(), times=7, hours_ago=0)
    feed_error(record(number=2), times=11, hours_ago=23)
    feed_error(record(number=3), times=100, hours_ago=24)

    html = operator.get(f"{PREFIX}/").text
    chart = html.split("</svg>")[1]

    assert chart.count("<g>") == 24
    assert "Errors of the last 24 hours: 18 errors, most 11 from 13:00 UTC" in chart
    assert "Thu 13:00 UTC: 11 errors" in chart
    assert "Fri 12:00 UTC: 7 errors" in chart
    assert " 118 " in _words(html)


def test_the_list_shows_what_was_answered_only(
    operator: FlaskClient, feed_answers: Callable[[AnswerDefinition, int], None]
) -> None:
    """Refusals stand in a table of their own, and are no errors."""
    answer = AnswerDefinition(
        application="shop",
        environment="production",
        code="OUT_OF_STOCK",
        status=409,
        method="POST",
        route="/buy/<int:item>",
    )
    feed_answers(answer, 1021)

    html = operator.get(f"{PREFIX}/").text

    assert "409 OUT_OF_STOCK POST /buy/&lt;int:item&gt; 1,021" in _words(html)
    assert "No errors yet" in html


def test_an_empty_list_says_what_to_do(operator: FlaskClient) -> None:
    """A new installation is told how to see its first error."""
    html = operator.get(f"{PREFIX}/").text

    assert "No errors yet" in html
    assert "log_error(RuntimeError" in html
    assert "flask failwell doctor" in html


def test_a_group_shows_its_newest_error_in_full(
    operator: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """Facts, stack with source, chain of causes and request are all on the page."""
    cause = ExceptionInfo("shop.db.Gone", "no row", (), relation="cause")
    request = RequestInfo(
        method="POST",
        route="/pay/<int:cart>",
        path="/pay/9",
        query="express=1",
        headers={"User-Agent": "a browser", "Authorization": "[redacted]"},
        content_type="application/json",
        content_length=12,
        data={"attempt": 2},
    )
    made = record(request=request)
    tags = {"customerKind": "firm"}
    feed_error(changed(made, exceptions=(*made.exceptions, cause), tags=tags), times=3)

    html = operator.get(f"{PREFIX}/groups/1").text
    words = _words(html)

    assert "3 in all, 3 in 24 h" in words
    assert "Id 00000000000000aa-0000000000000001" in words
    assert "Request id request-0001" in words
    assert "Environments production" in words
    assert "Releases 1.2.0" in words
    assert "Route /pay/&lt;int:cart&gt; 1" in words
    assert words.count("customerKind firm") == 2
    assert "pay shop.cart line 41" in words
    assert "/srv/shop/cart.py:41" in words
    assert "<mark><i>41</i>    return cart[&#39;price&#39;]\n</mark>" in html
    assert re.search(r"<details class=\"frame\" open>\s+<summary><b>pay</b>", html)
    assert '<details class="foreign">' in html
    assert "1 library frame · flask" in words
    assert "caused by Gone shop.db no row" in words
    assert "POST /pay/9 ?express=1" in words
    assert "Authorization [redacted]" in words
    assert "&#34;attempt&#34;: 2" in html


def test_a_group_lists_its_errors_and_shows_each(
    operator: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """Each error of the list has a page of its own."""
    for number in range(1, 4):
        feed_error(record(number=number, message=f"'{number}'"))
    older = "00000000000000aa-0000000000000001"

    group = operator.get(f"{PREFIX}/groups/1").text
    event = operator.get(f"{PREFIX}/groups/1/events/{older}").text

    assert group.count(f'href="{PREFIX}/groups/1/events/') == 3
    assert f'href="{PREFIX}/groups/1/events/{older}" aria-current="true"' in event
    assert f"Id {older}" in _words(event)


def test_an_id_leads_to_its_error(
    operator: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """What a client quotes, alone or in its answer, leads to the error's page."""
    error_id = feed_error(record()).id
    quoted = f'{{"error": {{"code": "INTERNAL_ERROR", "id": "{error_id.upper()}"}}}}'

    answer = operator.get(f"{PREFIX}/errors", query_string={"id": quoted})
    found = operator.get(answer.headers["Location"])

    assert answer.headers["Location"] == f"{PREFIX}/errors/{error_id}"
    assert found.headers["Location"] == f"{PREFIX}/groups/1/events/{error_id}"


def test_an_id_that_was_sampled_out_leads_to_its_group(
    operator: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """The page says that the error was counted only, and shows the newest kept one."""
    kept = feed_error(record()).id
    counted = feed_error(record(number=2), kept=False).id

    answer = operator.get(f"{PREFIX}/errors/{counted}", follow_redirects=True)

    assert answer.status_code == 200
    assert f"Error {counted} was counted, not kept in full" in _words(answer.text)
    assert f"Id {kept}" in _words(answer.text)


def test_a_group_of_which_nothing_was_kept_has_a_page(
    operator: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """Counts may arrive before the first record does."""
    feed_error(record(), kept=False, times=2)

    answer = operator.get(f"{PREFIX}/groups/1")

    assert answer.status_code == 200
    assert "none of its errors is kept in full yet" in answer.text


def test_an_error_is_not_shown_under_another_group(
    operator: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """An address that mixes a group and another group's error is unknown."""
    feed_error(record())
    other = feed_error(record(group="00000000000000bb")).id

    assert operator.get(f"{PREFIX}/groups/1/events/{other}").status_code == 404


def test_reading_settles_first(
    settings: Settings, store: Store, fleet: Fleet, clock: ManualClock
) -> None:
    """A page and the JSON wait for what is on its way; a page says when it is not all."""
    app = Flask("shop")
    calls: list[bool] = []

    def settle() -> bool:
        calls.append(True)
        return False

    app.register_blueprint(
        create_console(settings, lambda: store, settle, lambda: fleet, clock=clock)
    )
    client = app.test_client()

    client.get(f"{PREFIX}/")
    before = len(calls)
    client.post(f"{PREFIX}/signin", data={"key": KEY})
    page = client.get(f"{PREFIX}/")
    client.get(f"{PREFIX}/api/groups")

    assert before == 0
    assert len(calls) == 2
    assert "may still be on their way" in page.text


@pytest.mark.parametrize(
    "path",
    ["/", "/groups/1", "/errors/00000000000000aa-0000000000000001", "/api/stats"],
)
def test_a_store_that_is_away_is_said_so(
    settings: Settings, fleet: Fleet, clock: ManualClock, path: str
) -> None:
    """Whoever is signed in gets a clean 503 that says what to look at."""
    app = Flask("shop")
    away = Store("sqlite:////dev/null/store.db", clock=clock)
    app.register_blueprint(
        create_console(
            settings, lambda: away, lambda: False, lambda: fleet, clock=clock
        )
    )
    client = app.test_client()
    client.post(f"{PREFIX}/signin", data={"key": KEY})

    answer = client.get(PREFIX + path)

    assert answer.status_code == 503
    assert "store is away" in answer.text
    assert ("No error is lost" in answer.text) == (path != "/api/stats")


def test_the_pages_show_states_and_losses(
    operator: FlaskClient,
    store: Store,
    feed_error: FeedError,
    feed_answers: Callable[[Any, int], None],
    record: MakeRecord,
) -> None:
    """What a person said of a group, and what of the day was not kept, and why."""
    feed_error(record(), times=30)
    feed_answers(
        LossDefinition(
            application="shop", environment="production", reason="sampled out"
        ),
        29,
    )
    store.resolve([1], by="ada")

    html = operator.get(f"{PREFIX}/").text
    page = operator.get(f"{PREFIX}/groups/1").text

    assert "Counted, not kept in full: 29 sampled out" in _words(html)
    assert "INTERNAL_ERROR resolved" in _words(html)
    assert "State resolved just now" in _words(page)
    assert "Environments production 30" in _words(page)
    assert "Releases 1.2.0 30" in _words(page)


def test_the_address_of_a_merged_group_leads_to_where_it_is(
    operator: FlaskClient, store: Store, feed_error: FeedError, record: MakeRecord
) -> None:
    """That of an error in it, too."""
    feed_error(record())
    other = feed_error(record(group="00000000000000bb"))
    store.merge([1, 2], by="ada")

    page = operator.get(f"{PREFIX}/groups/2")
    event = operator.get(f"{PREFIX}/groups/2/events/{other.id}")

    assert page.location == f"{PREFIX}/groups/1"
    assert event.location == f"{PREFIX}/groups/1/events/{other.id}"
    assert operator.get(event.location).status_code == 200
