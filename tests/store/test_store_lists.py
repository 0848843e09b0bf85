"""The list of groups and of events: filters, order, and pages while errors come in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from failwell.records import RequestInfo
from failwell.store import GroupQuery, Sort, Store
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from databases import DatabaseServer
    from tests.store.conftest import Feed

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
"""What the clock of these tests says."""

Listed = Callable[..., list[str]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def listed(
    request: pytest.FixtureRequest, new_feed: "Callable[[ManualClock], Feed]"
) -> Iterator[Listed]:
    """A list of three groups, `a`, `b` and `c`, in each database in turn."""
    feed = new_feed(ManualClock(now=NOW.timestamp()))
    feed.count(9, hash="a", type="shop.errors.Sold", culprit="shop.views:BUY", ago=7200)
    feed.count(2, hash="b", code="CONFLICT", message="50% of_it", release="2.0")
    feed.count(3, hash="c", application="stock", environment="staging", ago=86_400 * 3)
    feed.keep(1, group="c", application="stock", user_id="bob")
    feed.keep(2, group="b", user_id="ada", request=RequestInfo(route="/buy"))
    with ExitStack() as opened:
        url = "sqlite://"
        if request.param == "postgresql":
            server: DatabaseServer = request.getfixturevalue("postgresql")
            database = opened.enter_context(server.database())
            url = database.render_as_string(hide_password=False)
        store = opened.enter_context(closing(Store(url, clock=feed.clock)))
        feed.move(store)
        yield lambda **query: [
            group.hash for group in store.groups(GroupQuery(**query))
        ]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, "bca"),
        ({"text": "BUY"}, "bca"),
        ({"text": "sOlD"}, "a"),
        ({"text": "50%"}, "b"),
        ({"text": "%"}, "b"),
        ({"text": "f_i"}, "b"),
        ({"text": "\\"}, ""),
        ({"text": "\0"}, ""),
        ({"code": "CONFLICT"}, "b"),
        ({"type": "shop.errors.Sold"}, "a"),
        ({"type": "Sold"}, "a"),
        ({"type": "old"}, ""),
        ({"release": "2.0"}, "b"),
        ({"release": "2.0", "environment": "staging"}, ""),
        ({"environment": "staging"}, "c"),
        ({"application": "stock"}, "c"),
        ({"user": "ada"}, "b"),
        ({"user": "ADA"}, ""),
        ({"state": "open", "application": "shop"}, "ba"),
        ({"state": "resolved"}, ""),
        ({"since": NOW - timedelta(hours=1)}, "bc"),
        ({"until": NOW - timedelta(hours=1)}, "ca"),
        ({"since": NOW - timedelta(days=4), "until": NOW - timedelta(days=1)}, "c"),
        ({"sort": "count"}, "acb"),
        ({"sort": "count", "limit": 2}, "ac"),
        ({"sort": "trend"}, "abc"),
        ({"sort": "first_seen"}, "bac"),
    ],
)
def test_groups_are_filtered_and_sorted(
    listed: Listed, query: dict[str, Any], wanted: str
) -> None:
    """What is asked for comes, in the order that was asked for."""
    assert "".join(listed(**query)) == wanted


@pytest.mark.parametrize(
    "value", ["50%", "x'; DROP TABLE groups; --", "\ud800", "é" * 999]
)
@pytest.mark.parametrize(
    "name",
    ["text", "code", "type", "release", "environment", "route", "user", "application"],
)
def test_any_text_may_be_looked_for(listed: Listed, name: str, value: str) -> None:
    """Whatever a person pastes is looked for as it is, and harms nothing."""
    found = listed(**{name: value})

    assert found == (["b"] if (name, value) == ("text", "50%") else [])
    assert len(listed()) == 3


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ({"sort": "size"}, "allowed: last_seen, first_seen, count, trend"),
        ({"state": "closed"}, "allowed: open, resolved, muted"),
        ({"limit": 0}, "allowed: 1 to 10000"),
        ({"after": "1.2"}, "allowed: `next` of the page before"),
        ({"after": "count.1.2.3"}, "no cursor of a list by last_seen"),
        ({"since": NOW, "until": NOW - timedelta(1)}, "is after until"),
    ],
)
def test_a_senseless_question_is_refused_when_it_is_made(
    query: dict[str, Any], allowed: str
) -> None:
    """The sentence says what is allowed."""
    with pytest.raises(ValueError, match=allowed):
        GroupQuery(**query)


@pytest.mark.parametrize("sort", ["last_seen", "first_seen", "count", "trend"])
def test_pages_repeat_nothing_while_errors_come_in(
    each_store: Store, feed: "Feed", sort: Sort
) -> None:
    """However many groups move up meanwhile; those that did not move are all shown."""
    hashes = [f"{number:02}" for number in range(20)]
    for number, hash_ in enumerate(hashes):
        feed.count(1 + number % 3, hash=hash_, ago=60 * number)
    feed.move(each_store)
    seen: list[str] = []
    moved: set[str] = set()
    after = None
    for turn in range(20):
        page = each_store.groups(GroupQuery(sort=sort, limit=3, after=after))
        seen += [group.hash for group in page]
        if (after := page.next) is None:
            break
        feed.count(5, hash=hashes[(turn * 7) % 20])
        moved.add(hashes[(turn * 7) % 20])
        feed.move(each_store)
        feed.clock.advance(1500)

    assert after is None
    assert len(seen) == len(set(seen))
    assert set(hashes) - set(seen) <= moved


def test_trends_are_by_how_much_a_day_had_more(each_store: Store, feed: "Feed") -> None:
    """Than the day before; what was quiet in both stands between."""
    feed.count(5, hash="falls", ago=30 * 3600)
    feed.count(1, hash="falls")
    feed.count(3, hash="rises")
    feed.count(9, hash="quiet", ago=60 * 3600)
    feed.move(each_store)

    groups = each_store.groups(GroupQuery(sort="trend"))

    assert [(group.hash, group.trend) for group in groups] == [
        ("rises", 3),
        ("quiet", 0),
        ("falls", -4),
    ]


def test_pages_by_trend_stay_with_their_hour(each_store: Store, feed: "Feed") -> None:
    """What leaves the day between two pages does not come again at the end."""
    feed.count(5, hash="a", ago=23 * 3600)
    feed.count(3, hash="b")
    feed.count(2, hash="c")
    feed.move(each_store)
    first = each_store.groups(GroupQuery(sort="trend", limit=1))
    feed.clock.advance(2 * 3600)

    rest = each_store.groups(GroupQuery(sort="trend", after=first.next))

    assert [group.hash for group in (*first, *rest)] == ["a", "b", "c"]


def test_events_come_in_pages(each_store: Store, feed: "Feed") -> None:
    """The newest first, each once, also where several share a moment."""
    for number in range(10):
        feed.keep(number, timestamp=feed.clock.now() + number // 4)
    feed.count()
    feed.move(each_store)
    group_id = each_store.groups()[0].id
    seen: list[str] = []
    after = None
    for number in range(10, 20):
        page = each_store.events(group_id, limit=3, after=after)
        seen += [event.id for event in page]
        if (after := page.next) is None:
            break
        feed.keep(number)
        feed.move(each_store)

    assert seen == [feed.record_id(number) for number in reversed(range(10))]


def test_a_page_behind_nothing_is_empty(each_store: Store) -> None:
    """An unknown group has no events; what is no cursor is refused."""
    assert each_store.events(77).items == ()
    with pytest.raises(ValueError, match="no cursor of events"):
        each_store.events(1, after="x")


def test_recent_errors_are_those_of_an_application(
    each_store: Store, feed: "Feed"
) -> None:
    """Of several that share the store, or of all."""
    feed.keep(1)
    feed.keep(2, application="stock", group="b")
    feed.keep(3)
    feed.move(each_store)

    def numbers(**whose: str) -> list[int]:
        return [int(event.id[-1]) for event in each_store.recent(**whose)]

    assert numbers() == [3, 2, 1]
    assert numbers(application="shop") == [3, 1]
    assert numbers(application="nobody") == []
