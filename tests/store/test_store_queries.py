"""What the console and the command line ask."""

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failwell.store import AnswerCount, GroupQuery, Store
from failwell.testing import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.store.conftest import Feed

NOON = datetime(2027, 1, 15, 8, tzinfo=UTC)
"""What the clock of these tests says: 1,800,000,000 s."""


def test_groups_come_with_the_latest_first(each_store: Store, feed: "Feed") -> None:
    """The list is ordered by when a group was seen last, and bounded."""
    for number, ago in enumerate((7200, 60, 86400)):
        feed.count(hash=f"{number:016x}", ago=ago)
    feed.move(each_store)

    groups = each_store.groups(GroupQuery(limit=2))

    assert [group.hash for group in groups] == [f"{1:016x}", f"{0:016x}"]


def test_a_group_that_was_only_defined_is_not_shown(
    each_store: Store, feed: "Feed"
) -> None:
    """Between a definition and the first count there is nothing to show."""
    feed.count()
    each_store.ingest("unit-1", feed.unit.frames(), [], finished=False)

    assert not each_store.groups()
    assert each_store.group(1) is None


def test_the_chart_moves_with_the_hours(each_store: Store, feed: "Feed") -> None:
    """The present hour is the last bar; an error leaves the chart after 24 hours."""
    feed.count(3)
    feed.move(each_store)

    charts = []
    for _ in range(25):
        charts.append(each_store.groups()[0].hourly)
        feed.clock.advance(3600)

    assert [chart.index(3) for chart in charts[:24]] == list(range(23, -1, -1))
    assert sum(charts[24]) == 0
    assert {len(chart) for chart in charts} == {24}


def test_a_group_shows_where_it_was_seen(each_store: Store, feed: "Feed") -> None:
    """Its page has environments, releases, hashes, and the newest events."""
    for number in range(5):
        feed.keep(number)
    feed.count(2, environment="staging", release="1.0", ago=60)
    feed.count(3, environment="production", release="2.0")
    feed.move(each_store)

    page = each_store.group(each_store.groups()[0].id, events=2)

    assert page is not None
    assert [(seen.value, seen.count) for seen in page.environments] == [
        ("production", 3),
        ("staging", 2),
    ]
    assert [(seen.value, seen.count) for seen in page.releases] == [
        ("2.0", 3),
        ("1.0", 2),
    ]
    assert [fingerprint.hash for fingerprint in page.fingerprints] == [page.group.hash]
    assert page.first is not None
    assert page.first.id[-1] == "0"
    assert [event.id[-1] for event in page.events] == ["4", "3"]


def test_an_id_leads_to_its_error_and_group(each_store: Store, feed: "Feed") -> None:
    """One that was kept is found itself, a sampled-out one by its group."""
    feed.count()
    kept = feed.keep(1)
    feed.move(each_store)

    found = each_store.find(kept.id)
    sampled_out = each_store.find(f"{kept.group}-ffffffffffffffff")

    assert found is not None
    assert sampled_out is not None
    assert found[1] == kept
    assert sampled_out[1] is None
    assert found[0].group == sampled_out[0].group


@pytest.mark.parametrize(
    "error_id", ["", "-", "x", "' OR 1=1 --", "\0", "%", "a" * 9999]
)
def test_an_unknown_id_leads_nowhere(
    each_store: Store, feed: "Feed", error_id: str
) -> None:
    """Whatever a person pastes is looked for as it is."""
    feed.count()
    feed.move(each_store)

    assert each_store.find(error_id) is None


def test_answers_are_summed_over_environments(each_store: Store, feed: "Feed") -> None:
    """What was answered is counted by code, status, method and route."""
    feed.count_answer(2, environment="staging")
    feed.count_answer(3, release="2.0", ago=7200)
    feed.count_answer(9, code="CONFLICT", status=409, method="POST", route="/items")
    feed.move(each_store)

    assert each_store.answers() == [
        AnswerCount(
            code="CONFLICT", status=409, method="POST", route="/items", count=9
        ),
        AnswerCount(
            code="NOT_FOUND", status=404, method="GET", route="/items/<id>", count=5
        ),
    ]
    assert not each_store.groups()


@pytest.fixture(scope="module")
def minutes() -> list[tuple[int, int]]:
    """How long ago, in minutes, how much was counted: five hours and their edges."""
    return [(ago, 1 + ago % 3) for ago in range(-2, 300)]


@pytest.fixture(scope="module")
def counted(
    minutes: list[tuple[int, int]], new_feed: "Callable[[ManualClock], Feed]"
) -> Store:
    """A store with these counts, of two types in turn."""
    feed = new_feed(ManualClock(now=NOON.timestamp()))
    for ago, n in minutes:
        kind = "shop.A" if ago % 2 else "shop.B"
        feed.count(n, ago=60.0 * ago, type=kind, hash=kind)
    store = Store("sqlite://", clock=feed.clock)
    feed.move(store)
    return store


# Hours and minutes are drawn apart: ranges that end a little behind a full hour are
# where a mistake shows, and would be rare among whole numbers of seconds.
_EDGE = st.builds(
    timedelta,
    hours=st.integers(-6, 0),
    minutes=st.integers(0, 59),
    seconds=st.sampled_from([0, 1, 59]),
)


@settings(max_examples=60, deadline=None)
@given(
    edges=st.tuples(_EDGE, _EDGE).map(sorted),
    offset=st.integers(-12, 12),
)
def test_statistics_are_exact_to_the_minute(
    counted: Store,
    minutes: list[tuple[int, int]],
    edges: list[timedelta],
    offset: int,
) -> None:
    """Any range counts what a look at every single minute counts."""
    zone = timezone(timedelta(hours=offset))
    first, last = ((NOON + edge).astimezone(zone) for edge in edges)
    wanted = {"shop.A": 0, "shop.B": 0}
    for ago, n in minutes:
        minute = NOON - timedelta(minutes=ago)
        if minute < last and minute + timedelta(minutes=1) > first:
            wanted["shop.A" if ago % 2 else "shop.B"] += n

    stats = counted.stats(first, last)

    assert stats.error_types == {kind: n for kind, n in wanted.items() if n}
    assert stats.total_errors == sum(wanted.values())


def test_naive_times_are_utc(counted: Store) -> None:
    """A naive range gives what the same range in UTC gives."""
    start, end = NOON - timedelta(minutes=97), NOON

    naive = counted.stats(start.replace(tzinfo=None), end.replace(tzinfo=None))

    assert naive == counted.stats(start, end)
    assert naive.total_errors > 0


def test_a_range_that_ends_before_it_starts_is_refused(counted: Store) -> None:
    """The message says which of the two comes first."""
    with pytest.raises(ValueError, match="is after end"):
        counted.stats(NOON, NOON - timedelta(seconds=1))


def test_the_widest_range_counts_everything(
    counted: Store, minutes: list[tuple[int, int]]
) -> None:
    """The first and the last datetime there are can be asked for."""
    zone = timezone(timedelta(hours=14))

    stats = counted.stats(
        datetime.min.replace(tzinfo=zone), datetime.max.replace(tzinfo=UTC)
    )

    assert stats.total_errors == sum(n for _, n in minutes)


def test_the_hours_of_a_range_are_complete(
    counted: Store, minutes: list[tuple[int, int]]
) -> None:
    """Every hour that is touched is there, empty ones too, and the sum is right."""
    start, end = NOON - timedelta(hours=7, minutes=30), NOON + timedelta(minutes=10)

    series = counted.series(start, end).points

    hours = [NOON + timedelta(hours=number) for number in range(-8, 1)]
    assert [hour for hour, _ in series] == hours
    assert sum(n for _, n in series) == sum(n for _, n in minutes)
    assert series[0][1] == 0


def test_a_series_without_end_is_refused(counted: Store) -> None:
    """A range of thousands of years does not fill the memory."""
    with pytest.raises(ValueError, match="more than 100,000 hours"):
        counted.series(datetime.min.replace(tzinfo=UTC), NOON)


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_limits_are_checked(store: Store, limit: int) -> None:
    """A limit that makes no sense is refused before the store is opened."""
    with pytest.raises(ValueError, match="allowed: 1 to 10000"):
        GroupQuery(limit=limit)
    with pytest.raises(ValueError, match="allowed: 1 to 10000"):
        store.recent(limit)
